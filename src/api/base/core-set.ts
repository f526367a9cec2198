import type { Context } from '../../base/context.ts';
import { canonicalJson } from '../../base/order.ts';
import { resolveCore } from '../../debian/core-set.ts';
import { type DebianMirrorConfig, openSuite } from '../../debian/mirror.ts';
import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import type { IndexState } from '../../lock/types.ts';
import type { Architecture } from '../../plan/target.ts';
import type { PlannedDebianPackage } from '../../plan/types.ts';
import type { Cache } from '../../store/cache.ts';
import { type PackagePins, stateOf, withPins } from '../lock/pins.ts';

/** Raised whenever the core set of the same index may differ. */
const coreVersion = 1;
/** The virtual environment of every image. */
export const venvPrefix = '/opt/venv';

export interface CoreWish {
  readonly suite: string;
  readonly python: string | undefined;
  /** Packages that stay as they are as long as everything goes together. */
  readonly pins?: PackagePins;
}

export interface CoreSet {
  readonly debs: readonly DebPackage[];
  readonly index: IndexState;
}

/** The core packages of a suite, with its Python or without any. Solving is remembered by the digest of the suite's index. */
export async function resolveCoreSet(
  context: Context,
  cache: Cache,
  debian: DebianMirrorConfig,
  { suite, python, pins }: CoreWish,
  architecture: Architecture,
): Promise<CoreSet> {
  const newest = await openSuite(context, debian, suite, architecture.debian);
  return withPins(context, newest, pins, async (index) => ({
    debs: await solveOnce(cache, debian, index, python, architecture),
    index: stateOf(newest),
  }));
}

async function solveOnce(
  cache: Cache,
  debian: DebianMirrorConfig,
  index: SuiteIndex,
  python: string | undefined,
  architecture: Architecture,
): Promise<readonly DebPackage[]> {
  const key = canonicalJson({
    coreVersion,
    index: index.digest,
    python: python ?? 'none',
    architecture: architecture.debian,
    debian,
  });
  const known = await cache.readRecord('core-set', key);
  if (isPackages(known)) return known;
  const debs = resolveCore(index, python);
  await cache.writeRecord('core-set', key, debs);
  return debs;
}

function isPackages(value: unknown): value is readonly DebPackage[] {
  return Array.isArray(value) && value.length > 0;
}

export function plannedPackages(debs: readonly DebPackage[]): readonly PlannedDebianPackage[] {
  return debs.map(({ name, version, filename, sha256, size }) => ({ name, version, filename, sha256, size }));
}
