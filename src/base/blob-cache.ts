import type { Digest } from './digest.ts';

/** Blobs by digest, kept between runs. What is in it was checked when it was put there. */
export interface BlobCache {
  /** Where the blob is, or would be. */
  readonly blobPath: (digest: Digest) => string;
  /** With `size` (bytes), a blob of another size counts as absent. */
  readonly has: (digest: Digest, size?: number) => Promise<boolean>;
  /** A fresh file name on the same file system, to write first. The same `name` gives the same file, in later runs too. */
  readonly temporary: (name?: string) => Promise<string>;
  /** Moves a whole, checked temporary file to its place and returns that. */
  readonly adopt: (temporary: string, digest: Digest) => Promise<string>;
}
