import { TareError } from '../../base/errors.ts';
import { isProvidedByCore } from '../../debian/core-set.ts';
import type { DebPackage } from '../../debian/package.ts';
import { upstreamVersion } from '../../debian/version.ts';
import { lockFile, type LockedPython } from '../../lock/types.ts';

/** That the packages of a locked base are whole and have the Python that the lock says. Throws `IMAGE_LOCK_INVALID`. */
export function assertWholeBase(
  debs: readonly DebPackage[],
  python: LockedPython,
  provider: 'debian' | 'standalone',
): void {
  const names = new Set(debs.flatMap((one) => [one.name, ...one.provides.flat().map((relation) => relation.name)]));
  if (!names.has('libc6')) throw damaged('`libc6` is not among the packages of the base');
  for (const one of debs) {
    const open = one.depends.find((group) => !group.some(({ name }) => names.has(name) || isProvidedByCore(name)));
    if (open !== undefined) throw damaged(`\`${one.name}\` needs \`${open[0]?.name}\`, which is not in it`);
  }
  if (provider === 'standalone') return;
  const interpreter = debs.find((one) => one.name === `python${python.version}`);
  if (interpreter === undefined) throw damaged(`\`python${python.version}\` is not among the packages of the base`);
  const actual = /^\d+\.\d+\.\d+/.exec(upstreamVersion(interpreter.version))?.[0];
  if (python.fullVersion === undefined || actual === python.fullVersion) return;
  throw damaged(`it says Python ${python.fullVersion}, and its package is ${interpreter.version}`);
}

function damaged(problem: string): TareError {
  return new TareError({
    code: 'IMAGE_LOCK_INVALID',
    message: `\`${lockFile}\` is not as tare wrote it: ${problem}`,
    where: lockFile,
    hint: 'take it from version control again, or remove it and run `tare lock`',
  });
}
