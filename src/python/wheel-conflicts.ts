import type { Digest } from '../base/digest.ts';
import { sortedBy } from '../base/order.ts';
import { pathClash } from './install-paths.ts';
import type { InstalledFile } from './install.ts';

/** A path that several distributions bring with different content. */
export interface Conflict {
  readonly path: string;
  /** Every distribution that brings it, in order of installation. */
  readonly owners: readonly string[];
  /** The one whose content stays: the last installed. */
  readonly winner: string;
}

/**
 * Finds the paths over which distributions disagree, sorted by path; `wheels` are in pip's order of installation.
 * The same content from several is none. Throws `WHEEL_PATH_CLASH` where one's file is another's folder: pip fails there, too.
 */
export function findConflicts(
  wheels: readonly { readonly name: string; readonly files: readonly InstalledFile[] }[],
): readonly Conflict[] {
  const owned = new Map<string, { readonly owners: string[]; readonly hash: Digest; differs: boolean }>();
  for (const { name, files } of wheels) {
    for (const { path, sha256 } of files) {
      const known = owned.get(path);
      if (known === undefined) {
        owned.set(path, { owners: [name], hash: sha256, differs: false });
      } else {
        known.owners.push(name);
        if (known.hash !== sha256) known.differs = true;
      }
    }
  }
  assertNoFileIsFolder(owned);
  const conflicts: Conflict[] = [];
  for (const [path, { owners, differs }] of owned) {
    if (differs) conflicts.push({ path, owners, winner: owners.at(-1) ?? '' });
  }
  return sortedBy(conflicts, (conflict) => conflict.path);
}

function assertNoFileIsFolder(owned: ReadonlyMap<string, { readonly owners: readonly string[] }>): void {
  const folders = new Set<string>();
  for (const [path, { owners }] of owned) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
      const file = owned.get(folder);
      if (file !== undefined) throw pathClash(folder, `\`${file.owners[0]}\` and \`${owners[0]}\` disagree`);
    }
  }
}
