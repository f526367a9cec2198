import { type Digest, sha256 } from '../base/digest.ts';
import { canonicalJson, compareText } from '../base/order.ts';
import type { OpenedContents } from './contents-cache.ts';
import { type LibraryFile, sortedLibraries } from './library-owner.ts';

/**
 * Who has which file in a suite with its updates, security fixes and extra sources, for one architecture. It may be older than the
 * package index: whether a package is there, and which version, `SuiteIndex.find` says.
 */
export interface ContentsIndex {
  readonly suite: string;
  readonly architecture: string;
  /** Made of the digests of all index files: equal digests mean equal answers. */
  readonly digest: Digest;
  /**
   * Every file and link of that name that the architecture's loader could load, in order of preference: where the loader looks by
   * itself before private folders, the library's own package before others.
   */
  readonly librariesNamed: (name: string) => readonly LibraryFile[];
  /** Packages with a program of that name in `bin` or `sbin`: that of the same name first, then by name. */
  readonly programsNamed: (name: string) => readonly string[];
  /** Whether a package has libraries where the loader looks by itself, or programs in `bin` or `sbin`. One that is not known has none. */
  readonly holdsCode: (packageName: string) => boolean;
  /** Whether a package has shared objects in folders of their own: plug-ins, drivers, extension modules. */
  readonly holdsPlugins: (packageName: string) => boolean;
}

/** One view over several indexes. */
export function combineContents(suite: string, architecture: string, parts: readonly OpenedContents[]): ContentsIndex {
  const codeOf = (name: string) => parts.flatMap(({ contents }) => contents.code(name) ?? []);
  return {
    suite,
    architecture,
    digest: sha256(canonicalJson({ suite, architecture, contents: parts.map((part) => part.digest) })),
    librariesNamed: (name) =>
      sortedLibraries(
        name,
        architecture,
        parts.flatMap(({ contents }) => contents.libraries(name)),
      ),
    programsNamed: (name) =>
      [...new Set(parts.flatMap(({ contents }) => contents.programs(name)))].sort(
        (left, right) => Number(right === name) - Number(left === name) || compareText(left, right),
      ),
    holdsCode: (name) => codeOf(name).some((code) => code.libraries || code.programs),
    holdsPlugins: (name) => codeOf(name).some((code) => code.plugins),
  };
}
