import type { Context } from '../../base/context.ts';
import { isTareError } from '../../base/errors.ts';
import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import { movedAlong, withPinned } from '../../debian/pinned-index.ts';
import type { IndexState } from '../../lock/types.ts';
import type { Architecture } from '../../plan/target.ts';
import type { BaseWish } from '../base/resolution.ts';

/** Packages of a lock that are to stay while others move. */
export interface PackagePins {
  /** The suite that they are of: another one has nothing to do with them. */
  readonly suite: string;
  readonly packages: readonly DebPackage[];
  /** What is asked to move. */
  readonly released: ReadonlySet<string>;
}

/** Solves with as many packages pinned as go together: all but what is asked to move, then all but what moves along, then none. */
export async function withPins<T>(
  context: Context,
  index: SuiteIndex,
  pins: PackagePins | undefined,
  solve: (index: SuiteIndex) => Promise<T>,
): Promise<T> {
  if (pins === undefined || pins.suite !== index.suite) return solve(index);
  const { packages, released } = pins;
  for (const moving of [released, movedAlong(released, packages, index)]) {
    try {
      return await solve(
        withPinned(
          index,
          packages.filter((one) => !moving.has(one.name)),
        ),
      );
    } catch (error) {
      if (!isTareError(error) || !unpinnable.has(error.code)) throw error;
      context.log.debug(`not every package can stay as the lock has it: ${error.message}`);
    }
  }
  return solve(index);
}

/** What does not go together, and what cannot be had any more. */
const unpinnable = new Set(['DEBIAN_DEPENDENCY_UNMET', 'LOCKED_FILES_GONE']);

export function stateOf(index: SuiteIndex): IndexState {
  return { digest: index.digest, date: index.date.toISOString().replace(/\.\d+Z$/, 'Z') };
}

/** What stays as a lock has it although the base is resolved anew. */
export function pinsOf(wish: BaseWish, { platform }: Architecture): { readonly pins?: PackagePins } {
  const pins = wish.lock?.(platform)?.pins;
  return pins === undefined ? {} : { pins };
}
