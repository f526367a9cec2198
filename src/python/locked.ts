import type { Because } from '../base/because.ts';
import type { Digest } from '../base/digest.ts';
import type { PackageName } from './package-name.ts';

/** One file that a lock allows for a distribution. */
export interface LockedFile {
  readonly filename: string;
  /** Absent only where the lock itself has no hash (uv's files from a local folder). */
  readonly sha256?: Digest;
  /** Bytes. */
  readonly size?: number;
  readonly url?: string;
  /** A path that the lock gives, relative to the lock's folder. */
  readonly path?: string;
  readonly kind: 'wheel' | 'sdist';
}

/** Where a distribution comes from when it is not a package index. Paths are relative to the lock's folder. */
export type LockedSource =
  | { readonly kind: 'index' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'git'; readonly url: string; readonly commit?: string; readonly subdirectory?: string }
  | { readonly kind: 'directory'; readonly path: string; readonly editable: boolean };

/** One distribution of a lock, chosen for a target: what all lock readers give. */
export interface LockedDistribution {
  readonly name: PackageName;
  /** In the lock's own spelling. */
  readonly version: string;
  /** What the lock names. Empty where the lock has hashes only. */
  readonly files: readonly LockedFile[];
  /** Hashes of which a file must have one, where the lock has no file names (requirements files). */
  readonly hashes: readonly Digest[];
  readonly source: LockedSource;
  /** Folder of the project inside a source archive. */
  readonly subdirectory?: string;
  /** Extras asked of it, sorted. */
  readonly extras: readonly PackageName[];
  readonly because: Because;
  /** Address of the index, without credentials. */
  readonly index?: string;
}
