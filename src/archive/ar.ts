import { TareError } from '../base/errors.ts';
import { type ByteReader, readerOf } from './byte-reader.ts';

/** A member of an ar archive. Its bytes must be read to their end before the next member is asked for, or are skipped. */
export interface ArMember {
  readonly name: string;
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const magic = '!<arch>\n';
const headerSize = 60;

/** Reads the common ar format of `.deb` files (deb(5)): short names, decimal sizes. */
export async function* readAr(source: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<ArMember> {
  const reader = readerOf(source);
  try {
    const start = await reader.upTo(magic.length);
    if (latin1(start) !== magic) throw invalid('does not begin as one', where, '`!<arch>`');
    for (;;) {
      const header = await reader.upTo(headerSize);
      if (header.length === 0) return;
      const { name, size } = parseHeader(header, where);
      const body = memberBytes(reader, size, name, where);
      yield { name, size, bytes: body };
      for await (const chunk of body) void chunk;
      if (size % 2 === 1) await reader.upTo(1);
    }
  } finally {
    await reader.close();
  }
}

function parseHeader(header: Uint8Array, where: string): { name: string; size: number } {
  if (header.length < headerSize) throw invalid('ends inside a member header', where);
  const text = latin1(header);
  if (text.slice(58) !== '`\n') throw invalid('has a member header without its end mark', where);
  const size = /^(\d{1,10}) *$/.exec(text.slice(48, 58))?.[1];
  if (size === undefined) throw invalid('has a member whose size is no number', where);
  const name = text.slice(0, 16).trimEnd().replace(/\/$/, '');
  return { name, size: Number(size) };
}

/** One run over a member's bytes, however often it is asked for: what was not read yet is still to come. */
function memberBytes(reader: ByteReader, size: number, name: string, where: string): AsyncIterable<Uint8Array> {
  let left = size;
  async function next(): Promise<IteratorResult<Uint8Array>> {
    if (left === 0) return { done: true, value: undefined };
    const chunk = await reader.some(left);
    if (chunk.length === 0) throw invalid(`ends inside its member \`${name}\``, where, `${left} more bytes`);
    left -= chunk.length;
    return { done: false, value: chunk };
  }
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function invalid(problem: string, where: string, expected?: string): TareError {
  return new TareError({
    code: 'AR_INVALID',
    message: `the ar archive ${problem}`,
    where,
    ...(expected === undefined ? {} : { expected }),
  });
}
