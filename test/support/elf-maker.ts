/** A shared object that a test makes: headers and a dynamic section, no code. */
export interface ElfSpec {
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  readonly interpreter?: string;
  /** Versions needed, by library. */
  readonly versions?: Readonly<Record<string, readonly string[]>>;
  readonly is64?: boolean;
  readonly little?: boolean;
  readonly machine?: number;
  readonly type?: number;
  /** No dynamic section: a static program. */
  readonly isStatic?: boolean;
}

/** Where the file is mapped: addresses are not offsets. */
const imageBase = 0x40_0000;

/** An ELF file (gABI 4.1): header, segment table, strings, version needs, dynamic section. */
export function makeElf(spec: ElfSpec): Buffer {
  const { is64 = true, little = true } = spec;
  const strings = stringTable();
  const headerSize = is64 ? 64 : 52;
  const segmentSize = is64 ? 56 : 32;
  const segments = 1 + (spec.isStatic === true ? 0 : 1) + (spec.interpreter === undefined ? 0 : 1);
  const start = headerSize + segments * segmentSize;

  const versions = renderVersions(spec, strings.add, little);
  const entries: [number, number][] = (spec.needed ?? []).map((name) => [1, strings.add(name)]);
  if (spec.soname !== undefined) entries.push([14, strings.add(spec.soname)]);
  if (spec.rpath !== undefined) entries.push([15, strings.add(spec.rpath)]);
  if (spec.runpath !== undefined) entries.push([29, strings.add(spec.runpath)]);
  const interpreter = spec.interpreter === undefined ? 0 : strings.add(spec.interpreter);
  const text = strings.bytes();
  const versionsAt = start + text.length;
  entries.push([5, imageBase + start]);
  if (versions.count > 0) entries.push([0x6ffffffe, imageBase + versionsAt], [0x6fffffff, versions.count]);
  entries.push([0x6ffffef5, 0], [0, 0]);
  const dynamicAt = versionsAt + versions.bytes.length;
  const word = is64 ? 8 : 4;
  const dynamic = Buffer.alloc(entries.length * word * 2);
  for (const [index, pair] of entries.entries()) {
    for (const [place, value] of pair.entries()) writeWord(dynamic, value, (index * 2 + place) * word, is64, little);
  }
  const size = dynamicAt + dynamic.length;
  const table = [
    segment(1, 0, size),
    ...(spec.isStatic === true ? [] : [segment(2, dynamicAt, dynamic.length)]),
    ...(spec.interpreter === undefined ? [] : [segment(3, start + interpreter, spec.interpreter.length + 1)]),
  ];
  return Buffer.concat([header(), ...table, text, versions.bytes, dynamic]);

  function header(): Buffer {
    const bytes = Buffer.alloc(headerSize);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, little ? 1 : 2, 1]);
    write16(bytes, spec.type ?? 3, 16, little);
    write16(bytes, spec.machine ?? 62, 18, little);
    writeWord(bytes, headerSize, is64 ? 32 : 28, is64, little);
    write16(bytes, segmentSize, is64 ? 54 : 42, little);
    write16(bytes, segments, is64 ? 56 : 44, little);
    return bytes;
  }
  function segment(type: number, offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(segmentSize);
    write32(bytes, type, 0, little);
    writeWord(bytes, offset, is64 ? 8 : 4, is64, little);
    writeWord(bytes, imageBase + offset, is64 ? 16 : 8, is64, little);
    writeWord(bytes, length, is64 ? 32 : 16, is64, little);
    return bytes;
  }
}

function stringTable() {
  const parts = [Buffer.from('\0')];
  let size = 1;
  return {
    add: (text: string): number => {
      const at = size;
      const bytes = Buffer.from(`${text}\0`);
      parts.push(bytes);
      size += bytes.length;
      return at;
    },
    bytes: () => Buffer.concat(parts),
  };
}

function renderVersions(
  spec: ElfSpec,
  add: (text: string) => number,
  little: boolean,
): { bytes: Buffer; count: number } {
  const libraries = Object.entries(spec.versions ?? {});
  const parts = libraries.map(([library, names], index) => {
    const bytes = Buffer.alloc(16 * (1 + names.length));
    write16(bytes, 1, 0, little);
    write16(bytes, names.length, 2, little);
    write32(bytes, add(library), 4, little);
    write32(bytes, 16, 8, little);
    write32(bytes, index + 1 < libraries.length ? bytes.length : 0, 12, little);
    for (const [place, name] of names.entries()) {
      write32(bytes, add(name), 16 * (place + 1) + 8, little);
      write32(bytes, place + 1 < names.length ? 16 : 0, 16 * (place + 1) + 12, little);
    }
    return bytes;
  });
  return { bytes: Buffer.concat(parts), count: libraries.length };
}

function write16(bytes: Buffer, value: number, at: number, little: boolean): void {
  if (little) bytes.writeUInt16LE(value, at);
  else bytes.writeUInt16BE(value, at);
}

function write32(bytes: Buffer, value: number, at: number, little: boolean): void {
  if (little) bytes.writeUInt32LE(value, at);
  else bytes.writeUInt32BE(value, at);
}

function writeWord(bytes: Buffer, value: number, at: number, is64: boolean, little: boolean): void {
  if (!is64) write32(bytes, value, at, little);
  else if (little) bytes.writeBigUInt64LE(BigInt(value), at);
  else bytes.writeBigUInt64BE(BigInt(value), at);
}
