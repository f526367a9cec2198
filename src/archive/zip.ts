import { type FileHandle, open } from 'node:fs/promises';
import { limits } from '../base/limits.ts';
import type { ZipSlice } from './layer-entry.ts';
import { openByteWindow } from './zip-bytes.ts';
import { type CentralHeader, parseCentralDirectory } from './zip-directory.ts';
import { findDirectory, longestTail } from './zip-end.ts';
import { zipError } from './zip-error.ts';
import { readDataOffsets } from './zip-local.ts';
import { assertDistinctNames } from './zip-name.ts';

export { readZipMember, streamZipMember } from './zip-member.ts';

/** Bounds on one archive. Sizes in bytes. */
export interface ZipLimits {
  readonly entries: number;
  /** The sum of all members' sizes. */
  readonly unpacked: number;
}

export interface ZipEntry {
  /** Safe to join to a folder: relative, `/` separated; folders end in `/`. */
  readonly name: string;
  readonly isDirectory: boolean;
  /** The upper half of the external attributes: type and permission bits where a Unix tool wrote them, else 0. */
  readonly externalMode: number;
  /** Seconds since the epoch: the MS-DOS time taken as UTC, never before 1980. */
  readonly modified: number;
  readonly slice: ZipSlice;
}

export interface ZipArchive {
  readonly file: string;
  /** Of the archive. */
  readonly size: number;
  /** In the order of the central directory. */
  readonly entries: readonly ZipEntry[];
}

/**
 * Reads the directory of a zip archive (APPNOTE.TXT 6.3) that nobody vouches for. Refuses, with a `ZIP_*` code, everything
 * that two readers could understand differently. `file` is an absolute path. Members' data is not read: see `readZipMember`.
 */
export async function readZip(
  file: string,
  options: { readonly limits?: Partial<ZipLimits> } = {},
): Promise<ZipArchive> {
  const bounds: ZipLimits = { entries: limits.archiveEntries, unpacked: limits.archiveUnpacked, ...options.limits };
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (cause) {
    throw zipError(file, 'ZIP_UNREADABLE', 'the archive cannot be opened', {
      cause,
      hint: 'check that the file exists and may be read',
    });
  }
  try {
    return await readFrom(handle, file, bounds);
  } finally {
    await handle.close();
  }
}

async function readFrom(handle: FileHandle, file: string, bounds: ZipLimits): Promise<ZipArchive> {
  const { size: fileSize } = await handle.stat();
  const window = openByteWindow(handle, file, fileSize);
  const tailOffset = Math.max(0, fileSize - longestTail);
  const tail = await window.read(tailOffset, fileSize - tailOffset);
  const place = findDirectory(tail, tailOffset, file);
  if (place.entries > bounds.entries) {
    throw zipError(file, 'ZIP_TOO_MANY_ENTRIES', 'the archive holds too many members', {
      expected: `at most ${bounds.entries}`,
      actual: place.entries,
    });
  }
  if (place.size > limits.metadataMember) {
    throw zipError(file, 'ZIP_TOO_LARGE', 'the central directory is too large', {
      expected: `at most ${limits.metadataMember} bytes`,
      actual: `${place.size} bytes`,
    });
  }
  const directory = await window.read(place.offset, place.size);
  const headers = parseCentralDirectory(directory, place.entries, file);
  assertTotal(headers, bounds.unpacked, file);
  assertDistinctNames(
    headers.map((header) => header.name),
    file,
  );
  const offsets = await readDataOffsets(window, headers, place.offset);
  const entries = headers.map((header) => toEntry(header, offsets.get(header) ?? 0, file));
  return { file, size: fileSize, entries };
}

function assertTotal(headers: readonly CentralHeader[], limit: number, file: string): void {
  let total = 0;
  for (const header of headers) {
    total += header.size;
    if (total > limit) {
      throw zipError(file, 'ZIP_TOO_LARGE', 'the members are too large together', {
        expected: `at most ${limit} bytes`,
        actual: 'more',
      });
    }
  }
}

function toEntry(header: CentralHeader, offset: number, file: string): ZipEntry {
  const { name, isDirectory, externalMode, modified, compressedSize, size, crc32 } = header;
  const method = header.method === 0 ? 'stored' : 'deflate';
  return {
    name,
    isDirectory,
    externalMode,
    modified,
    slice: { kind: 'zip', file, offset, compressedSize, size, crc32, method },
  };
}
