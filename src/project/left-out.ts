import type { Because } from '../base/because.ts';
import { canonicalJson, compareText, sortedBy } from '../base/order.ts';

export interface LeftOut {
  /** Relative; a whole folder ends in `/`. */
  readonly path: string;
  readonly because: Because;
}

/**
 * Sorted, each path once, and a folder in place of its files where all of it is left out for one reason. What is in
 * `named` is never folded, so that a secret is always seen.
 */
export function foldLeftOut(
  all: readonly LeftOut[],
  kept: readonly string[],
  named: ReadonlySet<string>,
): readonly LeftOut[] {
  const unique = new Map(all.map((entry) => [entry.path, entry]));
  const entries = sortedBy(unique.values(), ({ path }) => path);
  const blocked = new Set(kept.flatMap(foldersOf));
  const reasons = new Map<string, string | undefined>();
  for (const { path, because } of entries) {
    const reason = canonicalJson(because);
    for (const folder of foldersOf(path)) {
      if (named.has(path)) blocked.add(folder);
      if (!reasons.has(folder)) reasons.set(folder, reason);
      else if (reasons.get(folder) !== reason) reasons.set(folder, undefined);
    }
  }
  const folded = new Map<string, LeftOut>();
  for (const entry of entries) {
    const folder = foldersOf(entry.path).find((name) => !blocked.has(name) && reasons.get(name) !== undefined);
    const path = folder ?? entry.path;
    if (!folded.has(path)) folded.set(path, { path, because: entry.because });
  }
  return [...folded.values()].sort((left, right) => compareText(left.path, right.path));
}

/** The folders above a path, outermost first, each ending in `/`. */
function foldersOf(path: string): string[] {
  const parts = path.replace(/\/$/, '').split('/');
  return parts.slice(0, -1).map((_part, index) => `${parts.slice(0, index + 1).join('/')}/`);
}
