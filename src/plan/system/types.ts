import type { Because } from '../../base/because.ts';
import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import type { DebianVersion } from '../../debian/version.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import type { NativeRoots } from '../../root/native-roots.ts';

/** How far dependencies of Debian packages are followed, see `docs/decisions/0008-how-far-to-follow.md`. */
export type SystemPolicy = 'needed' | 'depends';

/** What system libraries are worked out from. Everything is data; nothing of it is read from the machine. */
export interface SystemRequest {
  readonly policy: SystemPolicy;
  /** As in `ElfFacts`. */
  readonly machine: string;
  /** What is in the image without system libraries, layer by layer. */
  readonly layers: readonly (readonly FileFacts[])[];
  /** Folders of `LD_LIBRARY_PATH`. */
  readonly libraryPath: readonly string[];
  /** Folders that the loader of the base searches. */
  readonly loaderFolders: readonly string[];
  /** The Python of the base. */
  readonly interpreter: string;
  readonly roots: NativeRoots;
  /** The distribution that a file belongs to, and those that it requires, however far. */
  readonly distributionOf: (path: string) => string | undefined;
  readonly requiredBy: (distribution: string) => ReadonlySet<string>;
  /** Packages of the base and what they provide, with their versions. */
  readonly installed: ReadonlyMap<string, DebianVersion>;
  /** What no ELF file tells. */
  readonly asked: readonly AskedNeed[];
  /** Packages that are never added. */
  readonly excluded: ReadonlySet<string>;
  readonly isHostLibrary: (soname: string) => boolean;
}

/** A need that does not stand in an ELF file. */
export interface AskedNeed {
  readonly kind: 'library' | 'program' | 'package';
  /** Sonames, names of commands or of Debian packages; one is enough, the first that can be had. */
  readonly names: readonly [string, ...string[]];
  readonly because: Because;
  /** Where the need begins, for its chain: a distribution. */
  readonly distribution?: string;
}

/** The suite that packages are taken from. */
export interface SystemCatalogue {
  readonly index: SuiteIndex;
  /** Packages that have a library of that name, the best first. */
  readonly librariesNamed: (soname: string) => Promise<readonly string[]>;
  /** Packages that have a program of that name, the best first. */
  readonly programsNamed: (name: string) => Promise<readonly string[]>;
  /** Whether a package has libraries that the loader finds, or programs. */
  readonly holdsCode: (name: string) => Promise<boolean>;
  /** What packages bring into the image, at its place there. */
  readonly files: (packages: readonly DebPackage[]) => Promise<readonly (readonly FileFacts[])[]>;
}

/** From a distribution over the files that lead to it to what is missing. */
export type NeedChain = readonly string[];

/** Something that must be there, and is not. */
export interface OpenNeed {
  readonly kind: AskedNeed['kind'] | 'version';
  readonly name: string;
  readonly chain: NeedChain;
  readonly reason: 'unknown' | 'excluded' | 'too-old' | 'no-suite';
  readonly hint?: string;
}

export interface AddedPackage {
  readonly deb: DebPackage;
  readonly because: Because;
  readonly chain: NeedChain;
  /** It was asked for by name or for a program: its programs count, too. */
  readonly isNamed: boolean;
  readonly files: readonly FileFacts[];
}

/** A package that apt would take, too. */
export interface LeftOutPackage {
  readonly deb: DebPackage;
  readonly because: Because;
}

export interface SystemResolution {
  /** Sorted by name. */
  readonly added: readonly AddedPackage[];
  readonly leftOut: readonly LeftOutPackage[];
  readonly open: readonly OpenNeed[];
}
