import type { Digest } from '../../base/digest.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import type { TargetInputs } from '../../build/inputs.ts';
import { isFreeThreadedAbi } from '../../plan/python.ts';
import { targetMarkerEnvironment } from '../../plan/target.ts';
import type { PlannedWheel } from '../../plan/types.ts';
import { parsePylock, selectFromPylock } from '../../python/pylock.ts';
import type { TagTarget } from '../../python/tags.ts';
import { chooseWheels } from '../wheels/places.ts';
import { headersFor } from '../wheels/target.ts';
import type { BuildPlace, BuildWish } from './types.ts';

export interface BuildRequirements {
  readonly wheels: readonly PlannedWheel[];
  readonly wheelUrls: TargetInputs['wheelUrls'];
}

/** What wheels of a place must fit. */
export function tagTargetOf({ base, architecture }: BuildPlace): TagTarget {
  const [major = 2, minor = 0] = base.base.glibc.split('.').map(Number);
  return {
    python: base.python.version,
    ...(isFreeThreadedAbi(base.python.abi) ? { freeThreaded: true } : {}),
    glibc: { major, minor },
    architecture: architecture.machine,
  };
}

/** The wheels of what a build requires, from the configured indexes. Throws `BUILD_REQUIREMENT_MISSING` where one has no wheel. */
export async function resolveRequirements(
  { project, resolver, config }: Pick<BuildWish, 'project' | 'resolver' | 'config'>,
  place: BuildPlace,
  {
    requires,
    pins,
    what,
  }: { readonly requires: readonly string[]; readonly pins: readonly string[]; readonly what: string },
): Promise<BuildRequirements> {
  if (requires.length === 0) return { wheels: [], wheelUrls: new Map() };
  const target = tagTargetOf(place);
  const rule = `required to build ${what}`;
  const source = {
    kind: 'unresolved' as const,
    requirements: requires.join('\n'),
    constraints: [...config.buildConstraints, ...pins].join('\n'),
    because: { rule },
  };
  try {
    const text = await resolver.resolve(source, target);
    const { version, fullVersion } = place.base.python;
    const environment = targetMarkerEnvironment(place.architecture.platform, version, fullVersion);
    const selected = selectFromPylock(parsePylock(text, rule), { environment, extras: [], groups: [] });
    const { wheels, builds } = await chooseWheels({ resolver, project, target }, selected);
    const [first] = builds;
    if (first !== undefined) throw first.refusal;
    return { wheels: wheels.map((one) => ({ ...one.wheel, because: { rule } })), wheelUrls: urlsOf(wheels, resolver) };
  } catch (error) {
    if (!isTareError(error) || !lacking.has(error.code)) throw error;
    throw new TareError({
      code: 'BUILD_REQUIREMENT_MISSING',
      message: `what ${what} is built with cannot be had as wheels: ${error.message}`,
      where: what,
      expected: requires.join(', '),
      hint: 'take a version of the package that has a wheel, or one that is built with newer tools',
      cause: error,
    });
  }
}

const lacking = new Set(['RESOLVE_IMPOSSIBLE', 'WHEEL_NOT_FOUND', 'SDIST_ONLY', 'SOURCE_NOT_A_WHEEL']);

function urlsOf(
  wheels: readonly { readonly wheel: PlannedWheel; readonly url: string }[],
  resolver: BuildWish['resolver'],
): TargetInputs['wheelUrls'] {
  return new Map(
    wheels.map(({ wheel, url }) => [wheel.sha256 as Digest, { url, ...headersFor(resolver, url) }] as const),
  );
}
