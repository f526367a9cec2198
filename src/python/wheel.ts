import type { ZipSlice } from '../archive/layer-entry.ts';
import { readZip, readZipMember, streamZipMember, type ZipEntry } from '../archive/zip.ts';
import { type Digest, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { type EntryPoint, parseEntryPoints } from './entry-points.ts';
import { type MessageHeader, parseMessageHeaders } from './message-headers.ts';
import { type CoreMetadata, parseMetadata } from './metadata.ts';
import { normalizedName, type PackageName } from './package-name.ts';
import { parseRecord } from './record.ts';
import { isSameVersion } from './version.ts';
import { findWheelLayout } from './wheel-layout.ts';
import { parseWheelName, type WheelName } from './wheel-name.ts';
import { type CheckedRecord, checkRecord, hashMismatch, type WheelWarning } from './wheel-record.ts';

export type { WheelWarning } from './wheel-record.ts';

/** One file of a wheel. */
export interface WheelMember {
  readonly name: string;
  /** Where its bytes are, with the hash that they must have. */
  readonly slice: ZipSlice & { readonly sha256: Digest };
  /** Type and permission bits as the archive has them, 0 where it has none. */
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly modified: number;
  /** The bytes of a script whose first line must be rewritten when it is installed. */
  readonly script?: Uint8Array;
}

/** What is known of a wheel without unpacking it. Plain data: it may be sent to a worker. */
export interface Wheel {
  /** Absolute path of the archive. */
  readonly file: string;
  readonly filename: string;
  readonly name: PackageName;
  /** As in the file name. */
  readonly version: string;
  readonly rootIsPurelib: boolean;
  /** The `Tag` lines of WHEEL. */
  readonly tags: readonly string[];
  readonly metadata: CoreMetadata;
  readonly entryPoints: readonly EntryPoint[];
  /** Files only, in the order of the archive. */
  readonly members: readonly WheelMember[];
  readonly distInfo: string;
  readonly dataFolder?: string;
  readonly warnings: readonly WheelWarning[];
}

/** Scripts whose first line must be rewritten are held in memory: up to here. */
const longestScript = 16 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a wheel (binary distribution format 1.0) without trusting it: `ZIP_*` for the archive, `WHEEL_*`, `METADATA_INVALID`,
 * `RECORD_*`, `ENTRY_POINTS_INVALID` for what is in it. `filename` is the wheel's own name, whatever `file` is called.
 */
export async function readWheel(file: string, filename: string): Promise<Wheel> {
  const name = parseWheelName(filename);
  const { entries } = await readZip(file);
  const layout = findWheelLayout(entries, name);
  const files = entries.filter((entry) => !entry.isDirectory);
  const { place, read, hashes, warnings } = await openDistInfo(files, layout.distInfo, filename);
  const headers = parseMessageHeaders(await read('WHEEL'));
  const newer = assertWheelVersion(headers, place('WHEEL'));
  const metadata = parseMetadata(await read('METADATA'), place('METADATA'));
  assertSameDistribution(metadata, name, place('METADATA'));
  const entryPoints = parseEntryPoints(await read('entry_points.txt', ''), place('entry_points.txt'));
  const members: WheelMember[] = [];
  for (const entry of files) {
    members.push(await toMember(entry, hashOf(hashes, entry), layout.dataFolder, `${filename}: ${entry.name}`));
  }
  return {
    file,
    filename,
    name: name.name,
    version: name.version,
    rootIsPurelib: valueOf(headers, 'root-is-purelib')?.toLowerCase() === 'true',
    tags: headers.filter((header) => header.name === 'tag').map((header) => header.value),
    metadata,
    entryPoints,
    members,
    ...layout,
    warnings: [...newer, ...warnings],
  };
}

interface DistInfo extends CheckedRecord {
  /** How errors call a file of the `.dist-info`. */
  readonly place: (member: string) => string;
  /** The text of a file, verified by RECORD; an error where it is absent and there is no fallback. */
  readonly read: (member: string, fallback?: string) => Promise<string>;
}

async function openDistInfo(files: readonly ZipEntry[], distInfo: string, filename: string): Promise<DistInfo> {
  const byName = new Map(files.map((entry) => [entry.name, entry]));
  const place = (member: string): string => `${filename}: ${distInfo}/${member}`;
  const bytesOf = async (member: string): Promise<Uint8Array | undefined> => {
    const entry = byName.get(`${distInfo}/${member}`);
    return entry === undefined ? undefined : readZipMember(entry.slice, limits.metadataMember, entry.name);
  };
  const recordBytes = await bytesOf('RECORD');
  if (recordBytes === undefined) throw wheelInvalid('it has no RECORD', place('RECORD'));
  const rows = parseRecord(decode(recordBytes, place('RECORD')), place('RECORD'));
  const record = await checkRecord(rows, files, { filename, distInfo });
  const read = async (member: string, fallback?: string): Promise<string> => {
    const bytes = await bytesOf(member);
    if (bytes === undefined) {
      if (fallback === undefined) throw wheelInvalid(`it has no ${member}`, place(member));
      return fallback;
    }
    assertHash(bytes, record.hashes.get(`${distInfo}/${member}`), member, place('RECORD'));
    return decode(bytes, place(member));
  };
  return { ...record, place, read };
}

function assertHash(bytes: Uint8Array, expected: Digest | undefined, member: string, where: string): void {
  const actual = sha256(bytes);
  if (expected !== undefined && actual !== expected) throw hashMismatch(member, where, expected, actual);
}

function hashOf(hashes: ReadonlyMap<string, Digest>, entry: ZipEntry): Digest {
  const hash = hashes.get(entry.name);
  if (hash === undefined) throw new Error(`no hash was made for ${entry.name}`);
  return hash;
}

async function toMember(
  entry: ZipEntry,
  hash: Digest,
  dataFolder: string | undefined,
  where: string,
): Promise<WheelMember> {
  const { name, externalMode, modified } = entry;
  const member = { name, slice: { ...entry.slice, sha256: hash }, mode: externalMode, modified };
  const isScript = dataFolder !== undefined && name.startsWith(`${dataFolder}/scripts/`);
  if (!isScript || !(await beginsWithPython(entry))) return member;
  const script = await readZipMember(entry.slice, longestScript, name);
  assertHash(script, hash, name, where);
  // A plain array: what is sent to a worker comes out as one.
  return { ...member, script: new Uint8Array(script) };
}

/** Whether the first line says `#!python`, which stands for the interpreter of the place of installation. */
async function beginsWithPython(entry: ZipEntry): Promise<boolean> {
  const wanted = '#!python';
  let start = '';
  for await (const chunk of streamZipMember(entry.slice, entry.name)) {
    start += chunk.toString('latin1', 0, wanted.length);
    if (start.length >= wanted.length) break;
  }
  return start.startsWith(wanted);
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw wheelInvalid('it is not UTF-8', where, cause);
  }
}

function valueOf(headers: readonly MessageHeader[], name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value;
}

/** A higher major version is refused, a higher minor one is worth a warning (binary distribution format, "Installing a wheel"). */
function assertWheelVersion(headers: readonly MessageHeader[], where: string): readonly WheelWarning[] {
  const version = valueOf(headers, 'wheel-version') ?? '';
  if (!/^1(?:\.[0-9]{1,3})*$/.test(version)) {
    throw new TareError({
      code: 'WHEEL_VERSION_UNSUPPORTED',
      message: 'the wheel is of a version of the format that is not known',
      where,
      expected: 'Wheel-Version 1.x',
      actual: version === '' ? 'no Wheel-Version' : version.slice(0, 40),
      hint: 'use another version of this package, or a newer tare',
    });
  }
  if (/^1(?:\.0+)*$/.test(version)) return [];
  return [{ code: 'WHEEL_VERSION_NEWER', message: `WHEEL says version ${version}, which is newer than 1.0` }];
}

function assertSameDistribution(metadata: CoreMetadata, name: WheelName, where: string): void {
  if (normalizedName(metadata.name) === name.name && isSameVersion(metadata.version, name.version)) return;
  throw new TareError({
    code: 'WHEEL_METADATA_MISMATCH',
    message: `METADATA names another distribution than \`${name.filename}\``,
    where,
    expected: `${name.name} ${name.version}`,
    actual: `${metadata.name} ${metadata.version}`.slice(0, 200),
    hint: 'use another version of this package, or build the wheel again',
  });
}

function wheelInvalid(message: string, where: string, cause?: unknown): TareError {
  return new TareError({
    code: 'WHEEL_INVALID',
    message: `this is no proper wheel: ${message}`,
    where,
    hint: 'use another version of this package, or build the wheel again',
    ...(cause === undefined ? {} : { cause }),
  });
}
