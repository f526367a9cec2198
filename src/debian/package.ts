import type { Digest } from '../base/digest.ts';
import type { RelationGroup } from './relation.ts';
import type { DebianVersion } from './version.ts';

/** A binary package of an index: what planning, solving and downloading need of it. Sizes in bytes. */
export interface DebPackage {
  readonly name: string;
  readonly version: DebianVersion;
  /** `amd64`, `arm64` or `all`. */
  readonly architecture: string;
  /** Path in the archive: `pool/…`. */
  readonly filename: string;
  /**
   * Where to get it: the mirror's address and `filename`. May hold credentials: not for a plan. Absent where a lock names the
   * package: it is then looked for in every archive of the configuration.
   */
  readonly url?: string;
  /** ISO 8601: of the state of the index that a lock took it from. */
  readonly indexDate?: string;
  readonly size: number;
  readonly sha256: Digest;
  /** What the package's maintainer estimates, in whole KiB of the archive, as bytes. */
  readonly installedSize: number;
  readonly multiArch: 'no' | 'same' | 'foreign' | 'allowed';
  /** `required`, `important`, `standard`, `optional`, `extra` (Debian Policy 2.5). */
  readonly priority: string;
  /** Pre-Depends and Depends. */
  readonly depends: readonly RelationGroup[];
  /** Conflicts and Breaks. */
  readonly conflicts: readonly RelationGroup[];
  /** Virtual packages; only `=` may stand in them. */
  readonly provides: readonly RelationGroup[];
}

const namePattern = /^[a-z0-9][a-z0-9+.-]{0,200}$/;
const filenamePattern = /^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9+.~_/%:-]{1,1000}\.deb$/;

/** Debian Policy 5.6.7, and what archives in use have. */
export function isPackageName(text: string): boolean {
  return namePattern.test(text);
}

/** Whether this is a path of a `.deb` below an archive's address, and not one that leads out of it. */
export function isPackageFile(path: string): boolean {
  return filenamePattern.test(path);
}

/** A way to have a virtual package: who provides it, and as which version, where it says so. */
export interface Provider {
  readonly package: DebPackage;
  readonly version?: DebianVersion;
}

/** The packages of one suite with its updates and security fixes, newest version first, for one architecture. */
export interface SuiteIndex {
  readonly suite: string;
  readonly architecture: string;
  /** Made of the digests of all index files: equal digests mean equal answers. */
  readonly digest: Digest;
  /** The newest date that one of the release files carries. */
  readonly date: Date;
  /** The newest version of a package by name. */
  readonly find: (name: string) => DebPackage | undefined;
  /** Who provides a virtual package, in order of preference. */
  readonly providers: (name: string) => readonly Provider[];
}
