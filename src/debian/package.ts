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
  /** Where to get it: the mirror's address and `filename`. May hold credentials: not for a plan. */
  readonly url: string;
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
