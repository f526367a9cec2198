import { compareText } from '../base/order.ts';

/**
 * Several lists of lines in one run of bytes, each sorted by the first field of its lines, so that a file of them is looked
 * into without being parsed. Fields are Latin-1 and separated by tabs.
 * Layout: eight bytes of magic, the number of lists, of lines in each, of bytes of text; offsets of the lines; the text.
 */
export interface LineTable {
  /** The fields behind the first one of all lines of a list whose first field is `key`, in order. */
  readonly find: (list: number, key: string) => readonly (readonly string[])[];
}

const fixedSize = 16;

/** How much of the beginning `lineTableSize` wants to see. */
export const lineTableHeaderSize = fixedSize + 4 * 8;

const keyOf = (line: string): string => {
  const tab = line.indexOf('\t');
  return tab < 0 ? line : line.slice(0, tab);
};

/** `magic` has eight characters and changes with what the lines mean; at most eight lists. Sorts the lists in place. */
export function renderLineTable(magic: string, lists: readonly string[][]): Uint8Array {
  for (const list of lists) {
    list.sort((left, right) => compareText(keyOf(left), keyOf(right)) || compareText(left, right));
  }
  const headerSize = fixedSize + lists.length * 4;
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  const textSize = lists.reduce((sum, list) => list.reduce((size, line) => size + line.length + 1, sum), 0);
  const result = Buffer.alloc(headerSize + count * 4 + textSize);
  result.write(magic, 0, 'latin1');
  result.writeUInt32LE(lists.length, 8);
  result.writeUInt32LE(textSize, 12);
  for (const [index, list] of lists.entries()) result.writeUInt32LE(list.length, fixedSize + index * 4);
  let slot = headerSize;
  let offset = headerSize + count * 4;
  for (const line of lists.flat()) {
    result.writeUInt32LE(offset, slot);
    result.write(line, offset, 'latin1');
    offset += line.length + 1;
    result[offset - 1] = 0x0a;
    slot += 4;
  }
  return result;
}

/** How large a table is that begins so; undefined where it is none. */
export function lineTableSize(magic: string, header: Uint8Array): number | undefined {
  const data = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (data.length < fixedSize || data.toString('latin1', 0, 8) !== magic) return undefined;
  const lists = data.readUInt32LE(8);
  const headerSize = fixedSize + lists * 4;
  if (lists > 8 || data.length < headerSize) return undefined;
  const lines = Array.from({ length: lists }, (_, index) => data.readUInt32LE(fixedSize + index * 4));
  return headerSize + lines.reduce((sum, count) => sum + count, 0) * 4 + data.readUInt32LE(12);
}

/** Undefined where the bytes are no such table: a damaged file in the cache is made anew. */
export function openLineTable(magic: string, bytes: Uint8Array): LineTable | undefined {
  if (lineTableSize(magic, bytes) !== bytes.length) return undefined;
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lists = data.readUInt32LE(8);
  const headerSize = fixedSize + lists * 4;
  const starts = [0];
  for (let index = 0; index < lists; index++) {
    starts.push((starts[index] ?? 0) + data.readUInt32LE(fixedSize + index * 4));
  }

  const lineAt = (index: number): string => {
    const start = data.readUInt32LE(headerSize + index * 4);
    const end = data.indexOf(0x0a, start);
    return data.toString('latin1', start, end < 0 ? start : end);
  };
  return {
    find: (list, key) => {
      const end = starts[list + 1] ?? 0;
      let low = starts[list] ?? end;
      let high = end;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (keyOf(lineAt(middle)) < key) low = middle + 1;
        else high = middle;
      }
      const found: string[][] = [];
      for (let index = low; index < end; index++) {
        const [first, ...rest] = lineAt(index).split('\t');
        if (first !== key) break;
        found.push(rest);
      }
      return found;
    },
  };
}
