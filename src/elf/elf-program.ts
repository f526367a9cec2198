import { TareError } from '../base/errors.ts';
import type { ElfFacts } from './elf.ts';

/** A part of the file that the program wants to see next. */
export interface ElfRequest {
  readonly offset: number;
  readonly length: number;
}

type ElfSteps<T> = Generator<ElfRequest, T, Uint8Array>;

/** Bounds far above real files: the largest known have some dozens of segments and some thousands of dynamic entries. */
const most = { segments: 4096, dynamicBytes: 1024 * 1024, stringBytes: 4096, needed: 4096, versions: 16_384 };

const [loadSegment, dynamicSegment, interpreterSegment] = [1, 2, 3];
/** `VER_FLG_BASE`. */
const versionIsBase = 1;
const tags = {
  needed: 1,
  stringTable: 5,
  soname: 14,
  rpath: 15,
  runpath: 29,
  versionNeeds: 0x6ffffffe,
  versionNeedCount: 0x6fffffff,
  versionDefinitions: 0x6ffffffc,
  versionDefinitionCount: 0x6ffffffd,
};

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

interface ElfHeader {
  readonly is64: boolean;
  readonly little: boolean;
  readonly type: number;
  readonly machine: number;
  readonly segments: { readonly offset: number; readonly entrySize: number; readonly count: number };
}

/** The reading itself, as a list of requests, so that it serves bytes at hand and bytes that must be fetched alike. */
export function* elfProgram(size: number, where: string): ElfSteps<ElfFacts> {
  const file = { size, where };
  const header = parseHeader(yield { offset: 0, length: 64 }, where);
  const segments = yield* readSegments(file, header);
  const interpreter = segments.find((segment) => segment.type === interpreterSegment);
  const dynamic = segments.find((segment) => segment.type === dynamicSegment);
  const facts = {
    class: header.is64 ? 64 : 32,
    endian: header.little ? 'little' : 'big',
    machine: machineName(header),
    type: typeName(header.type),
    ...(interpreter === undefined ? {} : { interpreter: yield* readString(file, interpreter.offset) }),
  } as const;
  if (dynamic === undefined) return { ...facts, needed: [], neededVersions: [], definedVersions: [] };
  return { ...facts, ...(yield* readDynamic(file, header, segments, dynamic)) };
}

interface ElfFile {
  readonly size: number;
  readonly where: string;
}

function parseHeader(bytes: Uint8Array, where: string): ElfHeader {
  const view = viewOf(bytes);
  const [bits, order] = [bytes[4], bytes[5]];
  const hasMagic = bytes.length >= 52 && view.getUint32(0) === 0x7f454c46;
  if (!hasMagic || (bits !== 1 && bits !== 2) || (order !== 1 && order !== 2))
    throw invalid('does not begin as one', where);
  const is64 = bits === 2;
  const little = order === 1;
  if (is64 && bytes.length < 64) throw invalid('ends in its header', where);
  return {
    is64,
    little,
    type: view.getUint16(16, little),
    machine: view.getUint16(18, little),
    segments: {
      offset: is64 ? number64(view, 32, little, where) : view.getUint32(28, little),
      entrySize: view.getUint16(is64 ? 54 : 42, little),
      count: view.getUint16(is64 ? 56 : 44, little),
    },
  };
}

function* readSegments(file: ElfFile, header: ElfHeader): ElfSteps<readonly Segment[]> {
  const { is64, little, segments } = header;
  const { offset, entrySize, count } = segments;
  if (count === 0) return [];
  if (count > most.segments || entrySize < (is64 ? 56 : 32) || entrySize > 1024)
    throw invalid('has an impossible segment table', file.where);
  const bytes = yield* readExactly(file, offset, count * entrySize, 'segment table');
  const view = viewOf(bytes);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entrySize;
    const word = (place: number): number =>
      is64 ? number64(view, at + place, little, file.where) : view.getUint32(at + place / 2, little);
    return { type: view.getUint32(at, little), offset: word(8), address: word(16), size: word(32) };
  });
}

type DynamicFacts = Pick<ElfFacts, 'soname' | 'needed' | 'rpath' | 'runpath' | 'neededVersions' | 'definedVersions'>;

function* readDynamic(
  file: ElfFile,
  header: ElfHeader,
  segments: readonly Segment[],
  dynamic: Segment,
): ElfSteps<DynamicFacts> {
  const entries = yield* readEntries(file, header, dynamic);
  const find = (tag: number): number | undefined => entries.find((entry) => entry.tag === tag)?.value;
  const strings = find(tags.stringTable);
  if (strings === undefined) return { needed: [], neededVersions: [], definedVersions: [] };
  const table = offsetOf(strings, segments, file.where);
  const needed: string[] = [];
  for (const entry of entries) {
    if (entry.tag !== tags.needed) continue;
    if (needed.length >= most.needed) throw invalid('needs too many libraries', file.where);
    needed.push(yield* readString(file, table + entry.value));
  }
  const facts: { soname?: string; rpath?: string; runpath?: string } = {};
  for (const name of ['soname', 'rpath', 'runpath'] as const) {
    const at = find(tags[name]);
    if (at !== undefined) facts[name] = yield* readString(file, table + at);
  }
  const places = { file, header, segments, table };
  return {
    ...facts,
    needed,
    neededVersions: yield* readNeededVersions(places, find(tags.versionNeeds), find(tags.versionNeedCount) ?? 0),
    definedVersions: yield* readDefinedVersions(
      places,
      find(tags.versionDefinitions),
      find(tags.versionDefinitionCount) ?? 0,
    ),
  };
}

/** What is needed to follow a chain of version records and their names. */
interface VersionPlaces {
  readonly file: ElfFile;
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  /** Offset of the string table. */
  readonly table: number;
}

function* readEntries(
  file: ElfFile,
  header: ElfHeader,
  dynamic: Segment,
): ElfSteps<readonly { tag: number; value: number }[]> {
  if (dynamic.size > most.dynamicBytes) throw invalid('has too large a dynamic section', file.where);
  const bytes = yield* readExactly(file, dynamic.offset, dynamic.size, 'dynamic section');
  const view = viewOf(bytes);
  const entrySize = header.is64 ? 16 : 8;
  const entries: { tag: number; value: number }[] = [];
  for (let at = 0; at + entrySize <= bytes.length; at += entrySize) {
    const tag = header.is64 ? tag64(view, at, header.little) : view.getUint32(at, header.little);
    if (tag === 0) break;
    if (!Object.values(tags).includes(tag)) continue;
    const value = header.is64
      ? number64(view, at + 8, header.little, file.where)
      : view.getUint32(at + 4, header.little);
    entries.push({ tag, value });
  }
  return entries;
}

/** `Elf_Verneed` and `Elf_Vernaux` chains (LSB Core, 10.7.4 and 10.7.5): offsets from one to the next. */
function* readNeededVersions(
  { file, header, segments, table }: VersionPlaces,
  address: number | undefined,
  count: number,
): ElfSteps<ElfFacts['neededVersions']> {
  const found: { library: string; version: string }[] = [];
  if (address === undefined) return found;
  let at = offsetOf(address, segments, file.where);
  for (let left = Math.min(count, most.needed); left > 0; left--) {
    const need = viewOf(yield* readExactly(file, at, 16, 'version needs'));
    const library = yield* readString(file, table + need.getUint32(4, header.little));
    let auxiliary = at + need.getUint32(8, header.little);
    for (let names = need.getUint16(2, header.little); names > 0; names--) {
      if (found.length >= most.versions) throw invalid('needs too many symbol versions', file.where);
      const name = viewOf(yield* readExactly(file, auxiliary, 16, 'version needs'));
      found.push({ library, version: yield* readString(file, table + name.getUint32(8, header.little)) });
      const next = name.getUint32(12, header.little);
      if (next === 0) break;
      auxiliary += next;
    }
    const next = need.getUint32(12, header.little);
    if (next === 0) break;
    at += next;
  }
  return found;
}

/** `Elf_Verdef` and the first `Elf_Verdaux` of each, its name (LSB Core, 10.7.2 and 10.7.3). The base definition names the file. */
function* readDefinedVersions(
  { file, header, segments, table }: VersionPlaces,
  address: number | undefined,
  count: number,
): ElfSteps<readonly string[]> {
  const found: string[] = [];
  if (address === undefined) return found;
  const { little } = header;
  let at = offsetOf(address, segments, file.where);
  for (let left = Math.min(count, most.versions); left > 0; left--) {
    const definition = viewOf(yield* readExactly(file, at, 20, 'version definitions'));
    const isBase = (definition.getUint16(2, little) & versionIsBase) !== 0;
    const name = viewOf(yield* readExactly(file, at + definition.getUint32(12, little), 8, 'version definitions'));
    if (!isBase) found.push(yield* readString(file, table + name.getUint32(0, little)));
    const next = definition.getUint32(16, little);
    if (next === 0) break;
    at += next;
  }
  return found;
}

/** The place in the file of an address in memory. */
function offsetOf(address: number, segments: readonly Segment[], where: string): number {
  for (const segment of segments) {
    if (segment.type === loadSegment && address >= segment.address && address < segment.address + segment.size) {
      return segment.offset + (address - segment.address);
    }
  }
  throw invalid('has a dynamic section that points outside its segments', where);
}

function* readExactly(file: ElfFile, offset: number, length: number, what: string): ElfSteps<Uint8Array> {
  if (offset + length > file.size) throw invalid(`ends before its ${what}`, file.where);
  const bytes = yield { offset, length };
  if (bytes.length < length) throw invalid(`ends before its ${what}`, file.where);
  return bytes;
}

function* readString(file: ElfFile, offset: number): ElfSteps<string> {
  if (offset >= file.size) throw invalid('names a text outside the file', file.where);
  for (const length of [256, most.stringBytes]) {
    const bytes = yield { offset, length: Math.min(length, file.size - offset) };
    const end = bytes.indexOf(0);
    if (end >= 0) return new TextDecoder().decode(bytes.subarray(0, end));
  }
  throw invalid('has a text that does not end', file.where);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function number64(view: DataView, at: number, little: boolean, where: string): number {
  const value = view.getBigUint64(at, little);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('has an offset that no file can have', where);
  return Number(value);
}

/** A tag may be any number; only small ones matter. */
function tag64(view: DataView, at: number, little: boolean): number {
  return Number(view.getBigUint64(at, little));
}

function typeName(type: number): ElfFacts['type'] {
  const names = [undefined, 'relocatable', 'executable', 'shared', 'core'] as const;
  return names[type] ?? 'other';
}

const machines = new Map<number, string>([
  [3, 'i386'],
  [21, 'ppc64'],
  [22, 's390x'],
  [40, 'arm'],
  [62, 'amd64'],
  [183, 'arm64'],
  [243, 'riscv64'],
  [258, 'loong64'],
]);

function machineName(header: ElfHeader): string {
  const name = machines.get(header.machine) ?? `machine-${header.machine}`;
  return name === 'ppc64' && header.little ? 'ppc64el' : name;
}

function invalid(problem: string, where: string): TareError {
  return new TareError({ code: 'ELF_INVALID', message: `the ELF file ${problem}`, where });
}
