import type { Target } from '../../plan/types.ts';
import { installOrder } from '../../python/install-order.ts';
import { targetMarkerEnvironment } from '../../plan/target.ts';
import { requirementsOf } from '../../plan/closed-set.ts';
import type { InstalledFacts } from '../layer-job.ts';

/** The installed wheels in the order in which pip would have put them: a later one overwrites. */
export function pipInstallOrder(
  target: Target,
  requested: readonly string[],
  installed: ReadonlyMap<string, InstalledFacts>,
): readonly InstalledFacts[] {
  const byName = new Map<string, InstalledFacts>();
  for (const wheel of target.wheels) {
    const facts = installed.get(wheel.filename);
    if (facts !== undefined) byName.set(wheel.name, facts);
  }
  const environment = targetMarkerEnvironment(target.platform, target.python.version, target.python.fullVersion);
  const graph = [...byName].map(([name, one]) => ({
    name,
    requires: requirementsOf(one.facts.requiresDist, environment, [])
      .map((requirement) => requirement.name)
      .filter((required) => byName.has(required)),
  }));
  const roots = requested.length > 0 ? requested.filter((name) => byName.has(name)) : [...byName.keys()];
  return installOrder(graph, roots).flatMap((name) => byName.get(name) ?? []);
}
