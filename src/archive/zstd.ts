import { isTareError, TareError } from '../base/errors.ts';
import { readerOf } from './byte-reader.ts';

const magic = [0x28, 0xb5, 0x2f, 0xfd];
/** `zstd --ultra` asks for 128 MiB at most. */
const largestWindow = 128 * 1024 * 1024;
/** What goes into the decoder at once: its output for one piece is held in memory. */
const piece = 16 * 1024;

/** Unpacks zstd frames (RFC 8878), at most `limit` bytes. */
export async function* decodeZstd(
  source: AsyncIterable<Uint8Array>,
  where: string,
  limit: number,
): AsyncGenerator<Uint8Array, void, void> {
  const { Decompress } = await import('fzstd');
  const reader = readerOf(source);
  const ready: Uint8Array[] = [];
  let unpacked = 0;
  const decoder = new Decompress((chunk) => {
    unpacked += chunk.length;
    if (unpacked > limit) throw tooLarge(where, limit);
    if (chunk.length > 0) ready.push(chunk.slice());
  });
  try {
    const head = await reader.upTo(18);
    assertHeader(head, where);
    push(decoder, head, false, where);
    for (let chunk = await reader.some(piece); chunk.length > 0; chunk = await reader.some(piece)) {
      push(decoder, chunk, false, where);
      yield* ready.splice(0);
    }
    push(decoder, new Uint8Array(0), true, where);
    yield* ready.splice(0);
  } finally {
    await reader.close();
  }
}

interface Decoder {
  readonly push: (chunk: Uint8Array, final?: boolean) => unknown;
}

function push(decoder: Decoder, chunk: Uint8Array, final: boolean, where: string): void {
  try {
    decoder.push(chunk, final);
  } catch (error) {
    if (isTareError(error)) throw error;
    throw invalid(final ? 'ends in the middle' : 'is damaged', where, error);
  }
}

/** Frame header (RFC 8878, 3.1.1.1): how much memory the frame asks for. */
function assertHeader(head: Uint8Array, where: string): void {
  if (!magic.every((byte, index) => head[index] === byte)) throw invalid('does not begin as one', where);
  const descriptor = head[4] ?? 0;
  if ((descriptor & 0x20) !== 0) {
    const size = contentSize(head, descriptor);
    if (size > largestWindow) throw asksTooMuch(where, size);
    return;
  }
  const window = head[5] ?? 0;
  const base = 2 ** (10 + (window >> 3));
  const size = base + (base / 8) * (window & 7);
  if (size > largestWindow) throw asksTooMuch(where, size);
}

function contentSize(head: Uint8Array, descriptor: number): number {
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const fieldSize = [1, 2, 4, 8][descriptor >> 6] ?? 1;
  let size = 0;
  for (let index = fieldSize - 1; index >= 0; index--) size = size * 256 + (head[5 + dictionary + index] ?? 0);
  return fieldSize === 2 ? size + 256 : size;
}

function asksTooMuch(where: string, size: number): TareError {
  return new TareError({
    code: 'ZSTD_UNSUPPORTED',
    message: `the zstd stream needs a window of ${size} bytes to unpack`,
    where,
    expected: `at most ${largestWindow}`,
  });
}

function invalid(problem: string, where: string, cause?: unknown): TareError {
  return new TareError({ code: 'ZSTD_INVALID', message: `the zstd stream ${problem}`, where, cause });
}

function tooLarge(where: string, limit: number): TareError {
  return new TareError({
    code: 'ZSTD_TOO_LARGE',
    message: `the zstd stream unpacks to more than ${limit} bytes`,
    where,
  });
}
