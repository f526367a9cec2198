import type { DebPackage } from '../../debian/package.ts';
import { isSatisfiedBy, type RelationGroup } from '../../debian/relation.ts';
import type { AddedPackage, SystemCatalogue, SystemRequest } from './types.ts';

/** Packages without code that a package depends on: the data that it cannot work without. */
export async function findDataPackages(
  deb: DebPackage,
  request: SystemRequest,
  catalogue: SystemCatalogue,
): Promise<readonly DebPackage[]> {
  const found: DebPackage[] = [];
  for (const group of deb.depends) {
    if (group.some((relation) => request.installed.has(relation.name))) continue;
    const candidate = firstOf(group, catalogue);
    if (candidate === undefined || request.excluded.has(candidate.name)) continue;
    if (!(await catalogue.holdsCode(candidate.name))) found.push(candidate);
  }
  return found;
}

function firstOf(group: RelationGroup, catalogue: SystemCatalogue): DebPackage | undefined {
  for (const relation of group) {
    const found = catalogue.index.find(relation.name) ?? catalogue.index.providers(relation.name)[0]?.package;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A dependency on a package of the base that is there in a version that does not do. */
export interface OutdatedBase {
  readonly name: string;
  readonly installed: string;
  readonly wanted: string;
  readonly by: string;
}

export function findOutdated(added: readonly AddedPackage[], request: SystemRequest): readonly OutdatedBase[] {
  const coming = new Set(added.map((one) => one.deb.name));
  return added.flatMap(({ deb }) =>
    deb.depends.flatMap((group) => {
      const there = group.filter((relation) => request.installed.has(relation.name) && !coming.has(relation.name));
      const fits = there.some((relation) => {
        const version = request.installed.get(relation.name);
        return version !== undefined && isSatisfiedBy(relation, version);
      });
      const [first] = there;
      if (first === undefined || fits) return [];
      const installed = request.installed.get(first.name) ?? '';
      return [
        { name: first.name, installed, wanted: `${first.operator ?? ''} ${first.version ?? ''}`.trim(), by: deb.name },
      ];
    }),
  );
}
