import { createHash, hash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { systemErrorCode } from '../base/errors.ts';
import type { ZipSlice } from './layer-entry.ts';
import { assertPossible, assertSlice, invalidData, sizeMismatch } from './slice-errors.ts';

/** Output of the streaming inflater comes in buffers of this size, which is also what it holds at most. */
const streamChunk = 256 * 1024;

/** The verified raw bytes of a member whose compressed bytes are at hand whole. For small members only. */
export function inflateSlice(slice: ZipSlice, path: string, compressed: Uint8Array): Buffer {
  assertPossible(slice, path);
  const { raw, consumed } = inflateWhole(slice, path, compressed);
  const sha256 = slice.sha256 === undefined ? undefined : hash('sha256', raw);
  assertSlice(slice, path, { consumed, size: raw.length, crc32: crc32(raw), sha256 });
  return raw;
}

function inflateWhole(slice: ZipSlice, path: string, compressed: Uint8Array): { raw: Buffer; consumed: number } {
  try {
    // One byte more than needed, else zlib allocates a second buffer only to learn that the stream has ended.
    const options = { chunkSize: Math.max(64, slice.size + 1), maxOutputLength: Math.max(1, slice.size), info: true };
    return inflated(inflateRawSync(compressed, options));
  } catch (error) {
    throw inflateFailure(slice, path, error);
  }
}

/** `inflateRawSync` with `info` returns an object that its types do not know. */
function inflated(result: unknown): { raw: Buffer; consumed: number } {
  const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
  return { raw: buffer, consumed: engine.bytesWritten };
}

/** Inflates a large member piece by piece, hands every piece of raw bytes to `onRaw`, and verifies it at the end. */
export async function inflateSliceInPieces(
  slice: ZipSlice,
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  onRaw: (raw: Uint8Array) => void,
): Promise<void> {
  assertPossible(slice, path);
  const inflate = createInflateRaw({ chunkSize: streamChunk });
  const sha256 = slice.sha256 === undefined ? undefined : createHash('sha256');
  let size = 0;
  let crc = 0;
  inflate.on('data', (raw: Buffer) => {
    size += raw.length;
    if (size > slice.size) {
      inflate.destroy(sizeMismatch(slice, path, `more than ${slice.size} bytes`));
      return;
    }
    crc = crc32(raw, crc);
    sha256?.update(raw);
    onRaw(raw);
  });
  const ended = finished(inflate);
  try {
    await Promise.all([ended, feed(inflate, pieces)]);
  } catch (error) {
    throw inflateFailure(slice, path, error);
  } finally {
    inflate.destroy();
  }
  assertSlice(slice, path, { consumed: inflate.bytesWritten, size, crc32: crc, sha256: sha256?.digest('hex') });
}

/** Writes piece after piece, each only when the one before is consumed: the pieces may share one buffer. */
async function feed(
  inflate: NodeJS.WritableStream,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const piece of pieces) {
    await new Promise<void>((resolve, reject) => {
      inflate.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
  inflate.end();
}

function inflateFailure(slice: ZipSlice, path: string, error: unknown): unknown {
  switch (systemErrorCode(error)) {
    case 'ERR_BUFFER_TOO_LARGE':
      return sizeMismatch(slice, path, `more than ${slice.size} bytes`);
    case 'Z_BUF_ERROR':
      return invalidData(slice, path, 'ends in the middle of its compressed data', error);
    case 'Z_DATA_ERROR':
    case 'Z_NEED_DICT':
      return invalidData(slice, path, 'has compressed data that is no deflate stream', error);
    default:
      return error;
  }
}
