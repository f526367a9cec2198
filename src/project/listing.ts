import type { Because } from '../base/because.ts';
import type { ProjectWarning } from './facts.ts';

/** What lies in the folder before tare's own rules: what may enter, and what is ignored (whole folders end in `/`). */
export interface Listing {
  readonly paths: readonly string[];
  readonly ignored: readonly { readonly path: string; readonly because: Because }[];
  readonly warnings: readonly ProjectWarning[];
}

/** Folders that no rule can bring back and that may be huge: they are not entered. */
export function isNeverEntered(name: string): boolean {
  return name === '.git' || name === '.tare' || name === '__pycache__';
}

/** A folder with `pyvenv.cfg` is a virtual environment (the site module of Python's library). */
export const environmentMarker = 'pyvenv.cfg';

/** A name that is not UTF-8 on the disk comes back with this character and then cannot be opened. */
export const replacementCharacter = '�';
