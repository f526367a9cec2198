import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { decodeXz } from '../archive/xz.ts';
import { decodeZstd } from '../archive/zstd.ts';
import { isTareError, TareError } from '../base/errors.ts';

/** How a file of the archive is packed, by the end of its name (deb(5): `.gz`, `.xz`, `.zst` or nothing). */
export type Packing = 'gz' | 'xz' | 'zst' | 'none';

/** Unpacks a stream, at most `limit` bytes. Errors name `where`. */
export function unpack(
  source: AsyncIterable<Uint8Array>,
  packing: Packing,
  where: string,
  limit: number,
): AsyncIterable<Uint8Array> {
  switch (packing) {
    case 'gz':
      return gunzip(source, where, limit);
    case 'xz':
      return decodeXz(source, where, limit);
    case 'zst':
      return decodeZstd(source, where, limit);
    case 'none':
      return source;
  }
}

async function* gunzip(source: AsyncIterable<Uint8Array>, where: string, limit: number): AsyncGenerator<Uint8Array> {
  const gzip = createGunzip({ chunkSize: 64 * 1024 });
  const feeding = pipeline(Readable.from(source), gzip);
  // What goes wrong on the way shows where it is read.
  feeding.catch(() => undefined);
  let size = 0;
  try {
    for await (const chunk of gzip) {
      size += chunk.length;
      if (size > limit) {
        throw new TareError({
          code: 'GZIP_TOO_LARGE',
          message: `the gzip stream unpacks to more than ${limit} bytes`,
          where,
        });
      }
      yield chunk;
    }
  } catch (error) {
    if (isTareError(error)) throw error;
    throw new TareError({
      code: 'GZIP_INVALID',
      message: 'the gzip stream is damaged or ends in the middle',
      where,
      cause: error,
    });
  }
}
