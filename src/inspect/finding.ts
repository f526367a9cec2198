/** What can be found; each is explained in `docs/verify.md`. */
export const findingCodes = [
  'bytecode-stale',
  'bytecode-wrong',
  'command-empty',
  'command-missing',
  'command-module-missing',
  'command-not-executable',
  'elf-unreadable',
  'entry-point-invalid',
  'entry-point-missing',
  'home-unwritable',
  'library-missing',
  'library-version-missing',
  'link-dangling',
  'loader-missing',
  'machine-wrong',
  'plug-in-library-missing',
  'program-missing',
  'python-missing',
  'set-id',
  'shebang-long',
  'shebang-missing',
  'tmp-unwritable',
  'user-is-root',
  'user-unknown',
  'workdir-missing',
  'world-writable',
] as const;

export type FindingCode = (typeof findingCodes)[number];

/** One thing that is wrong with an image. Plain data. */
export interface Finding {
  readonly code: FindingCode;
  /** An error fails the image; a warning is told. */
  readonly severity: 'error' | 'warning';
  /** Lower case, no final period. */
  readonly message: string;
  /** Absolute, in the image. */
  readonly path?: string;
  /** How it is reached: distribution, file, …, what is missing. */
  readonly chain?: readonly string[];
  /** What to do about it. */
  readonly hint?: string;
}
