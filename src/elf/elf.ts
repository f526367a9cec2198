import { type ElfRequest, elfProgram } from './elf-program.ts';

export type { ElfRequest } from './elf-program.ts';

/** What a program or shared object says of itself (System V ABI, gABI 4.1, chapters 4 and 5). */
export interface ElfFacts {
  readonly class: 32 | 64;
  readonly endian: 'little' | 'big';
  /** Debian's and OCI's names where there is one: `amd64`, `arm64`, `i386`; else `machine-N`. */
  readonly machine: string;
  readonly type: 'relocatable' | 'executable' | 'shared' | 'core' | 'other';
  readonly soname?: string;
  /** In the order of the file. */
  readonly needed: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  /** The loader that a program asks for. */
  readonly interpreter?: string;
  /** Symbol versions that are needed of other objects: `libc.so.6` → `GLIBC_2.34`, … */
  readonly neededVersions: readonly { readonly library: string; readonly version: string }[];
  /** Symbol versions that it defines for others: `GLIBC_2.34`, … */
  readonly definedVersions: readonly string[];
}

/** True where the first bytes are those of an ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Reads headers and dynamic section of a file in memory. Throws `ELF_INVALID`, naming `where`. */
export function parseElf(bytes: Uint8Array, where: string): ElfFacts {
  return readElf(bytes.length, where, ({ offset, length }) => bytes.subarray(offset, offset + length));
}

/** The same of a file of `size` bytes of which `read` gives ranges, shorter ones at its end. */
export function readElf(size: number, where: string, read: (request: ElfRequest) => Uint8Array): ElfFacts {
  const program = elfProgram(size, where);
  let step = program.next();
  while (step.done !== true) step = program.next(read(step.value));
  return step.value;
}
