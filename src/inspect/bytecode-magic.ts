/**
 * The number that a `.pyc` begins with, by the minor version that reads it: the last of each in CPython's
 * `Lib/importlib/_bootstrap_external.py` (since 3.14 in `Include/internal/pycore_magic_number.h`). It never changes after a release.
 */
const magicNumbers: ReadonlyMap<string, number> = new Map([
  ['3.7', 3394],
  ['3.8', 3413],
  ['3.9', 3425],
  ['3.10', 3439],
  ['3.11', 3495],
  ['3.12', 3531],
  ['3.13', 3571],
  ['3.14', 3627],
]);

/** The magic number of a Python's bytecode; undefined for a version that is not known here. */
export function bytecodeMagicOf(version: string): number | undefined {
  return magicNumbers.get(version);
}

/** The Python that a magic number belongs to, for messages. */
export function pythonOfMagic(magic: number): string | undefined {
  return [...magicNumbers].find(([, number]) => number === magic)?.[0];
}
