import type { InstalledFile } from './install.ts';
export interface Conflict { readonly path: string; readonly owners: readonly string[]; readonly winner: string; }
export function findConflicts(wheels: readonly { readonly name: string; readonly files: readonly InstalledFile[] }[]): readonly Conflict[] { throw new Error(`${wheels}`); }
