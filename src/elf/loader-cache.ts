import { compareText } from '../base/order.ts';

/** A library that the loader shall find by name. */
export interface CachedLibrary {
  readonly soname: string;
  /** Absolute. */
  readonly path: string;
  /** As in `ElfFacts`. */
  readonly machine: string;
}

/** glibc `sysdeps/generic/dl-cache.h` and `ldconfig.h`: `FLAG_ELF_LIBC6` with the mark of the architecture. */
const architectureFlags = new Map<string, number>([
  ['i386', 0x0003],
  ['amd64', 0x0303],
  ['s390x', 0x0403],
  ['arm', 0x0903],
  ['arm64', 0x0a03],
  ['ppc64el', 0x0503],
  ['riscv64', 0x1003],
]);

const magic = 'glibc-ld.so.cache1.1';
const headerSize = 48;
const entrySize = 24;
const byteOrders = { little: 2, big: 3 } as const;
const bigEndianMachines = new Set(['s390x']);

/**
 * Renders `/etc/ld.so.cache` in glibc's new format (`struct cache_file_new`). Of several libraries with one name the first
 * wins; libraries of machines that are not known are left out. Numbers are in the byte order of the machine.
 */
export function renderLoaderCache(libraries: readonly CachedLibrary[]): Uint8Array {
  const chosen = new Map<string, CachedLibrary>();
  for (const library of libraries) {
    const key = `${library.machine} ${library.soname}`;
    if (architectureFlags.has(library.machine) && !chosen.has(key)) chosen.set(key, library);
  }
  const sorted = [...chosen.values()].sort(byLoaderOrder);
  const order = sorted.some(({ machine }) => bigEndianMachines.has(machine)) ? 'big' : 'little';
  const strings = renderStrings(sorted, headerSize + sorted.length * entrySize);

  const result = Buffer.alloc(headerSize + sorted.length * entrySize + strings.bytes.length);
  result.write(magic, 0, 'latin1');
  const write = (value: number, at: number) =>
    order === 'big' ? result.writeUInt32BE(value, at) : result.writeUInt32LE(value, at);
  write(sorted.length, 20);
  write(strings.bytes.length, 24);
  result.writeUInt8(byteOrders[order], 28);
  for (const [index, library] of sorted.entries()) {
    const at = headerSize + index * entrySize;
    const value = strings.offsets[index] ?? { name: 0, path: 0 };
    write(architectureFlags.get(library.machine) ?? 0, at);
    write(value.name, at + 4);
    write(value.path, at + 8);
  }
  strings.bytes.copy(result, headerSize + sorted.length * entrySize);
  return result;
}

interface StringTable {
  readonly bytes: Buffer;
  readonly offsets: readonly { readonly name: number; readonly path: number }[];
}

/** The name is usually the end of the path, and then shares its bytes. */
function renderStrings(libraries: readonly CachedLibrary[], start: number): StringTable {
  const parts: Buffer[] = [];
  let at = start;
  function add(text: string): number {
    const bytes = Buffer.from(`${text}\0`);
    const place = at;
    parts.push(bytes);
    at += bytes.length;
    return place;
  }
  const offsets = libraries.map(({ soname, path }) => {
    const place = add(path);
    const isEnd = path.endsWith(`/${soname}`);
    return { path: place, name: isEnd ? place + Buffer.byteLength(path) - Buffer.byteLength(soname) : add(soname) };
  });
  return { bytes: Buffer.concat(parts), offsets };
}

/** The loader searches from the greatest name to the least. */
function byLoaderOrder(left: CachedLibrary, right: CachedLibrary): number {
  return compareLibraryNames(right.soname, left.soname) || compareText(left.machine, right.machine);
}

/** glibc `elf/dl-cache.c`, `_dl_cache_libcmp`: numbers inside names are compared as numbers. */
function compareLibraryNames(left: string, right: string): number {
  const a = Buffer.from(`${left}\0`);
  const b = Buffer.from(`${right}\0`);
  let i = 0;
  let j = 0;
  while (a[i] !== 0) {
    const [x, y] = [a[i] ?? 0, b[j] ?? 0];
    if (isDigit(x) && isDigit(y)) {
      const [m, n] = [numberAt(a, i), numberAt(b, j)];
      if (m.value !== n.value) return m.value < n.value ? -1 : 1;
      i = m.end;
      j = n.end;
    } else if (isDigit(x)) return 1;
    else if (isDigit(y)) return -1;
    else if (x !== y) return x - y;
    else {
      i += 1;
      j += 1;
    }
  }
  return 0 - (b[j] ?? 0);
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

function numberAt(bytes: Buffer, from: number): { value: number; end: number } {
  let value = 0;
  let end = from;
  for (let byte = bytes[end] ?? 0; isDigit(byte); byte = bytes[end] ?? 0) {
    value = value * 10 + (byte - 0x30);
    end += 1;
  }
  return { value, end };
}
