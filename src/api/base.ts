import type { Context } from '../base/context.ts';
import { canonicalJson } from '../base/order.ts';
import type { DebianConfig } from '../config/schema.ts';
import { glibcOf, pythonOf, resolveCore } from '../debian/core-set.ts';
import { openSuite } from '../debian/mirror.ts';
import type { DebPackage } from '../debian/package.ts';
import type { ChosenPython } from '../plan/python.ts';
import type { Architecture } from '../plan/target.ts';
import type { PlannedBase, PlannedPython } from '../plan/types.ts';
import type { Cache } from '../store/cache.ts';

export interface ResolvedBase {
  readonly base: PlannedBase;
  readonly python: PlannedPython;
  readonly debs: readonly DebPackage[];
}

/** Raised whenever the core set of the same index may differ. */
const coreVersion = 1;
export const venvPrefix = '/opt/venv';

/** The composed Debian for a Python and an architecture. Solving is remembered by the digest of the suite's index. */
export async function resolveBase(
  context: Context,
  cache: Cache,
  debian: DebianConfig,
  chosen: ChosenPython,
  architecture: Architecture,
): Promise<ResolvedBase> {
  const index = await openSuite(context, debian, chosen.suite, architecture.debian);
  const key = canonicalJson({
    coreVersion,
    index: index.digest,
    python: chosen.python,
    architecture: architecture.debian,
    debian,
  });
  const known = await cache.readRecord('core-set', key);
  const debs = isPackages(known) ? known : resolveCore(index, chosen.python);
  if (debs !== known) await cache.writeRecord('core-set', key, debs);
  return {
    debs,
    base: {
      provider: 'debian',
      suite: chosen.suite,
      architecture: architecture.debian,
      glibc: glibcOf(debs),
      packages: debs.map(({ name, version, filename, sha256, size }) => ({ name, version, filename, sha256, size })),
      because: { rule: `the Debian suite that has Python ${chosen.python}` },
    },
    python: {
      version: chosen.python,
      fullVersion: pythonOf(debs, chosen.python),
      abi: `cp${chosen.python.replace('.', '')}`,
      interpreter: `/usr/bin/python${chosen.python}`,
      prefix: venvPrefix,
      because: chosen.because,
    },
  };
}

function isPackages(value: unknown): value is readonly DebPackage[] {
  return Array.isArray(value) && value.length > 0;
}
