/** A CPython that is started here to compile for an image, and what its bytecode is called. Plain data: it goes to worker threads. */
export interface Compiler {
  /** Program and arguments before those of the interpreter itself. */
  readonly command: readonly string[];
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder without Python modules. */
  readonly cwd: string;
  /** As the interpreter says it: `3.13.5`. Only the image's own version gives the image's own bytes. */
  readonly version: string;
}

/** How an interpreter marks its bytecode (PEP 3147, PEP 552). */
export interface BytecodeFormat {
  /** Full version: `3.13.5`. */
  readonly version: string;
  /** The number that a `.pyc` begins with, without its line end: 3571. */
  readonly magic: number;
  /** In the names below `__pycache__`: `cpython-313`. */
  readonly cacheTag: string;
}
