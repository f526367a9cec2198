import { TareError } from '../../base/errors.ts';
import { lockFile, type LockedWheel } from '../../lock/types.ts';
import type { SourceToBuild } from '../../plan/wheels.ts';
import type { BuildSource } from '../../python/build-source.ts';
import { parseDirectSource } from '../../python/direct-source.ts';
import type { LockedDistribution } from '../../python/locked.ts';
import { parsePackageName } from '../../python/package-name.ts';
import { wheelNameOrProblem } from '../../python/wheel-name.ts';
import { chooseWheels } from '../wheels/places.ts';
import type { WheelInputs } from '../wheels/resolution.ts';
import { assertAllowed } from './choose.ts';
import { namedSource } from './direct.ts';

type LockedBuild = NonNullable<LockedWheel['built']>;

/**
 * Builds a wheel of a lock that this cache does not have, with the versions of what it was built with then. Throws
 * `LOCKED_BUILD_DIFFERS` where another wheel comes out: not every build gives the same bytes twice.
 */
export async function buildAgain(inputs: WheelInputs, locked: LockedWheel, built: LockedBuild): Promise<void> {
  const source = await sourceOf(inputs, locked, built);
  assertAllowed(inputs, [source]);
  const pins = built.requires.flatMap((filename) => {
    const wheel = wheelNameOrProblem(filename);
    return typeof wheel === 'string' ? [] : [`${wheel.name}==${wheel.version}`];
  });
  const again = await inputs.builder?.build(source, pins);
  if (again === undefined) throw source.refusal;
  if (again.sha256 === locked.sha256) return;
  throw new TareError({
    code: 'LOCKED_BUILD_DIFFERS',
    message: `\`${locked.name} ${locked.version}\` was built again, and the wheel is not that of the lock`,
    where: lockFile,
    expected: locked.sha256,
    actual: again.sha256,
    hint: `${
      again.built.key === built.key
        ? 'its build gives other bytes each time'
        : 'it was built in another base, or with another compiler'
    }: use the cache that has it, put the wheel into a folder that PIP_FIND_LINKS names, or move on with \`tare lock --upgrade ${locked.name}\``,
  });
}

async function sourceOf(inputs: WheelInputs, locked: LockedWheel, built: LockedBuild): Promise<SourceToBuild> {
  const name = parsePackageName(locked.name);
  const because = { file: lockFile, rule: 'the lock of the image' };
  const refusal = gone(locked, built);
  const direct = directSource(inputs, locked.name, built);
  if (direct !== undefined) {
    return { name, version: locked.version, source: direct, refusal, because };
  }
  if (built.sha256 === undefined) throw refusal;
  const distribution: LockedDistribution = {
    name,
    version: locked.version,
    files: [],
    hashes: [built.sha256],
    source: { kind: 'index' },
    extras: [],
    because,
  };
  const { builds } = await chooseWheels(inputs, [distribution]);
  const [source] = builds;
  if (source === undefined) throw refusal;
  return source;
}

/** A repository or archive that the requirements themselves name: the lock holds no addresses. */
function directSource(inputs: WheelInputs, name: string, built: LockedBuild): BuildSource | undefined {
  const asked = inputs.dependencies.select(inputs.selection);
  if (asked.kind === 'locked') return undefined;
  for (const line of asked.requirements.split('\n')) {
    const named = namedSource(line);
    if (named === undefined || named.requirement.name !== name) continue;
    const direct = parseDirectSource(named.requirement.url ?? '');
    if (direct?.kind === 'archive') return direct.sha256 === built.sha256 ? direct : undefined;
    if (direct === undefined || built.commit === undefined) return undefined;
    const { url, subdirectory } = direct;
    return { kind: 'git', url, commit: built.commit, ...(subdirectory === undefined ? {} : { subdirectory }) };
  }
  return undefined;
}

function gone({ name, version }: LockedWheel, { source }: LockedBuild): TareError {
  return new TareError({
    code: 'LOCKED_WHEEL_GONE',
    message: `\`${name} ${version}\` of the lock was built from \`${source}\`, which cannot be had any more`,
    where: lockFile,
    hint: `use an index that keeps it, or move on with \`tare lock --upgrade ${name}\``,
  });
}
