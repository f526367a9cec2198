import { crc32, deflateRawSync } from 'node:zlib';

/** One member of a made archive. Whatever `central` and `local` hold is written as it is, so that archives can lie. */
export interface MadeMember {
  readonly name: string | Buffer;
  readonly data?: Buffer | string;
  readonly method?: number;
  /** In place of the deflated data. */
  readonly packed?: Buffer;
  readonly flags?: number;
  readonly mode?: number;
  readonly creator?: number;
  /** `[date, time]` as MS-DOS has them. */
  readonly dos?: readonly [number, number];
  readonly descriptor?: Buffer | 'signed' | 'plain' | 'wide';
  readonly localExtra?: Buffer;
  readonly centralExtra?: Buffer;
  readonly local?: Partial<MadeHeader>;
  readonly central?: Partial<MadeHeader>;
  /** Bytes between this member and the next. */
  readonly behind?: Buffer;
}

interface MadeHeader {
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
  readonly disk: number;
}

export interface MadeArchive {
  readonly prefix?: Buffer;
  readonly comment?: Buffer;
  readonly behind?: Buffer;
  readonly beforeEnd?: Buffer;
  readonly zip64?: boolean;
  readonly zip64End?: { readonly entries?: number; readonly disks?: number; readonly recordOffset?: number };
  readonly end?: {
    readonly disk?: number;
    readonly entries?: number;
    readonly size?: number;
    readonly offset?: number;
  };
}

/** A zip archive, honest unless told otherwise. */
export function makeZip(members: readonly MadeMember[], archive: MadeArchive = {}): Buffer {
  const parts: Buffer[] = [archive.prefix ?? Buffer.alloc(0)];
  const headers: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const { body, header } = makeMember(member, offset);
    parts.push(body);
    headers.push(header);
    offset += body.length;
  }
  const directory = Buffer.concat(headers);
  parts.push(directory, archive.beforeEnd ?? Buffer.alloc(0));
  if (archive.zip64 === true) parts.push(zip64End(members.length, directory.length, offset, archive.zip64End ?? {}));
  const comment = archive.comment ?? Buffer.alloc(0);
  const end = Buffer.alloc(22);
  const fallback = archive.zip64 === true ? { entries: 0xffff, size: 0xffffffff, offset: 0xffffffff } : {};
  const said = { disk: 0, entries: members.length, size: directory.length, offset, ...fallback, ...archive.end };
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(said.disk, 4);
  end.writeUInt16LE(said.disk, 6);
  end.writeUInt16LE(said.entries, 8);
  end.writeUInt16LE(said.entries, 10);
  end.writeUInt32LE(said.size, 12);
  end.writeUInt32LE(said.offset, 16);
  end.writeUInt16LE(comment.length, 20);
  parts.push(end, comment, archive.behind ?? Buffer.alloc(0));
  return Buffer.concat(parts);
}

function makeMember(member: MadeMember, offset: number): { readonly body: Buffer; readonly header: Buffer } {
  const data = Buffer.from(member.data ?? '');
  const method = member.method ?? 8;
  const packed = member.packed ?? (method === 8 ? deflateRawSync(data) : data);
  const name = Buffer.from(member.name);
  const hasDescriptor = member.descriptor !== undefined;
  const isUtf8 = typeof member.name === 'string' && name.length !== member.name.length;
  const flags = member.flags ?? (isUtf8 ? 0x0800 : 0) | (hasDescriptor ? 0x0008 : 0);
  const honest: MadeHeader = {
    name,
    flags,
    method,
    crc: crc32(data),
    packedSize: packed.length,
    size: data.length,
    offset,
    disk: 0,
  };
  const blank = hasDescriptor ? { crc: 0, packedSize: 0, size: 0 } : {};
  const local = { ...honest, ...blank, ...member.local };
  const central = { ...honest, ...member.central };
  const [date, time] = member.dos ?? [(44 << 9) | (2 << 5) | 3, (4 << 11) | (5 << 5) | 3];
  const shared = Buffer.alloc(26);
  const localExtra = member.localExtra ?? Buffer.alloc(0);
  const centralExtra = member.centralExtra ?? Buffer.alloc(0);
  const head = (of: MadeHeader, extra: Buffer): Buffer => {
    const bytes = Buffer.from(shared);
    bytes.writeUInt16LE(20, 0);
    bytes.writeUInt16LE(of.flags, 2);
    bytes.writeUInt16LE(of.method, 4);
    bytes.writeUInt16LE(time, 6);
    bytes.writeUInt16LE(date, 8);
    bytes.writeUInt32LE(of.crc, 10);
    bytes.writeUInt32LE(of.packedSize, 14);
    bytes.writeUInt32LE(of.size, 18);
    bytes.writeUInt16LE(of.name.length, 22);
    bytes.writeUInt16LE(extra.length, 24);
    return bytes;
  };
  const rest = Buffer.alloc(14);
  rest.writeUInt16LE(central.disk, 2);
  rest.writeUInt32LE(((member.mode ?? 0o100644) * 0x10000) >>> 0, 6);
  rest.writeUInt32LE(central.offset, 10);
  const body = Buffer.concat([
    Buffer.from('PK\x03\x04', 'latin1'),
    head(local, localExtra),
    local.name,
    localExtra,
    packed,
    makeDescriptor(member.descriptor, honest),
    member.behind ?? Buffer.alloc(0),
  ]);
  const creator = Buffer.from([20, member.creator ?? 3]);
  const start = Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), creator]);
  return { body, header: Buffer.concat([start, head(central, centralExtra), rest, central.name, centralExtra]) };
}

function makeDescriptor(kind: MadeMember['descriptor'], header: MadeHeader): Buffer {
  if (kind === undefined) return Buffer.alloc(0);
  if (typeof kind !== 'string') return kind;
  const isWide = kind === 'wide';
  const bytes = Buffer.alloc(isWide ? 24 : 16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(header.crc, 4);
  if (isWide) {
    bytes.writeBigUInt64LE(BigInt(header.packedSize), 8);
    bytes.writeBigUInt64LE(BigInt(header.size), 16);
  } else {
    bytes.writeUInt32LE(header.packedSize, 8);
    bytes.writeUInt32LE(header.size, 12);
  }
  return kind === 'plain' ? bytes.subarray(4) : bytes;
}

function zip64End(count: number, size: number, offset: number, lies: NonNullable<MadeArchive['zip64End']>): Buffer {
  const bytes = Buffer.alloc(56 + 20);
  bytes.writeUInt32LE(0x06064b50, 0);
  bytes.writeBigUInt64LE(44n, 4);
  bytes.writeUInt16LE(45, 12);
  bytes.writeUInt16LE(45, 14);
  bytes.writeBigUInt64LE(BigInt(lies.entries ?? count), 24);
  bytes.writeBigUInt64LE(BigInt(lies.entries ?? count), 32);
  bytes.writeBigUInt64LE(BigInt(size), 40);
  bytes.writeBigUInt64LE(BigInt(offset), 48);
  bytes.writeUInt32LE(0x07064b50, 56);
  bytes.writeBigUInt64LE(BigInt(lies.recordOffset ?? offset + size), 64);
  bytes.writeUInt32LE(lies.disks ?? 1, 72);
  return bytes;
}

/** A zip64 extra field (APPNOTE.TXT 4.5.3) with the given 64-bit values. */
export function zip64Extra(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + values.length * 8);
  bytes.writeUInt16LE(1, 0);
  bytes.writeUInt16LE(values.length * 8, 2);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 4 + index * 8);
  return bytes;
}
