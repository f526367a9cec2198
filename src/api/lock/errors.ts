import { TareError } from '../../base/errors.ts';
import { type Lock, type LockedTarget, lockFile } from '../../lock/types.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { causesOf, isSameBase, type Standing } from './standing.ts';

export function lockMissing(mode: string): TareError {
  return new TareError({
    code: 'IMAGE_LOCK_MISSING',
    message: `there is no \`${lockFile}\`, which \`${mode === 'check' ? 'tare lock --check' : `--${mode}`}\` needs`,
    where: lockFile,
    hint: 'run `tare lock` and commit the result',
  });
}

export function lockForeign(locked: string, project: string): TareError {
  return new TareError({
    code: 'IMAGE_LOCK_FOREIGN',
    message: `\`${lockFile}\` is the lock of another project`,
    where: lockFile,
    expected: project,
    actual: locked,
    hint: 'run `tare lock` here and commit the result',
  });
}

export function targetMissing(platform: string, lock: Lock): TareError {
  return new TareError({
    code: 'IMAGE_LOCK_TARGET_MISSING',
    message: `\`${lockFile}\` does not say what to build for ${platform}`,
    where: lockFile,
    expected: platform,
    actual: lock.targets.map((one) => one.platform).join(', ') || 'no platform at all',
    hint: `run \`tare lock --platform ${[...lock.targets.map((one) => one.platform), platform].join(',')}\``,
  });
}

/** Throws `IMAGE_LOCK_STALE` with everything that no longer holds. */
export function assertFits(standings: readonly Standing[], others: readonly string[] = []): void {
  const reasons = [...new Set([...standings.flatMap(causesOf), ...others])];
  if (reasons.length === 0) return;
  throw new TareError({
    code: 'IMAGE_LOCK_STALE',
    message: `\`${lockFile}\` does not fit the project: ${reasons.join('; ')}`,
    where: lockFile,
    hint: `run \`tare lock${reasons.includes(debugMissing) ? ' --debug' : ''}\` and commit the result`,
  });
}

/** Why a lock does not do for an image with debug tools. */
export const debugMissing = 'the debug tools are not in it';

/** An image that is the base may have become another one. Throws `IMAGE_LOCK_STALE`. */
export function assertSameBase(standing: Standing, found: ResolvedBase): void {
  const { locked } = standing;
  if (locked === undefined || isSameBase(locked, found)) return;
  assertFits([standing], ['the base image changed']);
}

/** An image as base is read from where it is; without it, what the lock says cannot be built. */
export function assertFrozenBase({ base }: LockedTarget, found: ResolvedBase): void {
  if (base.provider !== 'image') return;
  const actual = found.base.provider === 'image' ? found.base.digest : `Debian ${found.base.suite}`;
  if (actual === base.digest) return;
  throw new TareError({
    code: 'IMAGE_LOCK_BASE_OTHER',
    message: `the base is not the image that \`${lockFile}\` was made on (${base.title})`,
    where: lockFile,
    expected: base.digest,
    actual,
    hint: 'give that image with `--base oci:DIR`, or run `tare lock`',
  });
}

/** That every name can be upgraded. Throws `IMAGE_LOCK_NAME_UNKNOWN`. */
export function assertKnownNames(names: readonly string[], known: ReadonlySet<string>): void {
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new TareError({
    code: 'IMAGE_LOCK_NAME_UNKNOWN',
    message: `\`${unknown}\` is neither a wheel nor a Debian package of \`${lockFile}\``,
    where: lockFile,
    hint: 'correct the name; wheels that stand in a lock of the project (`uv.lock`, `pylock.toml`) are upgraded there',
  });
}
