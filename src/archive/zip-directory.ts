import { findExtraField, readUint64 } from './zip-bytes.ts';
import { zipError } from './zip-error.ts';
import { assertSafeZipName, decodeZipName } from './zip-name.ts';

const centralSignature = 0x02014b50;
const centralSize = 46;
const zip64ExtraId = 0x0001;
const noExtra = Buffer.alloc(0);
const unicodePathExtraId = 0x7075;

/** Encrypted, patched, strongly encrypted, masked: general purpose bits that this reader refuses (APPNOTE.TXT 4.4.4). */
const encryptedFlags = 0x0001 | 0x0040 | 0x2000;
const patchedFlag = 0x0020;
const utf8Flag = 0x0800;

/** 1980-01-01T00:00:00Z: the earliest time that the format can say. */
const earliestTime = 315_532_800;

/** The format's own bound on how far deflate expands. */
const deflateRatio = 1032;

/** One header of the central directory (APPNOTE.TXT 4.3.12), already checked for everything that it says alone. */
export interface CentralHeader {
  readonly name: string;
  readonly rawName: Buffer;
  readonly isDirectory: boolean;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly localOffset: number;
  readonly externalMode: number;
  readonly modified: number;
}

/** All headers of the central directory; `count` is what the end record says. */
export function parseCentralDirectory(bytes: Buffer, count: number, archive: string): CentralHeader[] {
  const headers: CentralHeader[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + centralSize > bytes.length || bytes.readUInt32LE(at) !== centralSignature) {
      throw zipError(
        archive,
        'ZIP_DIRECTORY_INVALID',
        `header ${headers.length + 1} of the central directory is broken`,
      );
    }
    const nameEnd = at + centralSize + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const end = extraEnd + bytes.readUInt16LE(at + 32);
    if (end > bytes.length) {
      throw zipError(archive, 'ZIP_DIRECTORY_INVALID', `header ${headers.length + 1} runs over the central directory`);
    }
    const rawName = bytes.subarray(at + centralSize, nameEnd);
    const extra = nameEnd === extraEnd ? noExtra : bytes.subarray(nameEnd, extraEnd);
    headers.push(parseHeader({ bytes, at, rawName, extra }, archive));
    at = end;
  }
  if (headers.length !== count) {
    throw zipError(archive, 'ZIP_DIRECTORY_INVALID', 'the number of members is not what the end record says', {
      expected: count,
      actual: headers.length,
    });
  }
  return headers;
}

interface RawHeader {
  readonly bytes: Buffer;
  /** Where the header begins. */
  readonly at: number;
  readonly rawName: Buffer;
  readonly extra: Buffer;
}

function parseHeader(raw: RawHeader, archive: string): CentralHeader {
  const { bytes, at, rawName, extra } = raw;
  const flags = bytes.readUInt16LE(at + 8);
  const method = bytes.readUInt16LE(at + 10);
  const name = decodeZipName(rawName, (flags & utf8Flag) !== 0, archive);
  assertSafeZipName(name, archive);
  assertReadable(flags, method, name, archive);
  const { compressedSize, size, localOffset } = readPlace(raw, name, archive);
  assertOneName(extra, name, archive);
  const isDirectory = name.endsWith('/');
  const externalMode = bytes.readUInt16LE(at + 40);
  assertOrdinary(externalMode, isDirectory, size, name, archive);
  assertHonestSize(method, compressedSize, size, name, archive);
  return {
    name,
    rawName,
    isDirectory,
    flags,
    method,
    crc32: bytes.readUInt32LE(at + 16),
    compressedSize,
    size,
    localOffset,
    externalMode,
    modified: dosTime(bytes.readUInt16LE(at + 14), bytes.readUInt16LE(at + 12)),
  };
}

function assertReadable(flags: number, method: number, member: string, archive: string): void {
  if ((flags & encryptedFlags) !== 0 || method === 99) {
    throw zipError(archive, 'ZIP_ENCRYPTED', 'it is encrypted', {
      member,
      hint: 'make the archive anew without a password',
    });
  }
  if ((flags & patchedFlag) !== 0 || (method !== 0 && method !== 8)) {
    throw zipError(archive, 'ZIP_METHOD_UNKNOWN', `compression method ${method} is not read`, {
      member,
      expected: 'stored (0) or deflate (8)',
      hint: 'make the archive anew with deflate',
    });
  }
}

/** A second name in an extra field (APPNOTE.TXT 4.6.9) would let readers disagree on what the member is called. */
function assertOneName(extra: Buffer, member: string, archive: string): void {
  const field = findExtraField(extra, unicodePathExtraId);
  if (field === undefined) return;
  if (field === 'malformed' || field.subarray(5).toString('utf8') !== member) {
    throw zipError(archive, 'ZIP_NAME_ENCODING', 'it has a second, different name', { member });
  }
}

function readPlace(
  { bytes, at, extra }: RawHeader,
  member: string,
  archive: string,
): Pick<CentralHeader, 'compressedSize' | 'size' | 'localOffset'> {
  const wide = findExtraField(extra, zip64ExtraId);
  if (wide === 'malformed') {
    throw zipError(archive, 'ZIP_DIRECTORY_INVALID', 'its extra field is broken', { member });
  }
  let taken = 0;
  function field(offset: number): number {
    const narrow = bytes.readUInt32LE(at + offset);
    if (narrow !== 0xffffffff || wide === undefined || wide === 'malformed') return narrow;
    const value = taken + 8 > wide.length ? undefined : readUint64(wide, taken);
    taken += 8;
    if (value === undefined) {
      throw zipError(archive, 'ZIP_ZIP64_INVALID', 'its zip64 sizes are missing or out of range', { member });
    }
    return value;
  }
  const size = field(24);
  const compressedSize = field(20);
  const localOffset = field(42);
  const disk = bytes.readUInt16LE(at + 34);
  const isWideDisk = disk === 0xffff && wide !== undefined && taken + 4 <= wide.length;
  if (disk !== 0 && !(isWideDisk && wide.readUInt32LE(taken) === 0)) {
    throw zipError(archive, 'ZIP_SPLIT', 'it is in another part of a split archive', { member });
  }
  return { compressedSize, size, localOffset };
}

/** Only files and folders: a link could lead out of the folder, devices have no place in an archive. */
function assertOrdinary(mode: number, isDirectory: boolean, size: number, member: string, archive: string): void {
  const kind = mode & 0o170000;
  if (kind === 0o120000) {
    throw zipError(archive, 'ZIP_SYMLINK', 'it is a symbolic link', {
      member,
      hint: 'make the archive anew with a copy of the file in its place',
    });
  }
  const wanted = isDirectory ? 0o040000 : 0o100000;
  if (kind !== 0 && kind !== wanted) {
    throw zipError(archive, 'ZIP_SPECIAL_FILE', 'it is neither a plain file nor a folder', {
      member,
      actual: `mode ${mode.toString(8)}`,
    });
  }
  if (isDirectory && size !== 0) {
    throw zipError(archive, 'ZIP_SPECIAL_FILE', 'it is a folder with content', { member, actual: `${size} bytes` });
  }
}

function assertHonestSize(method: number, compressed: number, size: number, member: string, archive: string): void {
  if (method === 0 ? size === compressed : size <= compressed * deflateRatio) return;
  throw zipError(archive, 'ZIP_SIZE_LIE', 'its size cannot come from what is stored', {
    member,
    expected: method === 0 ? `${compressed} bytes` : `at most ${compressed * deflateRatio} bytes`,
    actual: `${size} bytes`,
  });
}

/** MS-DOS date and time, taken as UTC, in seconds since the epoch. */
function dosTime(date: number, time: number): number {
  const month = (date >> 5) & 0xf;
  const day = date & 0x1f;
  const hour = time >> 11;
  const minute = (time >> 5) & 0x3f;
  const second = (time & 0x1f) * 2;
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return earliestTime;
  return Math.max(earliestTime, Date.UTC(1980 + (date >> 9), month - 1, day, hour, minute, second) / 1000);
}
