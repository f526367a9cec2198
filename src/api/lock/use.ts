import type { DirectBuild } from '../../build/build.ts';
import type { LockUse } from '../../build/build-report.ts';
import type { CountedCache } from '../../build/recipe.ts';
import { sortedBy } from '../../base/order.ts';
import type { LockOutcome } from './session.ts';

/** Where the files of a lock came from, each once for all targets. */
export function lockUseOf(
  cache: CountedCache,
  outcome: LockOutcome | undefined,
  built: DirectBuild,
): LockUse | undefined {
  if (outcome === undefined) return undefined;
  const sizes = new Map<string, number>();
  const lent = new Set<string>();
  for (const { target, layers } of built.targets) {
    const { base, systemPackages, wheels } = target;
    const packages = base.provider === 'image' ? [] : base.packages;
    for (const one of [...packages, ...systemPackages, ...wheels]) sizes.set(one.sha256, one.size ?? 0);
    for (const { layer, record } of layers) {
      if (record.recipe === undefined || !cache.taken.has(record.recipe)) continue;
      for (const one of layer.kind === 'base' ? packages : systemPackages) lent.add(one.sha256);
    }
  }
  const tally = new Map<string, { files: number; bytes: number }>();
  for (const [digest, size] of sizes) {
    const fetched = [...cache.sources].find(([one]) => one === digest)?.[1];
    const source = fetched ?? (lent.has(digest) ? 'base-from' : 'cache');
    const { files, bytes } = tally.get(source) ?? { files: 0, bytes: 0 };
    tally.set(source, { files: files + 1, bytes: bytes + size });
  }
  return {
    state: outcome.state === 'unchanged' ? 'unchanged' : 'updated',
    sources: sortedBy(tally, ([source]) => source).map(([source, counts]) => ({ source, ...counts })),
  };
}
