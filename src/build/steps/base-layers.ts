import { baseConfigLayers } from '../../base-image/base-history.ts';
import type { BaseImage } from '../../base-image/base-image.ts';
import { fetchDebs } from '../../debian/mirror.ts';
import type { ComposedBase, PlannedBase, PlannedPython } from '../../plan/types.ts';
import { earliestTime } from '../content-time.ts';
import type { TargetInputs } from '../inputs.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';
import type { LayerBlob } from './image.ts';

/** Raised whenever `composeBase` gives other entries for the same packages. */
const composeVersion = 2;

/** Bottom to top. */
export type BaseLayers = readonly BaseLayer[];

export interface BaseLayer {
  readonly record: LayerRecord;
  /** Where the blob is and what it is called, where it is not one of tare's own. */
  readonly blob?: LayerBlob;
}

/** The layers of the base: composed, or those of an image as they are. */
export async function buildBaseLayers(
  tools: BuildTools,
  target: { readonly base: PlannedBase; readonly python: PlannedPython },
  inputs: Pick<TargetInputs, 'debs' | 'debian' | 'baseImage'>,
): Promise<BaseLayers> {
  const { base, python } = target;
  if (base.provider === 'debian') return [{ record: await buildComposedLayer(tools, base, python, inputs) }];
  if (inputs.baseImage === undefined) throw new Error('a plan with a base image, and no image');
  return layersOfImage(inputs.baseImage);
}

/** The composed Debian core: packages downloaded and unpacked only where no cache has the layer. */
export async function buildComposedLayer(
  tools: BuildTools,
  base: ComposedBase,
  python: PlannedPython,
  inputs: Pick<TargetInputs, 'debs' | 'debian'>,
): Promise<LayerRecord> {
  const recipe: Recipe = {
    kind: 'base',
    composeVersion,
    suite: base.suite,
    architecture: base.architecture,
    python: python.version,
    packages: base.packages.map((one) => one.sha256),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const debs = await fetchDebs(tools.context, inputs.debs, tools.cache, inputs.debian);
    const task = tools.context.progress.start(`composing Debian ${base.suite} ${base.architecture}`);
    const result = await tools.writeLayer({
      kind: 'base',
      output,
      debs,
      suite: base.suite,
      architecture: base.architecture,
      python: python.version,
    });
    task.done();
    return result;
  });
}

function layersOfImage(image: BaseImage): BaseLayers {
  const created = Date.parse(image.config.created ?? '') / 1000;
  const newest = Number.isFinite(created) ? Math.max(earliestTime, Math.floor(created)) : earliestTime;
  const history = baseConfigLayers(image);
  return image.layers.map(({ descriptor, diffId, file }, at) => {
    const { digest, size, mediaType } = descriptor;
    const unpackedSize = image.unpackedSizes[at] ?? 0;
    return {
      record: { digest, diffId, size, unpackedSize, newest },
      blob: { file, mediaType, createdBy: history[at]?.createdBy ?? '' },
    };
  });
}
