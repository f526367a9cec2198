import { TareError } from '../../base/errors.ts';
import { findOpenRequirements } from '../../plan/closed-set.ts';
import { targetMarkerEnvironment } from '../../plan/target.ts';
import type { Target } from '../../plan/types.ts';
import type { InstalledFacts } from '../layer-job.ts';

/** Where the index serves no metadata apart, only now is known whether a lock names everything that its wheels need. */
export function assertClosed(target: Target, installed: ReadonlyMap<string, InstalledFacts>): void {
  if (target.resolution.kind !== 'requirements') return;
  const environment = targetMarkerEnvironment(target.platform, target.python.version, target.python.fullVersion);
  const distributions = target.wheels.map((wheel) => ({
    name: wheel.name,
    extras: [],
    requiresDist: installed.get(wheel.filename)?.facts.requiresDist,
  }));
  const [first, ...more] = findOpenRequirements(distributions, environment);
  if (first === undefined) return;
  throw new TareError({
    code: 'LOCK_NOT_CLOSED',
    message: `\`${first.neededBy}\` needs \`${first.name}\`, which the lock does not have${more.length > 0 ? ` (and ${more.length} more)` : ''}`,
    where: target.resolution.because.file ?? target.platform,
    hint: 'make the lock anew with everything it needs: `uv pip compile --generate-hashes`',
  });
}
