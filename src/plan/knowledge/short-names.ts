import { knownDistributions } from './distributions.data.ts';
import type { Alternatives } from './types.ts';

/** What `ctypes.util.find_library` finds beyond the libraries named in the data: short name → sonames, the newest first. */
const others: ReadonlyMap<string, Alternatives> = new Map([
  ['c', ['libc.so.6']],
  ['m', ['libm.so.6']],
  ['dl', ['libdl.so.2']],
  ['rt', ['librt.so.1']],
  ['pthread', ['libpthread.so.0']],
  ['gomp', ['libgomp.so.1']],
  ['z', ['libz.so.1']],
  ['crypt', ['libcrypt.so.1']],
  ['sqlite3', ['libsqlite3.so.0']],
]);

/**
 * The sonames that `find_library(name)` would give on some suite, the newest first; empty where none is known: then the suite's
 * index of `lib{name}.so.*` has to say.
 */
export function sonamesOf(shortName: string): Alternatives {
  const start = `lib${shortName}.so`;
  const known = knownDistributions
    .flatMap(({ libraries = [] }) => libraries.flat())
    .filter((soname) => soname === start || soname.startsWith(`${start}.`));
  return [...new Set([...known, ...(others.get(shortName) ?? [])])];
}
