import { TareError } from '../base/errors.ts';
import { compareText } from '../base/order.ts';

/**
 * A compact form of a `Packages` index: one line a package with the fields that are needed, sorted by name, and a sorted
 * list of what is provided, so that a file of it is looked into without being parsed.
 * Layout: magic, three numbers, offsets of package lines, offsets of provision lines, the lines.
 */
export const compactFields = [
  'package',
  'version',
  'architecture',
  'filename',
  'size',
  'sha256',
  'installed-size',
  'multi-arch',
  'priority',
  'pre-depends',
  'depends',
  'conflicts',
  'breaks',
  'provides',
] as const;

export type CompactField = (typeof compactFields)[number];

const fieldNumber = new Map<string, number>(compactFields.map((name, index) => [name, index]));
/** Forced up when the layout or the fields change: it is part of the file's name in the cache. */
export const compactFormat = 1;

/** Makes the compact form of a whole index, given in chunks. `where` names the index in errors. */
export async function compactPackages(source: AsyncIterable<Uint8Array>, where: string): Promise<Uint8Array> {
  const lines = await readLines(source, where);
  lines.sort((left, right) => compareText(nameOf(left), nameOf(right)) || compareText(left, right));
  const provisions: string[] = [];
  for (const [index, line] of lines.entries()) {
    const provides = line.slice(line.lastIndexOf('\t') + 1);
    if (provides === '') continue;
    for (const part of provides.split(',')) {
      const name = /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(part)?.[1];
      if (name !== undefined) provisions.push(`${name}\t${index}`);
    }
  }
  provisions.sort((left, right) => compareText(nameOf(left), nameOf(right)) || compareText(left, right));
  return renderCompact(lines, provisions);
}

const nameOf = (line: string): string => line.slice(0, line.indexOf('\t'));

/** Only ASCII fields are kept, so bytes are read as Latin-1, which costs no checking. */
async function readLines(source: AsyncIterable<Uint8Array>, where: string): Promise<string[]> {
  const lines: string[] = [];
  const stanza = new StanzaReader(lines, where);
  let rest = '';
  for await (const chunk of source) {
    const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      stanza.line(text, start, end);
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length > longestLine) throw invalid('has a line that does not end', where);
  }
  if (rest !== '') stanza.line(rest, 0, rest.length);
  stanza.end();
  return lines;
}

const longestLine = 4 * 1024 * 1024;
const [colon, space, tab] = [0x3a, 0x20, 0x09];

/** Gathers the fields of one paragraph after the other. A class, for it runs over a million lines. */
class StanzaReader {
  readonly #lines: string[];
  readonly #where: string;
  #values: string[] = compactFields.map(() => '');
  #current = -1;
  #isEmpty = true;
  #number = 0;
  readonly #names = new Map<string, number>();

  constructor(lines: string[], where: string) {
    this.#lines = lines;
    this.#where = where;
  }

  line(text: string, start: number, end: number): void {
    this.#number += 1;
    if (end === start) return this.end();
    const first = text.charCodeAt(start);
    if (first === space || first === tab) {
      if (this.#current >= 0) this.#values[this.#current] += ` ${valueOf(text, start, end)}`;
      return;
    }
    const at = text.indexOf(':', start);
    if (at < 0 || at >= end || text.charCodeAt(at) !== colon)
      throw invalid(`has a line ${this.#number} that is no field`, this.#where);
    this.#isEmpty = false;
    this.#current = at - start > 14 ? -1 : this.#numberOf(text.slice(start, at));
    if (this.#current >= 0) this.#values[this.#current] = valueOf(text, at + 1, end);
  }

  /** Names are compared without regard to case (deb822(5)); each spelling is looked up once. */
  #numberOf(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const number = fieldNumber.get(name.toLowerCase()) ?? -1;
    if (this.#names.size < 1000) this.#names.set(name, number);
    return number;
  }

  end(): void {
    if (this.#isEmpty) return;
    for (const needed of [0, 1, 2, 3, 4, 5]) {
      if (this.#values[needed] === '')
        throw invalid(
          `has a paragraph before line ${this.#number} without its field \`${compactFields[needed] ?? ''}\``,
          this.#where,
        );
    }
    const line = this.#values.join('\t');
    this.#lines.push(line);
    this.#values = compactFields.map(() => '');
    this.#current = -1;
    this.#isEmpty = true;
  }
}

/** A tab would be taken for the end of a field. */
function valueOf(text: string, start: number, end: number): string {
  return text.slice(start, end).trim().replaceAll('\t', ' ');
}

const magic = 'tare-deb';
const headerSize = 20;

function renderCompact(lines: readonly string[], provisions: readonly string[]): Uint8Array {
  const all = [lines, provisions];
  const count = lines.length + provisions.length;
  const textSize = all.reduce((sum, list) => list.reduce((size, line) => size + line.length + 1, sum), 0);
  const result = Buffer.alloc(headerSize + count * 4 + textSize);
  result.write(magic, 0, 'latin1');
  result.writeUInt32LE(lines.length, 8);
  result.writeUInt32LE(provisions.length, 12);
  result.writeUInt32LE(textSize, 16);
  let offset = headerSize + count * 4;
  let slot = headerSize;
  for (const list of all) {
    for (const line of list) {
      result.writeUInt32LE(offset, slot);
      result.write(line, offset, 'latin1');
      offset += line.length + 1;
      result[offset - 1] = 0x0a;
      slot += 4;
    }
  }
  return result;
}

/** The compact form, ready to be asked. */
export interface CompactIndex {
  /** The fields of all packages of that name. */
  readonly find: (name: string) => readonly CompactPackage[];
  /** The fields of all packages that provide the name. */
  readonly providers: (name: string) => readonly CompactPackage[];
}

export type CompactPackage = (field: CompactField) => string;

/** How much of the beginning `compactSizeOf` wants to see. */
export const compactHeaderSize = headerSize;

/** How large a compact form is that begins so; undefined where it is none. */
export function compactSizeOf(header: Uint8Array): number | undefined {
  const data = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (data.length < headerSize || data.toString('latin1', 0, 8) !== magic) return undefined;
  return headerSize + (data.readUInt32LE(8) + data.readUInt32LE(12)) * 4 + data.readUInt32LE(16);
}

/** Undefined where the bytes are no compact form: a damaged file in the cache is made anew. */
export function openCompact(bytes: Uint8Array): CompactIndex | undefined {
  if (compactSizeOf(bytes) !== bytes.length) return undefined;
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packages = data.readUInt32LE(8);
  const provisions = data.readUInt32LE(12);

  const lineAt = (index: number): string => {
    const start = data.readUInt32LE(headerSize + index * 4);
    return data.toString('latin1', start, data.indexOf(0x0a, start));
  };
  /** Lines of a sorted range whose first field is the name. */
  function search(name: string, from: number, to: number): string[] {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (nameOf(lineAt(middle)) < name) low = middle + 1;
      else high = middle;
    }
    const found: string[] = [];
    for (let index = low; index < to; index++) {
      const line = lineAt(index);
      if (nameOf(line) !== name) break;
      found.push(line);
    }
    return found;
  }
  return {
    find: (name) => search(name, 0, packages).map(openLine),
    providers: (name) =>
      search(name, packages, packages + provisions).map((line) =>
        openLine(lineAt(Number(line.slice(name.length + 1)))),
      ),
  };
}

function openLine(line: string): CompactPackage {
  const values = line.split('\t');
  return (field) => values[fieldNumber.get(field) ?? 0] ?? '';
}

function invalid(problem: string, where: string): TareError {
  return new TareError({
    code: 'DEBIAN_INDEX_INVALID',
    message: `the package index ${problem}`,
    where,
    hint: 'run again with `--refresh`; if it stays so, the mirror is broken: set another `mirror` in `[tool.tare.debian]`',
  });
}
