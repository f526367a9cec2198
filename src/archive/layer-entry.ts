import type { Digest } from '../base/digest.ts';

/**
 * One entry of a layer, the common currency of everything that produces layers: wheels, Debian packages,
 * application files. Paths are relative to the root, `/` separated, without a leading `/`, `./` or trailing `/`.
 */
export interface LayerEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Permission bits, 0..0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch, whole. */
  readonly mtime: number;
  /** Target of a symlink (as it is) or hardlink (a path as above). */
  readonly linkTarget?: string;
  /** For files only. */
  readonly content?: FileContent;
}

/** A file's bytes: held (small), on disk, or as a slice of a zip whose deflate stream may be copied verbatim. */
export type FileContent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'disk';
      readonly file: string;
      readonly size: number;
      /** What the bytes must hash to: a file that changes while it is read is refused. */
      readonly sha256?: Digest;
    }
  | ZipSlice;

/** A member of a zip archive on disk (APPNOTE.TXT 4.3.7), by the place of its data. */
export interface ZipSlice {
  readonly kind: 'zip';
  /** Absolute path of the archive. */
  readonly file: string;
  /** Offset of the compressed data, after the local header. */
  readonly offset: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly crc32: number;
  readonly method: 'stored' | 'deflate';
  /** Where the wheel's RECORD says so: the hash that the inflated bytes must have. */
  readonly sha256?: Digest;
}

/** What is known of a layer once it is written. Sizes in bytes. */
export interface WrittenLayer {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
  readonly unpackedSize: number;
}

/** The media type of every layer that tare writes (OCI image specification, layer). */
export const layerMediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Forced up by the golden test of `test/golden/layer.test.ts` whenever the bytes of any layer change. */
export const layerFormat = 1;
