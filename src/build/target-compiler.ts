import type { BytecodeFormat, Compiler } from '../bytecode/compiler.ts';

/** The CPython that compiles for a target. */
export interface TargetCompiler extends BytecodeFormat {
  /** Makes it ready on first use: nothing is unpacked for what is in the cache. */
  readonly start: () => Promise<Compiler>;
}

/** Raised whenever the same compiler gives other bytes for the same sources. */
export const bytecodeVersion = 1;

/** What a recipe says of bytecode. Only the interpreter's version counts, not where it comes from. */
export function bytecodeRecipe(compiler: TargetCompiler | undefined): unknown {
  if (compiler === undefined) return 'none';
  return { bytecodeVersion, version: compiler.version, cacheTag: compiler.cacheTag };
}
