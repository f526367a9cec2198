import { isTareError } from '../base/errors.ts';
import { parseRecord } from '../python/record.ts';
import { normalizedName } from '../python/package-name.ts';
import type { RootTree } from '../root/tree.ts';

export interface InstalledDistribution {
  /** Normalised. */
  readonly name: string;
  /** As the name of its `.dist-info` has it. */
  readonly version: string;
  /** Its `.dist-info`, relative as in `FileFacts`. */
  readonly folder: string;
  /** The folder on `sys.path` that it is installed in. */
  readonly site: string;
  /** Of its RECORD, below `site`. */
  readonly files: readonly string[];
}

export interface Distributions {
  readonly all: readonly InstalledDistribution[];
  /** The distribution that a file belongs to: by RECORD, else by the `NAME.libs` folder that it is in. */
  readonly ownerOf: (path: string) => string | undefined;
}

/** The distributions in folders of `sys.path` (recording installed projects). A RECORD that cannot be read counts as empty. */
export function readDistributions(
  tree: RootTree,
  sites: readonly string[],
  textOf: (path: string) => string | undefined,
): Distributions {
  const all: InstalledDistribution[] = [];
  const owners = new Map<string, string>();
  const seen = new Set<string>();
  for (const site of sites) {
    const at = tree.resolve(site)?.path ?? site;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const child of tree.children(site)) {
      const [, text, version = ''] = /^(.+?)-([^-]*)\.dist-info$/.exec(child) ?? [];
      if (text === undefined) continue;
      const name = normalizedName(text);
      const files = recordedPaths(textOf(`${at}/${child}/RECORD`), `${at}/${child}`);
      all.push({ name, version, folder: `${at}/${child}`, site: at, files });
      for (const path of files) owners.set(below(at, path), name);
    }
  }
  const libraries = new Map(all.map(({ name }) => [name, name]));
  return {
    all,
    ownerOf: (path) => {
      const known = owners.get(path);
      if (known !== undefined) return known;
      const [, folder = ''] = /\/([^/]+)\.libs\/[^/]+$/.exec(path) ?? [];
      return libraries.get(normalizedName(folder));
    },
  };
}

function recordedPaths(text: string | undefined, folder: string): readonly string[] {
  if (text === undefined) return [];
  try {
    return parseRecord(text, `${folder}/RECORD`).map(({ path }) => path);
  } catch (error) {
    if (isTareError(error)) return [];
    throw error;
  }
}

function below(folder: string, path: string): string {
  if (!path.includes('..') && !path.startsWith('/')) return `${folder}/${path}`;
  const parts = path.startsWith('/') ? [] : folder.split('/');
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
