import { crc32 } from 'node:zlib';
import { deflate } from './deflate.ts';

/**
 * What begins every member (RFC 1952, 2.3.1): deflate, no flags, no time, no extra flags, unknown system: nothing that
 * could differ from one machine to another.
 */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

export const gzipHeaderSize = header.length;
export const gzipTrailerSize = 8;

/** Writes the fixed header at `at` and returns the place behind it. */
export function writeGzipHeader(target: Buffer, at: number): number {
  target.set(header, at);
  return at + gzipHeaderSize;
}

/** Writes CRC-32 and ISIZE (modulo 2^32) of the raw bytes at `at` and returns the place behind them. */
export function writeGzipTrailer(target: Buffer, at: number, crc: number, size: number): number {
  target.writeUInt32LE(crc, at);
  target.writeUInt32LE(size % 0x1_0000_0000, at + 4);
  return at + gzipTrailerSize;
}

/** One whole member, by the deterministic encoder. `uniform` as in `deflate`. */
export function renderGzipMember(raw: Uint8Array, uniform = false): Buffer {
  const packed = deflate(raw, uniform);
  const member = Buffer.allocUnsafe(gzipHeaderSize + packed.length + gzipTrailerSize);
  const body = writeGzipHeader(member, 0);
  member.set(packed, body);
  writeGzipTrailer(member, body + packed.length, crc32(raw), raw.length);
  return member;
}
