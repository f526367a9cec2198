import { requirementsOf } from '../../plan/closed-set.ts';
import { targetMarkerEnvironment } from '../../plan/target.ts';
import type { Target } from '../../plan/types.ts';
import { installOrder, type OrderedDistribution } from '../../python/install-order.ts';
import type { Requirement } from '../../python/requirement.ts';
import type { InstalledFacts } from '../layer-job.ts';

/** The installed wheels in the order in which pip would have put them: a later one overwrites. */
export function pipInstallOrder(
  target: Pick<Target, 'platform' | 'python' | 'wheels'>,
  requested: readonly Requirement[],
  installed: ReadonlyMap<string, InstalledFacts>,
): readonly InstalledFacts[] {
  const byName = new Map<string, InstalledFacts>();
  for (const wheel of target.wheels) {
    const facts = installed.get(wheel.filename);
    if (facts !== undefined) byName.set(wheel.name, facts);
  }
  const environment = targetMarkerEnvironment(target.platform, target.python.version, target.python.fullVersion);
  const needsOf = (name: string, extras: readonly string[]): readonly Requirement[] =>
    requirementsOf(byName.get(name)?.facts.requiresDist ?? [], environment, extras);
  const nodes = new Map<string, OrderedDistribution>();
  const queue: { readonly name: string; readonly extra?: string }[] = [...byName.keys()].map((name) => ({ name }));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { name, extra } = next;
    const key = nodeName(name, extra);
    if (nodes.has(key) || !byName.has(name)) continue;
    const requirements = needsOf(name, extra === undefined ? [] : [extra]);
    const own = extra === undefined ? [] : [name];
    nodes.set(key, { name: key, requires: [...own, ...nodesOf(requirements)], virtual: extra !== undefined });
    for (const one of requirements) for (const wanted of one.extras) queue.push({ name: one.name, extra: wanted });
  }
  for (const one of requested) {
    for (const extra of one.extras) {
      const requires = [one.name, ...nodesOf(needsOf(one.name, [extra]))];
      nodes.set(nodeName(one.name, extra), { name: nodeName(one.name, extra), requires, virtual: true });
    }
  }
  const roots = requested.length > 0 ? nodesOf(requested) : [...byName.keys()];
  return installOrder([...nodes.values()], roots).flatMap((name) => byName.get(name) ?? []);
}

/** pip has a node for a distribution and one for each extra that is asked of it. */
function nodesOf(requirements: readonly Requirement[]): readonly string[] {
  return requirements.flatMap(({ name, extras }) =>
    extras.length === 0 ? [name] : extras.map((extra) => nodeName(name, extra)),
  );
}

function nodeName(name: string, extra: string | undefined): string {
  return extra === undefined ? name : `${name}[${extra}]`;
}
