import { basename } from 'node:path';
import { TareError, type TareErrorFields } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ZipSlice } from './layer-entry.ts';

/** What reading a member gave, to be held against what the archive and RECORD say of it. */
export interface SliceFindings {
  /** Compressed bytes up to the end of the stream. */
  readonly consumed: number;
  readonly size: number;
  readonly crc32: number;
  /** SHA-256 in hexadecimal, where the slice has one to compare. */
  readonly sha256: string | undefined;
}

const hint = 'the archive is damaged or was tampered with: remove it from the cache and fetch it again';

/** Throws unless the member is exactly what the archive and RECORD say. */
export function assertSlice(slice: ZipSlice, path: string, found: SliceFindings): void {
  if (found.size !== slice.size) throw sizeMismatch(slice, path, `${found.size} bytes`);
  if (found.consumed !== slice.compressedSize) {
    const extra = slice.compressedSize - found.consumed;
    throw fault(slice, path, 'ZIP_TRAILING_DATA', `has ${extra} bytes behind the end of its compressed data`);
  }
  if (found.crc32 !== slice.crc32) {
    throw fault(slice, path, 'ZIP_CRC_MISMATCH', 'does not have the CRC-32 that the archive states', {
      expected: hex32(slice.crc32),
      actual: hex32(found.crc32),
    });
  }
  if (slice.sha256 !== undefined && slice.sha256 !== `sha256:${found.sha256}`) {
    throw fault(slice, path, 'RECORD_HASH_MISMATCH', 'does not have the hash that RECORD states', {
      expected: slice.sha256,
      actual: `sha256:${found.sha256}`,
    });
  }
}

/** Throws where the stated sizes cannot be true of any deflate stream, before anything is allocated for them. */
export function assertPossible(slice: ZipSlice, path: string): void {
  const most = slice.method === 'stored' ? slice.compressedSize : slice.compressedSize * limits.deflateRatio;
  const least = slice.method === 'stored' ? slice.compressedSize : 0;
  if (slice.size > most || slice.size < least) {
    throw sizeMismatch(slice, path, `${slice.compressedSize} bytes ${slice.method}`);
  }
}

export function sizeMismatch(slice: ZipSlice, path: string, actual: string): TareError {
  const expected = `${slice.size} bytes`;
  return fault(slice, path, 'ZIP_SIZE_MISMATCH', 'does not have the size that the archive states', {
    expected,
    actual,
  });
}

export function invalidData(slice: ZipSlice, path: string, what: string, cause?: unknown): TareError {
  return fault(slice, path, 'ZIP_DATA_INVALID', what, cause === undefined ? {} : { cause });
}

function fault(
  slice: ZipSlice,
  path: string,
  code: string,
  what: string,
  more: Partial<TareErrorFields> = {},
): TareError {
  return new TareError({
    code,
    message: `the file \`${path}\` in \`${basename(slice.file)}\` ${what}`,
    where: slice.file,
    hint,
    ...more,
  });
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
