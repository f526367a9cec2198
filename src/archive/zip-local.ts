import { type ByteWindow, findExtraField, readUint64 } from './zip-bytes.ts';
import type { CentralHeader } from './zip-directory.ts';
import { zipError } from './zip-error.ts';

const localSignature = 0x04034b50;
const descriptorSignature = 0x08074b50;
const localSize = 30;
const zip64ExtraId = 0x0001;
/** A 32-bit size that says: look into the zip64 extra field. */
const wideSize = 0xffffffff;
const descriptorFlag = 0x0008;

/** The general purpose bits that change what a reader makes of a member: they must be the same in both headers. */
const meaningfulFlags = 0x0001 | 0x0020 | 0x0040 | 0x0800 | 0x2000;

/** Members nearer to each other than this are read in one piece. */
const nearBytes = 32 * 1024;

/**
 * Where the data of each member begins. Local headers (APPNOTE.TXT 4.3.7) must say what the central directory says, and
 * members must fill the archive from its first byte to the central directory without overlap and without anything between.
 */
export async function readDataOffsets(
  window: ByteWindow,
  headers: readonly CentralHeader[],
  directoryOffset: number,
): Promise<Map<CentralHeader, number>> {
  const { archive } = window;
  const ordered = [...headers].sort((left, right) => left.localOffset - right.localOffset);
  const offsets = new Map<CentralHeader, number>();
  const first = ordered[0]?.localOffset ?? directoryOffset;
  if (first !== 0) {
    throw zipError(archive, 'ZIP_PREFIX_DATA', `${first} bytes are in front of the first member`);
  }
  for (const [index, header] of ordered.entries()) {
    const { localOffset, rawName, compressedSize } = header;
    const next = ordered[index + 1]?.localOffset ?? directoryOffset;
    const fixedSize = localSize + rawName.length;
    assertBefore(next, localOffset + fixedSize + compressedSize, header, archive);
    const near = next - localOffset < nearBytes;
    // Nothing is awaited where the bytes are there: an archive may have a hundred thousand members.
    const bytes = window.held(localOffset, fixedSize) ?? (await window.load(localOffset, fixedSize, near));
    const local = parseLocalHeader(bytes, header, archive);
    const extraOffset = localOffset + fixedSize;
    if (local.isWide) {
      const { extraLength } = local;
      const extra = window.held(extraOffset, extraLength) ?? (await window.load(extraOffset, extraLength, near));
      assertSizes({ ...local, ...readWideSizes(extra, local) }, header, archive);
    } else {
      assertSizes(local, header, archive);
    }
    const offset = extraOffset + local.extraLength;
    assertBefore(next, offset + compressedSize, header, archive);
    const gap = { from: offset + compressedSize, length: next - offset - compressedSize };
    if (local.hasDescriptor) await assertDescriptor(window, header, gap, near);
    else assertNothing(gap.length, header, archive);
    offsets.set(header, offset);
  }
  return offsets;
}

function assertBefore(next: number, end: number, header: CentralHeader, archive: string): void {
  if (end <= next) return;
  throw zipError(archive, 'ZIP_OVERLAP', 'it overlaps with what follows it', {
    member: header.name,
    expected: `an end at ${next} or before`,
    actual: `an end at ${end} or behind`,
  });
}

interface Sizes {
  readonly compressedSize: number;
  readonly size: number;
}

interface LocalHeader extends Sizes {
  readonly crc32: number;
  readonly extraLength: number;
  readonly hasDescriptor: boolean;
  /** The sizes, or one of them, are in the extra field. */
  readonly isWide: boolean;
  /** Both are, where a descriptor may say them instead. */
  readonly isBlankWide: boolean;
}

/** Everything that says the same in both headers does, but for the sizes. */
function parseLocalHeader(bytes: Buffer, header: CentralHeader, archive: string): LocalHeader {
  if (bytes.readUInt32LE(0) !== localSignature) throw mismatch('where it is', header, archive);
  const flags = bytes.readUInt16LE(6);
  if (((flags ^ header.flags) & meaningfulFlags) !== 0) throw mismatch('flags', header, archive);
  if (bytes.readUInt16LE(8) !== header.method) throw mismatch('compression method', header, archive);
  const { rawName } = header;
  const isSameName = bytes.compare(rawName, 0, rawName.length, localSize, localSize + rawName.length) === 0;
  if (bytes.readUInt16LE(26) !== rawName.length || !isSameName) throw mismatch('name', header, archive);
  const compressedSize = bytes.readUInt32LE(18);
  const size = bytes.readUInt32LE(22);
  return {
    crc32: bytes.readUInt32LE(14),
    compressedSize,
    size,
    extraLength: bytes.readUInt16LE(28),
    hasDescriptor: (flags & descriptorFlag) !== 0,
    isWide: compressedSize === wideSize || size === wideSize,
    isBlankWide: compressedSize === wideSize && size === wideSize,
  };
}

/** Where a descriptor follows, checksum and sizes may be left blank. */
function assertSizes(local: LocalHeader, header: CentralHeader, archive: string): void {
  const { crc32, compressedSize, size, hasDescriptor } = local;
  const isOpen = hasDescriptor && crc32 === 0;
  if (isOpen && ((compressedSize === 0 && size === 0) || local.isBlankWide)) return;
  if (crc32 !== header.crc32 && !isOpen) throw mismatch('checksum', header, archive);
  if (compressedSize !== header.compressedSize || size !== header.size) throw mismatch('size', header, archive);
}

function mismatch(what: string, header: CentralHeader, archive: string): Error {
  return zipError(archive, 'ZIP_HEADER_MISMATCH', `its own header and the central directory differ in ${what}`, {
    member: header.name,
  });
}

/** The sizes with those of the zip64 extra field in place of the full ones; -1, which matches nothing, where it has none. */
function readWideSizes(extra: Buffer, narrow: Sizes): Sizes {
  const wide = findExtraField(extra, zip64ExtraId);
  let at = 0;
  function next(size: number): number {
    if (size !== wideSize || wide === undefined) return size;
    const value = wide === 'malformed' || at + 8 > wide.length ? undefined : readUint64(wide, at);
    at += 8;
    return value ?? -1;
  }
  const size = next(narrow.size);
  return { size, compressedSize: next(narrow.compressedSize) };
}

interface Gap {
  readonly from: number;
  readonly length: number;
}

function assertNothing(length: number, header: CentralHeader, archive: string): void {
  if (length === 0) return;
  throw zipError(archive, 'ZIP_HIDDEN_DATA', `${length} bytes follow it that belong to no member`, {
    member: header.name,
  });
}

/** Where the flags announce a data descriptor (APPNOTE.TXT 4.3.9), it is all that follows the data. */
async function assertDescriptor(window: ByteWindow, header: CentralHeader, gap: Gap, near: boolean): Promise<void> {
  const { from, length } = gap;
  if (length === 12 || length === 16 || length === 20 || length === 24) {
    const bytes = window.held(from, length) ?? (await window.load(from, length, near));
    if (describes(bytes, header)) return;
  }
  throw zipError(window.archive, 'ZIP_DESCRIPTOR_INVALID', 'the data descriptor behind it is missing or wrong', {
    member: header.name,
  });
}

function describes(bytes: Buffer, header: CentralHeader): boolean {
  const isSigned = bytes.length === 16 || bytes.length === 24;
  const isWide = bytes.length >= 20;
  const at = isSigned ? 4 : 0;
  if (isSigned && bytes.readUInt32LE(0) !== descriptorSignature) return false;
  if (bytes.readUInt32LE(at) !== header.crc32) return false;
  if (isWide) {
    return readUint64(bytes, at + 4) === header.compressedSize && readUint64(bytes, at + 12) === header.size;
  }
  return bytes.readUInt32LE(at + 4) === header.compressedSize && bytes.readUInt32LE(at + 8) === header.size;
}
