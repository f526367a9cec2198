import { mapLimit } from '../base/concurrency.ts';
import { isTareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { LockedDistribution } from '../python/locked.ts';
import { compatibleTags, type TagTarget } from '../python/tags.ts';
import { chooseWheel, type WheelChoice } from '../python/wheel-choice.ts';
import type { WheelFit } from './bases-report.ts';
import { candidatesOf, type WheelLookup } from './wheels.ts';

/** Pages of an index that are read at once. */
const parallelPages = 6;

/** Which of the distributions have a wheel for a target; nothing is downloaded but pages of the index that the lock leaves open. */
export async function compareWheels(
  distributions: readonly LockedDistribution[],
  target: TagTarget,
  lookup: WheelLookup,
): Promise<WheelFit> {
  const tags = compatibleTags(target);
  const found = await mapLimit(
    sortedBy(distributions, (one) => one.name),
    parallelPages,
    async (distribution) => ({
      name: distribution.name,
      reason: await whatIsMissing(distribution, tags, target, lookup),
    }),
  );
  return {
    total: found.length,
    missing: found.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }])),
  };
}

async function whatIsMissing(
  distribution: LockedDistribution,
  tags: readonly string[],
  target: TagTarget,
  lookup: WheelLookup,
): Promise<string | undefined> {
  if (distribution.source.kind === 'git') return 'from a git repository';
  try {
    const choice = chooseWheel(await candidatesOf(distribution, lookup), tags);
    return choice.kind === 'none' ? reasonOf(choice, target) : undefined;
  } catch (error) {
    if (!isTareError(error)) throw error;
    return error.message;
  }
}

function reasonOf({ wheels, tags }: Extract<WheelChoice<unknown>, { kind: 'none' }>, target: TagTarget): string {
  if (wheels.length === 0) return 'only its source';
  if (target.musl !== undefined) {
    const other = { ...target, glibc: { major: 2, minor: 50 } };
    const { musl: _musl, ...withGlibc } = other;
    const known = new Set(compatibleTags(withGlibc));
    if (tags.some((tag) => known.has(tag))) return 'no musllinux wheel';
  }
  const machine = target.architecture;
  return tags.some((tag) => tag.endsWith(`_${machine}`))
    ? `no wheel for Python ${target.python} here`
    : `no wheel for ${machine}`;
}
