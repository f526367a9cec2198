import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Context } from '../../src/base/context.ts';
import { type DebianMirrorConfig, openSuite } from '../../src/debian/mirror.ts';
import { makeDeb } from './deb-maker.ts';
import {
  type ArchiveKey,
  archiveAddress,
  makeMirror,
  type ReleaseSpec,
  type StandInMirror,
  securityAddress,
  standInContext,
} from './debian-mirror.ts';

/** The same package in the release, in its updates and among the security fixes, and another one. */
export const standInDebs = {
  base: makeDeb({ name: 'aa', version: '1.0-1' }),
  updated: makeDeb({ name: 'aa', version: '1.0-1+deb13u1' }),
  fixed: makeDeb({ name: 'aa', version: '1.0-1+deb13u2' }),
  unrelated: makeDeb({ name: 'bb', fields: { Provides: 'virtual (= 2)' } }),
};

export interface StandInSuite {
  readonly mirror: StandInMirror;
  readonly context: (changes?: Partial<Context>) => ReturnType<typeof standInContext>;
  readonly config: DebianMirrorConfig;
  readonly cacheDir: string;
}

/** A whole archive of trixie that `key` is trusted for, and a cache folder of its own. `changes` are to the release itself. */
export async function makeSuite(
  key: ArchiveKey,
  changes: Partial<ReleaseSpec> = {},
  signer: ArchiveKey = key,
): Promise<StandInSuite> {
  const { base, updated, fixed, unrelated } = standInDebs;
  const cacheDir = await mkdtemp(join(tmpdir(), 'tare-mirror-'));
  onTestFinished(() => rm(cacheDir, { recursive: true, force: true }));
  const mirror = makeMirror();
  await mirror.publish(archiveAddress, { codename: 'trixie', debs: [base, unrelated], ...changes }, signer);
  await mirror.publish(archiveAddress, { codename: 'trixie-updates', debs: [updated] }, signer);
  await mirror.publish(securityAddress, { codename: 'trixie-security', debs: [fixed] }, signer);
  return {
    mirror,
    cacheDir,
    context: (more = {}) => standInContext(mirror.http, cacheDir, more),
    config: { mirror: archiveAddress, keys: [key.publicKey], aptRoot: join(cacheDir, 'no-apt') },
  };
}

export const openTrixie = ({ context, config }: StandInSuite, changes: Partial<Context> = {}) =>
  openSuite(context(changes), config, 'trixie', 'amd64');

/** What a promise is rejected with. */
export const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it went through'),
    (error: unknown) => error,
  );
