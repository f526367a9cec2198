import { createReadStream } from 'node:fs';

/** Where the bytes of a blob are while it may not be on disk. */
export interface BlobOrigin {
  /** Whether it is on disk, whole. */
  readonly isAtHand: () => Promise<boolean>;
  /** Brings it to disk, where it is not there. */
  readonly bring: () => Promise<void>;
  /** Its bytes from `start` on to before `end`, past the disk; all of them are checked against its digest. @default all */
  readonly read: (start?: number, end?: number) => AsyncIterable<Uint8Array>;
}

/** A blob that is a file, or would be. */
export interface BlobFile {
  /** Absolute. */
  readonly file: string;
  /** Absent where the file is there. */
  readonly origin?: BlobOrigin;
}

/** Brings the blobs of layers to disk. */
export async function bringLayers(layers: readonly { readonly origin?: BlobOrigin }[]): Promise<void> {
  await Promise.all(layers.map(async ({ origin }) => origin?.bring()));
}

/** The bytes of a blob from `start` on to before `end`: of its file, and where that is not there, from where they are. */
export async function* readBlobFile(
  { file, origin }: BlobFile,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  if (origin !== undefined && !(await origin.isAtHand())) yield* origin.read(start, end);
  else yield* createReadStream(file, { start, end: end - 1, highWaterMark: 1024 * 1024 });
}
