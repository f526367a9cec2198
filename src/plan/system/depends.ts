import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import { solvePackages } from '../../debian/solve.ts';
import type { SystemRequest } from './types.ts';

/** What apt would install for these packages without recommends, beside what the base has. Throws `DEBIAN_DEPENDENCY_UNMET`. */
export function solveDepends(
  request: SystemRequest,
  index: SuiteIndex,
  names: readonly string[],
): readonly DebPackage[] {
  const wanted = names.map((name) => [{ name }]);
  const provided = new Set([...request.installed.keys(), ...request.excluded]);
  return solvePackages(index, { wanted, provided }).filter((deb) => !request.installed.has(deb.name));
}
