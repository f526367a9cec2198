import type { FileHandle } from 'node:fs/promises';
import { zipError } from './zip-error.ts';

/** How far ahead a read goes where the next wanted bytes are near. */
const windowSize = 128 * 1024;

/** Bytes of a file by place, read in few large pieces where neighbours are wanted one after the other. */
export interface ByteWindow {
  readonly archive: string;
  /** Bytes of their own. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
  /** Bytes that were read with others, if they were. Good until the next `load`. */
  readonly held: (offset: number, length: number) => Buffer | undefined;
  /** Bytes that are good until the next `load`; `near` says that those right behind will be wanted too. */
  readonly load: (offset: number, length: number, near: boolean) => Promise<Buffer>;
}

export function openByteWindow(handle: FileHandle, archive: string, fileSize: number): ByteWindow {
  const memory = Buffer.allocUnsafe(windowSize);
  let start = 0;
  let end = 0;
  function assertInside(offset: number, length: number): void {
    if (offset + length <= fileSize) return;
    throw zipError(archive, 'ZIP_TRUNCATED', 'the archive ends too early', {
      expected: `${offset + length} bytes or more`,
      actual: `${fileSize} bytes`,
    });
  }
  async function read(offset: number, length: number): Promise<Buffer> {
    assertInside(offset, length);
    const bytes = Buffer.allocUnsafe(length);
    await fill(handle, archive, bytes, offset);
    return bytes;
  }
  function held(offset: number, length: number): Buffer | undefined {
    return offset >= start && offset + length <= end
      ? memory.subarray(offset - start, offset - start + length)
      : undefined;
  }
  async function load(offset: number, length: number, near: boolean): Promise<Buffer> {
    assertInside(offset, length);
    const wanted = near ? Math.min(windowSize, fileSize - offset) : length;
    end = 0;
    await fill(handle, archive, memory.subarray(0, wanted), offset);
    start = offset;
    end = offset + wanted;
    return memory.subarray(0, length);
  }
  return { archive, read, held, load };
}

async function fill(handle: FileHandle, archive: string, buffer: Buffer, offset: number): Promise<void> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) {
      throw zipError(archive, 'ZIP_TRUNCATED', 'the archive became shorter while it was read', {
        expected: `${buffer.length} bytes at ${offset}`,
        actual: `${filled} bytes`,
      });
    }
    filled += bytesRead;
  }
}

/** A 64-bit field as a number; undefined where it exceeds what a number holds exactly. */
export function readUint64(bytes: Buffer, offset: number): number | undefined {
  const value = bytes.readBigUInt64LE(offset);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}

/** The data of one extra field (APPNOTE.TXT 4.5.1), undefined where it is absent, 'malformed' where the block is broken. */
export function findExtraField(extra: Buffer, id: number): Buffer | undefined | 'malformed' {
  let found: Buffer | undefined;
  let at = 0;
  // Fewer than four bytes at the end are padding, as aligning tools leave it.
  while (at + 4 <= extra.length) {
    const length = extra.readUInt16LE(at + 2);
    if (at + 4 + length > extra.length) return 'malformed';
    if (extra.readUInt16LE(at) === id) {
      if (found !== undefined) return 'malformed';
      found = extra.subarray(at + 4, at + 4 + length);
    }
    at += 4 + length;
  }
  return found;
}
