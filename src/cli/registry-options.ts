import type { Command } from 'commander';
import type { RegistryOptions } from '../api/registry/access.ts';
import { parsePositive, type SharedFlags } from './options.ts';

/** Flags of every command that speaks to a registry. */
export interface RegistryFlags
  extends Pick<SharedFlags, 'cacheDir' | 'progress' | 'verbose' | 'json' | 'workers' | 'offline'> {
  readonly insecure?: boolean;
}

/** For a command that does nothing else. */
export function addRegistryOptions(command: Command): Command {
  return addInsecureOption(command)
    .option('--cache-dir <folder>', 'cache folder (or TARE_CACHE_DIR)')
    .option('--workers <number>', 'worker threads', parsePositive)
    .option('--progress <how>', 'auto, tty, plain or none')
    .option('--verbose', 'say more on stderr')
    .option('--json', 'print one JSON object on stdout');
}

export function addInsecureOption(command: Command): Command {
  return command.option('--insecure', 'the registry may have no TLS, or any certificate');
}

export function registryOptions({ insecure }: Pick<RegistryFlags, 'insecure'>): RegistryOptions {
  return insecure === true ? { isInsecure: true } : {};
}

/** A list of platforms on the command line. */
export function splitPlatforms(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '');
}
