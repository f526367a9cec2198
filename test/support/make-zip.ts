import { crc32, deflateRawSync } from 'node:zlib';

/** One member of a zip archive, with what may deliberately be wrong about it. */
export interface ZipMember {
  readonly path: string;
  readonly bytes: Buffer;
  /** Permission bits; 0o644 unless told. */
  readonly mode?: number;
  readonly stored?: boolean;
  readonly faults?: ZipFaults;
}

export interface ZipFaults {
  /** Bytes behind the end of the deflate stream, counted in its compressed size. */
  readonly behindStream?: Buffer;
  /** What the headers say instead of the true value. */
  readonly crc32?: number;
  readonly size?: number;
  /** General purpose bit 0: says that it is encrypted. */
  readonly encrypted?: boolean;
  /** The Unix file type in the external attributes: 0o120000 for a symbolic link. */
  readonly fileType?: number;
}

const dosDate = (1 << 5) | 1; // 1980-01-01
const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;

/** A zip archive (APPNOTE.TXT 4.3) of these members, in this order, always the same bytes. */
export function makeZip(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.path, 'utf8');
    const faults = member.faults ?? {};
    const packed = member.stored === true ? member.bytes : deflateRawSync(member.bytes, { level: 9 });
    const data = Buffer.concat([packed, faults.behindStream ?? Buffer.alloc(0)]);
    const shared = sharedFields(member, name.length, data.length);
    const local = Buffer.concat([uint32(localSignature), shared, uint16(0), name, data]);
    const attributes = (faults.fileType ?? 0o100000) | (member.mode ?? 0o644);
    centrals.push(
      Buffer.concat([
        uint32(centralSignature),
        uint16((3 << 8) | 20),
        shared,
        ...[0, 0, 0, 0].map(uint16),
        uint32(attributes * 0x10000),
        uint32(offset),
        name,
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(centrals);
  const counts = [0, 0, members.length, members.length].map(uint16);
  const end = Buffer.concat([uint32(endSignature), ...counts, uint32(central.length), uint32(offset), uint16(0)]);
  return Buffer.concat([...locals, central, end]);
}

/** The fields that a local and a central header have in common, from "version needed" to "file name length". */
function sharedFields(member: ZipMember, nameLength: number, packedSize: number): Buffer {
  const faults = member.faults ?? {};
  return Buffer.concat([
    uint16(20),
    uint16(0x0800 | (faults.encrypted === true ? 1 : 0)),
    uint16(member.stored === true ? 0 : 8),
    uint16(0),
    uint16(dosDate),
    uint32(faults.crc32 ?? crc32(member.bytes)),
    uint32(packedSize),
    uint32(faults.size ?? member.bytes.length),
    uint16(nameLength),
  ]);
}

function uint16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16LE(value);
  return out;
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}
