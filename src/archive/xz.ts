import { isTareError, TareError } from '../base/errors.ts';
import { readerOf } from './byte-reader.ts';
import { parseXzIndex, xzTailSize } from './xz-index.ts';

const streamHeader = 12;
const magic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
/** Checks that the decoder knows (.xz file format 1.2.1, 2.1.1.2): none, CRC32, CRC64. */
const knownChecks = new Map([
  [0x00, 'none'],
  [0x01, 'CRC32'],
  [0x04, 'CRC64'],
]);
const lzma2 = 0x21;

/** Unpacks one xz stream, at most `limit` bytes. A SHA-256 check and filters other than LZMA2 are refused by name. */
export async function* decodeXz(
  source: AsyncIterable<Uint8Array>,
  where: string,
  limit: number,
): AsyncGenerator<Uint8Array, void, void> {
  const { default: xz } = await import('xz-decompress');
  const input = await checkedInput(source, where);
  let unpacked = 0;
  try {
    for await (const chunk of new xz.XzReadableStream(ReadableStream.from(input.bytes))) {
      unpacked += chunk.length;
      if (unpacked > limit) throw tooLarge(where, limit);
      if (chunk.length > 0) yield chunk;
    }
    await input.assertEnd(unpacked);
  } catch (error) {
    if (isTareError(error)) throw error;
    if (input.failure() !== undefined) throw input.failure();
    throw invalid(input.ended() ? 'ends in the middle or is damaged' : 'is damaged', where, error);
  } finally {
    await input.close();
  }
}

interface CheckedInput {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly ended: () => boolean;
  /** What the source itself threw. */
  readonly failure: () => unknown;
  readonly close: () => Promise<void>;
  readonly assertEnd: (unpacked: number) => Promise<void>;
}

async function checkedInput(source: AsyncIterable<Uint8Array>, where: string): Promise<CheckedInput> {
  const reader = readerOf(source);
  const head = await reader.upTo(streamHeader + 1);
  const blockHeader = await reader.upTo(((head[streamHeader] ?? 0) + 1) * 4 - 1);
  try {
    assertHeader(head, blockHeader, where);
  } catch (error) {
    await reader.close();
    throw error;
  }
  let tail = Buffer.concat([head, blockHeader]);
  let size = tail.length;
  let ended = false;
  let failure: unknown;

  async function next(): Promise<Uint8Array> {
    try {
      const chunk = await reader.some(65536);
      size += chunk.length;
      if (chunk.length > 0) tail = Buffer.concat([tail, chunk]).subarray(-xzTailSize);
      else ended = true;
      return chunk;
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield tail;
    for (let chunk = await next(); chunk.length > 0; chunk = await next()) yield chunk;
  }
  /** The decoder stops at the end of the first stream: nothing may follow it, and it must be what its index says. */
  async function assertEnd(unpacked: number): Promise<void> {
    while (!ended) await next();
    const index = parseXzIndex(tail);
    if (index?.streamSize !== size || index.unpackedSize !== unpacked) {
      throw invalid('has something behind its end', where);
    }
  }
  return { bytes: bytes(), ended: () => ended, failure: () => failure, close: () => reader.close(), assertEnd };
}

function assertHeader(head: Uint8Array, blockHeader: Uint8Array, where: string): void {
  if (!magic.every((byte, index) => head[index] === byte)) throw invalid('does not begin as one', where);
  if (head.length <= streamHeader) throw invalid('ends in its header', where);
  const check = head[7] ?? 0;
  if (!knownChecks.has(check)) {
    throw unsupported(`its check is ${check === 0x0a ? 'SHA-256' : `number ${check}`}`, where);
  }
  // 0 is the index: a stream without blocks (4).
  const blockSize = head[streamHeader] ?? 0;
  if (blockSize === 0) return;
  if (blockHeader.length < (blockSize + 1) * 4 - 1) throw invalid('ends in the header of its first block', where);
  for (const filter of filtersOf(blockHeader)) {
    if (filter !== lzma2) throw unsupported(`it uses the filter ${filterName(filter)}`, where);
  }
}

/** The filter identifiers of a block header behind its size byte (3.1). */
function filtersOf(header: Uint8Array): number[] {
  const flags = header[0] ?? 0;
  let at = 1;
  function number(): number {
    let value = 0;
    for (let shift = 1; at < header.length; shift *= 128) {
      const byte = header[at++] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  if ((flags & 0x40) !== 0) number();
  if ((flags & 0x80) !== 0) number();
  const filters: number[] = [];
  for (let count = 0; count <= (flags & 3); count++) {
    filters.push(number());
    at += number();
  }
  return filters;
}

function filterName(id: number): string {
  const names = new Map([
    [0x03, 'Delta'],
    [0x04, 'BCJ x86'],
    [0x05, 'BCJ PowerPC'],
    [0x06, 'BCJ IA-64'],
    [0x07, 'BCJ ARM'],
    [0x08, 'BCJ ARM-Thumb'],
    [0x09, 'BCJ SPARC'],
    [0x0a, 'BCJ ARM64'],
    [0x0b, 'BCJ RISC-V'],
  ]);
  return names.get(id) ?? `0x${id.toString(16)}`;
}

function invalid(problem: string, where: string, cause?: unknown): TareError {
  return new TareError({ code: 'XZ_INVALID', message: `the xz stream ${problem}`, where, cause });
}

function unsupported(problem: string, where: string): TareError {
  return new TareError({
    code: 'XZ_UNSUPPORTED',
    message: `the xz stream cannot be read: ${problem}`,
    where,
    expected: 'LZMA2 with CRC32, CRC64 or no check, as Debian packs its archive',
    hint: 'pack it again with `xz --check=crc64`',
  });
}

function tooLarge(where: string, limit: number): TareError {
  return new TareError({ code: 'XZ_TOO_LARGE', message: `the xz stream unpacks to more than ${limit} bytes`, where });
}
