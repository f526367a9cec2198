import { compareText } from '../base/order.ts';
import { loaderFolders, multiarchName } from './root-layout.ts';

/** A file of a package by its path in the image: `usr/lib/x86_64-linux-gnu/libGL.so.1`. */
export interface LibraryFile {
  readonly package: string;
  readonly path: string;
}

/**
 * The name that Debian gives to the package of a library (Debian Policy 8.1): `libfoo1` for `libfoo.so.1`, `libfoo2-1` for
 * `libfoo2.so.1`, `libfoo-1.2` for `libfoo-1.2.so`.
 */
export function policyName(soname: string): string {
  return soname
    .replace(/([0-9])\.so\./, '$1-')
    .replace(/\.so(?:\.|$)/, '')
    .replaceAll('_', '-')
    .toLowerCase();
}

/** 0 for the library's own package, 1 for one that is as good as named so, 2 for another, 3 for one that is for building or debugging. */
function ownership(packageName: string, soname: string): number {
  const wanted = policyName(soname);
  // Renamed by the transitions to 64-bit time, to another ABI of C++, to another long double.
  const plain = packageName.replace(/(?<=.)(?:t64|v5|ldbl|c102|c2a?|gf|g)$/, '');
  if (packageName === wanted || plain === wanted) return 0;
  if (/-(?:dev|dbg|dbgsym|cross|udeb)$/.test(packageName)) return 3;
  return plain.replaceAll('-', '') === wanted.replaceAll('-', '') ? 1 : 2;
}

/** How a folder stands with the loader of an architecture: its place in the loader's own list, else behind. */
function folderRank(folder: string, defaults: readonly string[]): number {
  const place = defaults.indexOf(folder);
  if (place >= 0) return place;
  return folder.startsWith('usr/lib/') ? defaults.length : defaults.length + 1;
}

/** What a folder for one architecture is named after: CPU, kernel, C library. */
const tripletPattern = /^[a-z0-9_]+-(?:linux-(?:gnu|musl|uclibc)|kfreebsd-gnu|w64-mingw|gnu$)[a-z0-9_]*$/;

/** Folders of another architecture, another C library or another ABI, and of debugging: what is in them never serves. */
function isForeign(folder: string, triplet: string): boolean {
  if (/^usr\/(?:lib(?:32|x32|o32)(?:\/|$)|lib\/(?:[^/]+\/)?debug(?:\/|$)|lib\/gcc-cross\/)/.test(folder)) return true;
  const [, below, name = ''] = /^usr\/(lib\/)?([^/]+)/.exec(folder) ?? [];
  const isTriplet = tripletPattern.test(name);
  return isTriplet && (below === undefined || name !== triplet);
}

/**
 * In order of preference: what the loader finds by itself before private folders, then the library's own package before
 * others, then by the loader's order of folders, then by name. What is for another architecture is left out.
 */
export function sortedLibraries(
  soname: string,
  architecture: string,
  found: readonly { readonly folder: string; readonly package: string }[],
): readonly LibraryFile[] {
  const triplet = multiarchName(architecture);
  const defaults = loaderFolders(architecture).filter((folder) => !folder.startsWith('usr/local/'));
  const ranked = new Map(
    found
      .filter(({ folder }) => !isForeign(folder, triplet))
      .map((one) => {
        const rank = folderRank(one.folder, defaults);
        const path = one.folder === '' ? soname : `${one.folder}/${soname}`;
        return [
          `${path}\n${one.package}`,
          {
            path,
            package: one.package,
            rank,
            isPrivate: rank >= defaults.length,
            owner: ownership(one.package, soname),
          },
        ] as const;
      }),
  );
  return [...ranked.values()]
    .sort(
      (left, right) =>
        Number(left.isPrivate) - Number(right.isPrivate) ||
        left.owner - right.owner ||
        left.rank - right.rank ||
        compareText(left.package, right.package) ||
        compareText(left.path, right.path),
    )
    .map(({ package: owner, path }) => ({ package: owner, path }));
}
