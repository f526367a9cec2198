import { evaluateMarker, type MarkerEnvironment } from '../python/marker.ts';
import { parseRequirement, type Requirement } from '../python/requirement.ts';

/** What a distribution needs in an environment, with the given extras of its own. */
export function requirementsOf(
  requiresDist: readonly string[],
  environment: MarkerEnvironment,
  extras: readonly string[],
): readonly Requirement[] {
  const chosen = new Set(extras);
  return requiresDist
    .map((text) => parseRequirement(text))
    .filter(({ marker }) => marker === undefined || evaluateMarker(marker, environment, chosen));
}

export interface KnownDistribution {
  readonly name: string;
  /** Extras that the lock asks of it. */
  readonly extras: readonly string[];
  /** `Requires-Dist` of its metadata; undefined where that is not known. */
  readonly requiresDist: readonly string[] | undefined;
}

export interface OpenRequirement {
  readonly name: string;
  readonly neededBy: string;
}

/** What the set needs and does not have: empty for a closed set. What is unknown counts as needing nothing. */
export function findOpenRequirements(
  distributions: readonly KnownDistribution[],
  environment: MarkerEnvironment,
): readonly OpenRequirement[] {
  const byName = new Map(distributions.map((one) => [one.name, one]));
  const open: OpenRequirement[] = [];
  const seen = new Set<string>();
  const queue = distributions.map((one) => ({ name: one.name, extras: one.extras }));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const key = `${next.name}[${[...next.extras].sort().join(',')}]`;
    if (seen.has(key)) continue;
    seen.add(key);
    const known = byName.get(next.name);
    for (const requirement of requirementsOf(known?.requiresDist ?? [], environment, next.extras)) {
      if (!byName.has(requirement.name)) open.push({ name: requirement.name, neededBy: next.name });
      else queue.push({ name: requirement.name, extras: requirement.extras });
    }
  }
  return open;
}
