import { createReadStream, type ReadStream } from 'node:fs';
import { crc32, createInflateRaw } from 'node:zlib';
import type { ZipSlice } from './layer-entry.ts';
import { zipError } from './zip-error.ts';

const chunkSize = 256 * 1024;

interface Named {
  readonly member?: string;
}

/**
 * The bytes of one member. When it has ended, size, CRC-32 and the exact end of the deflate stream were right, else
 * it throws `ZIP_*`. Leaving the loop early closes the file and checks nothing.
 */
export async function* streamZipMember(slice: ZipSlice, member?: string): AsyncGenerator<Buffer, void, void> {
  const { file } = slice;
  const named: Named = member === undefined ? {} : { member };
  let size = 0;
  let crc = 0;
  const chunks = slice.method === 'stored' ? storedChunks(slice) : inflatedChunks(slice, named);
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > slice.size) break;
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (size !== slice.size) {
    throw zipError(file, 'ZIP_SIZE_MISMATCH', 'its data has not the announced size', {
      ...named,
      expected: `${slice.size} bytes`,
      actual: size > slice.size ? 'more' : `${size} bytes`,
    });
  }
  if (crc !== slice.crc32) {
    throw zipError(file, 'ZIP_CRC_MISMATCH', 'its data has another checksum than announced', {
      ...named,
      expected: slice.crc32.toString(16).padStart(8, '0'),
      actual: crc.toString(16).padStart(8, '0'),
    });
  }
}

/** The whole of one member, checked as `streamZipMember` does. Refuses members of more than `limit` bytes. */
export async function readZipMember(slice: ZipSlice, limit: number, member?: string): Promise<Uint8Array> {
  if (slice.size > limit) {
    throw zipError(slice.file, 'ZIP_MEMBER_TOO_LARGE', 'it is too large to be read whole', {
      ...(member === undefined ? {} : { member }),
      expected: `at most ${limit} bytes`,
      actual: `${slice.size} bytes`,
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of streamZipMember(slice, member)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function packedChunks({ file, offset, compressedSize }: ZipSlice): ReadStream {
  return createReadStream(file, { start: offset, end: offset + compressedSize - 1, highWaterMark: chunkSize });
}

async function* storedChunks(slice: ZipSlice): AsyncGenerator<Buffer, void, void> {
  // A read stream of no bytes cannot be asked for.
  if (slice.compressedSize > 0) yield* packedChunks(slice);
}

async function* inflatedChunks(slice: ZipSlice, named: Named): AsyncGenerator<Buffer, void, void> {
  const { file, compressedSize } = slice;
  if (compressedSize === 0) throw zipError(file, 'ZIP_DATA_INVALID', 'its deflate stream is empty', named);
  const source = packedChunks(slice);
  const inflate = createInflateRaw({ chunkSize });
  let sourceFailure: unknown;
  source.once('error', (error) => {
    sourceFailure = error;
    inflate.destroy(error);
  });
  source.pipe(inflate);
  try {
    for await (const chunk of inflate) yield chunk;
  } catch (cause) {
    if (sourceFailure !== undefined) throw sourceFailure;
    throw zipError(file, 'ZIP_DATA_INVALID', 'its deflate stream is broken or cut off', { ...named, cause });
  } finally {
    source.destroy();
  }
  if (inflate.bytesWritten !== compressedSize) {
    throw zipError(file, 'ZIP_TRAILING_DATA', 'something follows the end of its deflate stream', {
      ...named,
      expected: `an end after ${compressedSize} bytes`,
      actual: `an end after ${inflate.bytesWritten} bytes`,
    });
  }
}
