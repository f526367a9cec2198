import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { MarkerEnvironment } from './marker.ts';
import { normalizedName } from './package-name.ts';
import { parseSpecifierSet, specifierContains } from './specifier.ts';

/** What is asked of a lock: the target, and which optional parts. */
export interface LockSelection {
  readonly environment: MarkerEnvironment;
  readonly extras: readonly string[];
  /** Absent: those that the lock itself takes by default. */
  readonly groups?: readonly string[];
}

/** Throws `LOCK_PYTHON_MISMATCH` where the lock, or one package of it, is for other Pythons. */
export function assertPython(
  specifier: string | undefined,
  environment: MarkerEnvironment,
  what: string,
  where: string,
): void {
  if (specifier === undefined) return;
  const set = parseSpecifierSet(specifier, where);
  if (specifierContains(set, environment.python_full_version, { prereleases: true })) return;
  throw new TareError({
    code: 'LOCK_PYTHON_MISMATCH',
    message: `${what} is not for Python ${environment.python_version}`,
    where,
    expected: `Python ${specifier}`,
    actual: environment.python_full_version,
    hint: 'choose a Python that the lock allows with `--python`, or lock again',
  });
}

/** Throws `LOCK_EXTRA_UNKNOWN` or `LOCK_GROUP_UNKNOWN` where a wanted name is not among the known. */
export function assertKnown(
  kind: 'extra' | 'group',
  wanted: readonly string[],
  known: readonly string[],
  where: string,
): void {
  const names = sortedBy(new Set(known.map(normalizedName)), (name) => name);
  const missing = wanted.find((name) => !names.includes(normalizedName(name)));
  if (missing === undefined) return;
  const what = kind === 'extra' ? 'extra' : 'dependency group';
  throw new TareError({
    code: kind === 'extra' ? 'LOCK_EXTRA_UNKNOWN' : 'LOCK_GROUP_UNKNOWN',
    message: `the lock has no ${what} \`${missing}\``,
    where,
    expected: names.length === 0 ? `no ${what} at all` : `one of ${names.join(', ')}`,
    hint: `correct \`--${kind} ${missing}\`, or lock again`,
  });
}

/** The error for a lock that was made for other platforms. */
export function environmentMissing(where: string, environment: MarkerEnvironment): TareError {
  return new TareError({
    code: 'LOCK_ENVIRONMENT_MISSING',
    message: `the lock is not for ${environment.sys_platform} ${environment.platform_machine} with Python ${environment.python_version}`,
    where,
    hint: 'lock again with this environment among those that the lock is to serve',
  });
}
