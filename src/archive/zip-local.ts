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
    const next = ordered[index + 1]?.localOffset ?? directoryOffset;
    if (header.localOffset + localSize + header.rawName.length + header.compressedSize > next) {
      throw zipError(archive, 'ZIP_OVERLAP', 'it overlaps with what follows it', {
        member: header.name,
        expected: `an end at ${next} or before`,
        actual: `an end at ${header.localOffset + localSize + header.rawName.length + header.compressedSize} or behind`,
      });
    }
    const near = next - header.localOffset < nearBytes;
    const local = await readLocalHeader(window, header, near);
    const end = local.dataOffset + header.compressedSize;
    if (end > next) throw zipError(archive, 'ZIP_OVERLAP', 'it overlaps with what follows it', { member: header.name });
    await assertNothingBetween(window, header, { from: end, to: next, hasDescriptor: local.hasDescriptor, near });
    offsets.set(header, local.dataOffset);
  }
  return offsets;
}

interface LocalHeader {
  readonly dataOffset: number;
  readonly hasDescriptor: boolean;
}

async function readLocalHeader(window: ByteWindow, header: CentralHeader, near: boolean): Promise<LocalHeader> {
  const { archive } = window;
  const start = header.localOffset;
  const bytes = await window.glance(start, localSize + header.rawName.length, near);
  const mismatch = (what: string): Error =>
    zipError(archive, 'ZIP_HEADER_MISMATCH', `its own header and the central directory differ in ${what}`, {
      member: header.name,
    });
  if (bytes.readUInt32LE(0) !== localSignature) throw mismatch('where it is');
  const flags = bytes.readUInt16LE(6);
  if (((flags ^ header.flags) & meaningfulFlags) !== 0) throw mismatch('flags');
  if (bytes.readUInt16LE(8) !== header.method) throw mismatch('compression method');
  if (bytes.readUInt16LE(26) !== header.rawName.length || !bytes.subarray(localSize).equals(header.rawName)) {
    throw mismatch('name');
  }
  const extraLength = bytes.readUInt16LE(28);
  const hasDescriptor = (flags & descriptorFlag) !== 0;
  const crc32 = bytes.readUInt32LE(14);
  const narrow = { compressedSize: bytes.readUInt32LE(18), size: bytes.readUInt32LE(22) };
  const isWide = narrow.compressedSize === wideSize || narrow.size === wideSize;
  const extraOffset = start + localSize + header.rawName.length;
  const sizes = isWide ? readWideSizes(await window.glance(extraOffset, extraLength, near), narrow) : narrow;
  const isBlank = sizes.compressedSize === 0 && sizes.size === 0;
  const isOpenWide = narrow.compressedSize === wideSize && narrow.size === wideSize;
  if (!(hasDescriptor && crc32 === 0 && (isBlank || isOpenWide))) {
    if (crc32 !== header.crc32 && !(hasDescriptor && crc32 === 0)) throw mismatch('checksum');
    if (sizes.compressedSize !== header.compressedSize || sizes.size !== header.size) throw mismatch('size');
  }
  return { dataOffset: extraOffset + extraLength, hasDescriptor };
}

interface Sizes {
  readonly compressedSize: number;
  readonly size: number;
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
  readonly to: number;
  readonly hasDescriptor: boolean;
  readonly near: boolean;
}

/** Behind the data is a data descriptor (APPNOTE.TXT 4.3.9) where the flags announce one, and nothing else. */
async function assertNothingBetween(window: ByteWindow, header: CentralHeader, gap: Gap): Promise<void> {
  const { archive } = window;
  const length = gap.to - gap.from;
  if (!gap.hasDescriptor) {
    if (length === 0) return;
    throw zipError(archive, 'ZIP_HIDDEN_DATA', `${length} bytes follow it that belong to no member`, {
      member: header.name,
    });
  }
  const isPossible = length === 12 || length === 16 || length === 20 || length === 24;
  const read = isPossible ? await window.glance(gap.from, length, gap.near) : undefined;
  if (read === undefined || !describes(read, header)) {
    throw zipError(archive, 'ZIP_DESCRIPTOR_INVALID', 'the data descriptor behind it is missing or wrong', {
      member: header.name,
    });
  }
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
