import { sortedBy } from '../base/order.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { RootTree } from '../root/tree.ts';
import { readDistributions } from './distributions.ts';
import type { ImagePython } from './pythons.ts';

/** A Python distribution with the files that are really there. */
export interface DescribedDistribution {
  /** Normalised. */
  readonly name: string;
  readonly version: string;
  /** Of its files that are there, bytecode among them. */
  readonly bytes: number;
  /** Files and links, by their path seen from the folder on `sys.path` (`numpy/core.py`, `../../../bin/f2py`). */
  readonly files: ReadonlyMap<string, FileFacts>;
}

/** Distributions of all folders on `sys.path`; the first of a name is the one that Python finds. */
export function describeDistributions(
  tree: RootTree,
  files: readonly FileFacts[],
  pythons: readonly ImagePython[],
  textOf: (path: string) => string | undefined,
): readonly DescribedDistribution[] {
  const sites = pythons.flatMap((python) => python.siteFolders).map((site) => tree.resolve(site)?.path ?? site);
  const { all, ownerOf } = readDistributions(tree, sites, textOf);
  const first = new Map<
    string,
    { readonly site: string; readonly version: string; readonly files: Map<string, FileFacts> }
  >();
  const folders = new Map<string, string>();
  for (const { name, version, site, folder, files: recorded } of all) {
    if (first.has(name)) continue;
    first.set(name, { site, version, files: new Map() });
    folders.set(folder, name);
    for (const path of recorded) {
      const [top, inner] = path.split('/', 2);
      if (top !== undefined && inner !== undefined && top !== '..' && !folders.has(`${site}/${top}`)) {
        folders.set(`${site}/${top}`, name);
      }
    }
  }
  for (const file of files) {
    const site = sites.find((one) => file.path.startsWith(`${one}/`));
    const owner = ownerOf(sourceOf(file.path)) ?? ownerOf(file.path) ?? nearest(folders, file.path, site);
    const found = owner === undefined ? undefined : first.get(owner);
    if (found === undefined || (site !== undefined && site !== found.site)) continue;
    found.files.set(seenFrom(found.site, file.path), file);
  }
  const described = [...first].map(([name, { version, files: own }]) => ({
    name,
    version,
    bytes: [...own.values()].reduce((sum, file) => sum + file.size, 0),
    files: own,
  }));
  return sortedBy(described, ({ name }) => name);
}

/** What a file is the bytecode of (PEP 3147). */
function sourceOf(path: string): string {
  const [, folder, name] = /^(.*\/)__pycache__\/([^/]+?)\.[^/.]+(?:\.opt-\d)?\.pyc$/.exec(path) ?? [];
  return folder === undefined || name === undefined ? path : `${folder}${name}.py`;
}

/** The distribution of the folder that a file without a row in RECORD is in: bytecode without its source, what was made later. */
function nearest(folders: ReadonlyMap<string, string>, path: string, site: string | undefined): string | undefined {
  if (site === undefined) return undefined;
  const top = path.slice(site.length + 1).split('/', 1)[0] ?? '';
  return folders.get(`${site}/${top}`);
}

/** `../../../bin/f2py` of `opt/venv/bin/f2py` and `opt/venv/lib/python3.13/site-packages`. */
function seenFrom(site: string, path: string): string {
  if (path.startsWith(`${site}/`)) return path.slice(site.length + 1);
  const [from, to] = [site.split('/'), path.split('/')];
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => '..'), ...to.slice(same)].join('/');
}
