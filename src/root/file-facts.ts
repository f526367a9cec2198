import type { ElfFacts } from '../elf/elf.ts';

/**
 * What is known of one file of an image without its bytes. Plain data: it is kept in the cache by the layer, wheel or package that
 * the file comes from. Paths are relative to the root, `/` separated, without a leading `/`.
 */
export interface FileFacts {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Permission bits, 0..0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; 0 unless it is a file. */
  readonly size: number;
  /** Target of a symlink (as it is) or hardlink (a path as above). */
  readonly linkTarget?: string;
  /** Where the file is an ELF file that can be read. */
  readonly elf?: ElfFacts;
  /** Where the file begins as an ELF file and cannot be read as one: why. */
  readonly elfProblem?: string;
  /** The first line of a script after `#!`, without surrounding spaces. */
  readonly shebang?: string;
  /** The magic number that a `.pyc` begins with: the interpreter that can run it. */
  readonly bytecodeMagic?: number;
  /** Hexadecimal SHA-256 of a file's bytes, where it was asked for. */
  readonly sha256?: string;
  /** Which layer it is from, counted from the lowest as 0, where that was asked for. */
  readonly layer?: number;
}
