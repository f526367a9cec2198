import { pathToFileURL } from 'node:url';
import { TareError } from '../../base/errors.ts';
import { sortedBy } from '../../base/order.ts';
import type { SourceToBuild, WheelSource } from '../../plan/wheels.ts';
import type { LockedDistribution } from '../../python/locked.ts';
import { parseWheelName } from '../../python/wheel-name.ts';
import { chooseWheels } from '../wheels/places.ts';
import type { WheelInputs } from '../wheels/resolution.ts';

/** One wheel for each distribution: as the lock or the index has it, else built where that is allowed. */
export async function chooseOrBuild(
  inputs: WheelInputs,
  distributions: readonly LockedDistribution[],
): Promise<readonly WheelSource[]> {
  const { wheels, builds } = await chooseWheels(inputs, distributions);
  assertAllowed(inputs, builds);
  const built: WheelSource[] = [];
  // One after the other: a build takes every core that it finds.
  for (const one of builds) built.push(await buildSource(inputs, one));
  return sortedBy([...wheels, ...built], (one) => one.wheel.name);
}

/** Throws what `chooseOrBuild` would for what may not be built, without building or fetching anything. */
export async function assertChoosable(inputs: WheelInputs): Promise<void> {
  if (inputs.locked?.held !== undefined) return;
  const source = inputs.dependencies.select(inputs.selection);
  if (source.kind === 'unresolved') return;
  assertAllowed(inputs, (await chooseWheels(inputs, source.distributions)).builds);
}

/** The wheel of a source, as one that was chosen. */
export async function buildSource(inputs: WheelInputs, source: SourceToBuild): Promise<WheelSource> {
  const { builder, cache } = inputs;
  if (builder === undefined) throw source.refusal;
  const { filename, sha256, size, built } = await builder.build(source);
  const { version } = parseWheelName(filename);
  return {
    wheel: { name: source.name, version, filename, sha256, size, because: source.because, built },
    url: pathToFileURL(cache.blobPath(sha256)).href,
  };
}

/** Before anything is fetched: throws for what has no wheel and may not be built. */
export function assertAllowed(
  { builder }: Pick<WheelInputs, 'builder'>,
  builds: readonly Pick<SourceToBuild, 'name' | 'refusal'>[],
): void {
  const refused = builds.filter((one) => builder?.permission.isAllowed(one.name) !== true);
  const [first] = refused;
  if (first === undefined) return;
  const { code, message, where, expected, actual, hint } = first.refusal;
  const others = refused.slice(1).map((one) => one.name);
  throw new TareError({
    code,
    message: others.length === 0 ? message : `${message}; nor have ${others.map((name) => `\`${name}\``).join(', ')}`,
    ...(where === undefined ? {} : { where }),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
    hint: [builder?.permission.forbids(first.name), hint].filter((one) => one !== undefined).join(', or '),
  });
}
