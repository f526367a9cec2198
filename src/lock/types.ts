import type { Digest } from '../base/digest.ts';
import type { DebPackage } from '../debian/package.ts';
import type { PlannedBuild } from '../plan/types.ts';

/** The file's name, in the project's folder. */
export const lockFile = 'tare.lock';

/** Raised when an older tare cannot read what this one writes. */
export const lockVersion = 1;

/**
 * Everything that a build resolved, without a host, a date of writing or a path of a machine: the same lock and the same
 * application files are the same image. Sizes are bytes.
 */
export interface Lock {
  /** Normalised name. */
  readonly project: string;
  /** What resolved it. */
  readonly tools: LockTools;
  /** In the order of the file; one a platform. */
  readonly targets: readonly LockedTarget[];
}

export interface LockTools {
  readonly tare: string;
  /** Where it resolved. */
  readonly uv?: string;
}

export interface LockedTarget {
  /** `linux/amd64`. */
  readonly platform: string;
  readonly python: LockedPython;
  readonly base: LockedBase;
  readonly system: LockedSystem;
  /** Absent where the project has a lock of its own: that one says it. */
  readonly wheels?: readonly LockedWheel[];
  /** The package of the debug tools, once an image with them was locked. */
  readonly debug?: LockedPackage;
  readonly inputs: LockInputs;
}

export interface LockedPython {
  /** `3.13`. */
  readonly version: string;
  /** `3.13.5`. */
  readonly fullVersion?: string;
  /** `cp313`. */
  readonly abi: string;
}

export type LockedBase = LockedComposedBase | LockedStandaloneBase | LockedImageBase;

interface LockedRoot {
  readonly suite: string;
  readonly index?: IndexState;
  /** In the order in which they are unpacked. */
  readonly packages: readonly LockedPackage[];
}

export interface LockedComposedBase extends LockedRoot {
  readonly provider: 'debian';
}

export interface LockedStandaloneBase extends LockedRoot {
  readonly provider: 'standalone';
  readonly archive: { readonly filename: string; readonly sha256: Digest; readonly size?: number };
}

export interface LockedImageBase {
  readonly provider: 'image';
  /** Of the manifest. */
  readonly digest: Digest;
  /** For people. */
  readonly title: string;
}

/** Which state of Debian's indexes an answer was taken from. */
export interface IndexState {
  readonly digest: Digest;
  /** ISO 8601, UTC: the newest date of its release files. */
  readonly date: string;
}

/** A whole entry of a package index but for its address: enough to fetch it, and to solve against it later. */
export type LockedPackage = Omit<DebPackage, 'url'>;

export interface LockedSystem {
  readonly index?: IndexState;
  /** Sorted by name. */
  readonly packages: readonly LockedSystemPackage[];
}

export interface LockedSystemPackage extends LockedPackage {
  readonly unpackedSize: number;
  readonly chain: readonly string[];
  readonly reason: string;
}

export interface LockedWheel {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly sha256: Digest;
  readonly size?: number;
  /** Where no index has it: how it was built, and with what it is built again. */
  readonly built?: Omit<PlannedBuild, 'because'>;
}

/** What an answer was resolved from, by name; long texts as their digest. */
export type InputSet = Readonly<Record<string, string | readonly string[]>>;

export type LockPart = 'base' | 'wheels' | 'system';

export type LockInputs = Readonly<Record<LockPart, InputSet>>;
