import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { LockWish } from '../api/lock/session.ts';

/** Flags of commands that may use a lock of the image. */
export interface LockFlags {
  readonly locked?: boolean;
  readonly frozen?: boolean;
  readonly baseFrom?: string;
}

export function addLockOptions(command: Command): Command {
  return command
    .addOption(new Option('--locked', 'fail where tare.lock is missing or does not fit').conflicts('frozen'))
    .addOption(new Option('--frozen', 'use tare.lock without looking whether it fits').conflicts('locked'))
    .option('--base-from <layout>', 'take the layers of Debian packages from an OCI layout built from the same lock');
}

export function lockWish({ locked, frozen, baseFrom }: LockFlags, cwd: string): LockWish {
  return {
    mode: locked === true ? 'locked' : frozen === true ? 'frozen' : 'auto',
    ...(baseFrom === undefined ? {} : { baseFrom: resolve(cwd, baseFrom.replace(/^oci:/, '')) }),
  };
}
