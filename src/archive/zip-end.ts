import { readUint64 } from './zip-bytes.ts';
import { zipError } from './zip-error.ts';

const endSignature = Buffer.from('PK\x05\x06', 'latin1');
const locatorSignature = 0x07064b50;
const zip64EndSignature = 0x06064b50;
const endSize = 22;
const locatorSize = 20;
const zip64EndSize = 56;

/** As much of the end of an archive as the records behind the central directory can fill, with their longest comment. */
export const longestTail = 0xffff + endSize + locatorSize + 4096;

/** Where the central directory is, and how many headers it holds. */
export interface DirectoryPlace {
  readonly offset: number;
  readonly size: number;
  readonly entries: number;
}

/** Finds the central directory from the last bytes of the archive, which begin at `tailOffset` (APPNOTE.TXT 4.3.14-4.3.16). */
export function findDirectory(tail: Buffer, tailOffset: number, archive: string): DirectoryPlace {
  const at = findEnd(tail, tailOffset, archive);
  const end = {
    disk: tail.readUInt16LE(at + 4),
    startDisk: tail.readUInt16LE(at + 6),
    entriesHere: tail.readUInt16LE(at + 8),
    entries: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const locator = at - locatorSize;
  const isZip64 = locator >= 0 && tail.readUInt32LE(locator) === locatorSignature;
  const wide = isZip64 ? readZip64End(tail, tailOffset, locator, archive) : undefined;
  if (wide !== undefined) {
    const agrees =
      fits(end.disk, 0xffff, 0) &&
      fits(end.startDisk, 0xffff, 0) &&
      fits(end.entriesHere, 0xffff, wide.entries) &&
      fits(end.entries, 0xffff, wide.entries) &&
      fits(end.size, 0xffffffff, wide.size) &&
      fits(end.offset, 0xffffffff, wide.offset);
    if (!agrees) throw zipError(archive, 'ZIP_AMBIGUOUS', 'the zip64 end record and the end record disagree');
  } else if (end.disk !== 0 || end.startDisk !== 0 || end.entriesHere !== end.entries) {
    throw splitArchive(archive);
  }
  const place = wide ?? end;
  assertAdjacent(place, wide?.recordOffset ?? tailOffset + at, archive);
  return { offset: place.offset, size: place.size, entries: place.entries };
}

function fits(narrow: number, sentinel: number, wide: number): boolean {
  return narrow === sentinel || narrow === wide;
}

function splitArchive(archive: string): Error {
  return zipError(archive, 'ZIP_SPLIT', 'the archive is one part of several', { expected: 'an archive in one file' });
}

/** The one place of an end record. Where two readers could choose different ones, the archive is refused. */
function findEnd(tail: Buffer, tailOffset: number, archive: string): number {
  const exact: number[] = [];
  let last = -1;
  for (let at = tail.indexOf(endSignature); at !== -1; at = tail.indexOf(endSignature, at + 1)) {
    if (at + endSize > tail.length) break;
    last = at;
    if (at + endSize + tail.readUInt16LE(at + 20) === tail.length) exact.push(at);
  }
  const [found] = exact;
  if (found !== undefined && exact.length === 1 && found === last) return found;
  if (found !== undefined) {
    throw zipError(archive, 'ZIP_AMBIGUOUS', 'there are two end records: readers would see different archives', {
      hint: 'do not install this archive: it looks made to deceive',
    });
  }
  if (last !== -1) {
    const missing = last + endSize + tail.readUInt16LE(last + 20) - tail.length;
    if (missing < 0) {
      throw zipError(archive, 'ZIP_SUFFIX_DATA', `${-missing} bytes follow the end of the archive`);
    }
    throw zipError(archive, 'ZIP_TRUNCATED', `the last ${missing} bytes are missing`);
  }
  if (tailOffset === 0 && tail.length >= 4 && tail.readUInt32LE(0) !== 0x04034b50) {
    throw zipError(archive, 'ZIP_INVALID', 'this is no zip archive', { expected: 'a file that begins with `PK`' });
  }
  throw zipError(archive, 'ZIP_TRUNCATED', 'the end record is missing');
}

interface Zip64End extends DirectoryPlace {
  readonly recordOffset: number;
}

function readZip64End(tail: Buffer, tailOffset: number, locator: number, archive: string): Zip64End {
  const recordOffset = readUint64(tail, locator + 8);
  if (tail.readUInt32LE(locator + 4) !== 0 || tail.readUInt32LE(locator + 16) > 1) throw splitArchive(archive);
  const at = recordOffset === undefined ? -1 : recordOffset - tailOffset;
  const wrong = (what: string): Error => zipError(archive, 'ZIP_ZIP64_INVALID', what);
  if (recordOffset === undefined || at < 0 || at + zip64EndSize > locator) {
    throw wrong('the zip64 end record is not where its locator says');
  }
  if (tail.readUInt32LE(at) !== zip64EndSignature) throw wrong('the zip64 end record is not where its locator says');
  const length = readUint64(tail, at + 4);
  if (length === undefined || at + 12 + length !== locator) throw wrong('the zip64 end record has the wrong length');
  if (tail.readUInt32LE(at + 16) !== 0 || tail.readUInt32LE(at + 20) !== 0) throw splitArchive(archive);
  const entriesHere = readUint64(tail, at + 24);
  const entries = readUint64(tail, at + 32);
  const size = readUint64(tail, at + 40);
  const offset = readUint64(tail, at + 48);
  if (entries === undefined || size === undefined || offset === undefined) throw wrong('a number is out of range');
  if (entriesHere !== entries) throw splitArchive(archive);
  return { recordOffset, entries, size, offset };
}

/** The central directory must end where the end records begin, else offsets are shifted or something is hidden between. */
function assertAdjacent(place: DirectoryPlace, endsAt: number, archive: string): void {
  const gap = endsAt - (place.offset + place.size);
  if (gap < 0) {
    throw zipError(archive, 'ZIP_TRUNCATED', 'the central directory does not fit before the end record', {
      expected: place.offset + place.size,
      actual: endsAt,
    });
  }
  if (gap > 0) {
    throw zipError(archive, 'ZIP_PREFIX_DATA', `${gap} bytes are in front of the archive or before its end record`);
  }
}
