import type { LayerEntry } from './layer-entry.ts';

/** The unit of a tar archive: headers are one, content is padded to it. */
export const tarBlock = 512;

const typeFlags = { file: 0x30, hardlink: 0x31, symlink: 0x32, directory: 0x35 } as const;
const paxFlag = 0x78;
/** The largest numbers that the octal fields of a ustar header hold. */
const maxId = 0o7777777;
const maxLong = 0o77777777777;
const paxName = Buffer.from('PaxHeaders/entry', 'latin1');
const nothing = new Uint8Array(0);

interface UstarFields {
  readonly name: Uint8Array;
  readonly prefix: Uint8Array;
  readonly link: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: number;
}

/**
 * The header of one entry (POSIX.1-2001 pax Interchange Format): a ustar block, behind an extended header where the
 * entry does not fit one. `size` is that of the content that follows, before padding.
 */
export function renderTarHeader(entry: LayerEntry, size: number): Uint8Array {
  assertWhole(entry, size);
  const path = Buffer.from(entry.type === 'directory' ? `${entry.path}/` : entry.path, 'utf8');
  const link = linkOf(entry);
  const records: Uint8Array[] = [];
  const split = isAscii(path) ? splitName(path) : undefined;
  if (split === undefined) records.push(renderRecord('path', path));
  const longLink = link.length > 100 || !isAscii(link);
  if (longLink) records.push(renderRecord('linkpath', link));
  const fit = (key: string, value: number, max: number): number => {
    if (value >= 0 && value <= max) return value;
    records.push(renderRecord(key, Buffer.from(String(value), 'latin1')));
    return 0;
  };
  const fields: UstarFields = {
    name: split?.name ?? placeholder(path),
    prefix: split?.prefix ?? nothing,
    link: longLink ? placeholder(link) : link,
    mode: entry.mode % 0o10000,
    uid: fit('uid', entry.uid, maxId),
    gid: fit('gid', entry.gid, maxId),
    size: fit('size', size, maxLong),
    mtime: fit('mtime', entry.mtime, maxLong),
    flag: typeFlags[entry.type],
  };
  if (records.length === 0) {
    const block = new Uint8Array(tarBlock);
    writeUstar(block, fields);
    return block;
  }
  return withExtendedHeader(records, fields);
}

/** How many zero bytes follow content of this size, up to the next block. */
export function tarPadding(size: number): number {
  const over = size % tarBlock;
  return over === 0 ? 0 : tarBlock - over;
}

function assertWhole(entry: LayerEntry, size: number): void {
  const natural = [size, entry.mode, entry.uid, entry.gid].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!natural || !Number.isSafeInteger(entry.mtime) || entry.mode > 0o7777) {
    throw new Error(`size, mode, owner and time of ${JSON.stringify(entry.path)} must be whole numbers in their range`);
  }
}

function linkOf(entry: LayerEntry): Uint8Array {
  if (entry.type !== 'symlink' && entry.type !== 'hardlink') return nothing;
  if (entry.linkTarget === undefined || entry.linkTarget === '') {
    throw new Error(`the link ${JSON.stringify(entry.path)} has no target`);
  }
  return Buffer.from(entry.linkTarget, 'utf8');
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

/** Name and prefix (POSIX.1-2001 ustar: `prefix`/`name`), or undefined where no slash lies at the right place. */
function splitName(path: Uint8Array): { name: Uint8Array; prefix: Uint8Array } | undefined {
  if (path.length <= 100) return { name: path, prefix: nothing };
  const slash = path.lastIndexOf(0x2f, Math.min(155, path.length - 2));
  if (slash < 1 || path.length - slash - 1 > 100) return undefined;
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) };
}

/** What a reader without extended headers sees: the end of the name, in ASCII. */
function placeholder(bytes: Uint8Array): Uint8Array {
  return bytes.slice(-100).map((byte) => (byte >= 0x80 ? 0x5f : byte));
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself, in bytes. */
function renderRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n', 'latin1')]);
}

function withExtendedHeader(records: readonly Uint8Array[], fields: UstarFields): Uint8Array {
  const length = records.reduce((sum, record) => sum + record.length, 0);
  const all = new Uint8Array(2 * tarBlock + length + tarPadding(length));
  const { uid, gid, mtime } = fields;
  const pax = { name: paxName, prefix: nothing, link: nothing, mode: 0o644, uid, gid, mtime, size: length };
  writeUstar(all.subarray(0, tarBlock), { ...pax, flag: paxFlag });
  let at = tarBlock;
  for (const record of records) {
    all.set(record, at);
    at += record.length;
  }
  writeUstar(all.subarray(all.length - tarBlock), fields);
  return all;
}

function writeUstar(block: Uint8Array, fields: UstarFields): void {
  block.set(fields.name, 0);
  writeOctal(block, 100, 7, fields.mode);
  writeOctal(block, 108, 7, fields.uid);
  writeOctal(block, 116, 7, fields.gid);
  writeOctal(block, 124, 11, fields.size);
  writeOctal(block, 136, 11, fields.mtime);
  block[156] = fields.flag;
  block.set(fields.link, 157);
  // magic `ustar\0`, version `00`
  block.set([0x75, 0x73, 0x74, 0x61, 0x72, 0, 0x30, 0x30], 257);
  block.set(fields.prefix, 345);
  // The checksum is taken with its own eight bytes as spaces.
  let sum = 8 * 0x20;
  for (const byte of block) sum += byte;
  writeOctal(block, 148, 6, sum);
  block[155] = 0x20;
}

function writeOctal(block: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const digit = rest % 8;
    block[place] = 0x30 + digit;
    rest = (rest - digit) / 8;
  }
}
