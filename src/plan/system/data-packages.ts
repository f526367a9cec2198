import type { DebPackage } from '../../debian/package.ts';
import type { RelationGroup } from '../../debian/relation.ts';
import type { SystemCatalogue, SystemRequest } from './types.ts';

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

/** What a metapackage such as `default-jre-headless` stands for: it holds documentation and links alone, and depends on the package that is meant. */
export async function findStandIns(
  deb: DebPackage,
  request: SystemRequest,
  catalogue: SystemCatalogue,
): Promise<readonly DebPackage[]> {
  const [files = []] = await catalogue.files([deb]);
  const isEmpty = files.every((file) => file.type !== 'file' || file.path.startsWith('usr/share/doc/'));
  if (!isEmpty) return [];
  return deb.depends.flatMap((group) => {
    if (group.some((relation) => request.installed.has(relation.name))) return [];
    const candidate = firstOf(group, catalogue);
    return candidate === undefined || request.excluded.has(candidate.name) ? [] : [candidate];
  });
}

function firstOf(group: RelationGroup, catalogue: SystemCatalogue): DebPackage | undefined {
  for (const relation of group) {
    const found = catalogue.index.find(relation.name) ?? catalogue.index.providers(relation.name)[0]?.package;
    if (found !== undefined) return found;
  }
  return undefined;
}
