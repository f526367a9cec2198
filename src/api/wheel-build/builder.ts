import { isForeign } from '../../engine/platform-support.ts';
import { hostPlatform, renderPlatform } from '../../oci/platform.ts';
import { isPure } from '../../plan/layering.ts';
import { parseArchitecture } from '../../plan/target.ts';
import type { SourceToBuild } from '../../plan/wheels.ts';
import { buildAt } from './build-at.ts';
import { inspectSource } from './inspect.ts';
import type { BuildPlace, BuildWish, BuiltWheel, WheelBuilder } from './types.ts';

/** Builds wheels for a place: each once, its result kept in the cache. */
export function createWheelBuilder(wish: BuildWish, place: BuildPlace): WheelBuilder {
  return {
    permission: wish.permission,
    build: async (source, pins = []) =>
      (await buildHere(wish, place, source, pins)) ?? buildAt(wish, place, source, pins),
  };
}

/**
 * For a platform whose programs this machine does not run by itself: what looks like Python alone is built in the same base for this
 * machine, and taken where the wheel is for any platform.
 */
async function buildHere(
  wish: BuildWish,
  place: BuildPlace,
  source: SourceToBuild,
  pins: readonly string[],
): Promise<BuiltWheel | undefined> {
  const { context } = wish.tools;
  if (!isForeign(context, place.architecture.platform) || context.host.platform !== 'linux') return undefined;
  const { signs } = await inspectSource(wish, source);
  if (signs.compiler !== undefined || signs.rust !== undefined) return undefined;
  const architecture = parseArchitecture(renderPlatform(hostPlatform(context.host)));
  const own = await buildAt(wish, { base: await wish.twin(architecture), architecture }, source, pins);
  return isPure(own.filename) ? own : undefined;
}
