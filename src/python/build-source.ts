import type { Digest } from '../base/digest.ts';

/** What a wheel is built from. */
export type BuildSource = ArchiveSource | GitSource;

/** A source archive: an sdist of an index, or a file at an address. */
export interface ArchiveSource {
  readonly kind: 'archive';
  readonly filename: string;
  readonly sha256: Digest;
  /** Bytes. */
  readonly size?: number;
  /** An address, or a `file:` URL. */
  readonly url: string;
  /** Folder of the project inside it. */
  readonly subdirectory?: string;
}

/** One commit of a git repository. */
export interface GitSource {
  readonly kind: 'git';
  /** As git takes it, without `git+`. May hold credentials: never print it. */
  readonly url: string;
  /** Full hash, lower case. */
  readonly commit: string;
  readonly subdirectory?: string;
}
