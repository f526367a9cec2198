import { baseConfigLayers } from '../../base-image/base-history.ts';
import type { BaseImage } from '../../base-image/base-image.ts';
import { fetchDebs } from '../../debian/mirror.ts';
import type { ComposedBase, PlannedBase, PlannedPython, StandaloneBase } from '../../plan/types.ts';
import { bytecodeIn } from '../../root/layer-facts.ts';
import { earliestTime } from '../content-time.ts';
import type { TargetInputs } from '../inputs.ts';
import { type LayerRecord, noteSources, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';
import { buildArchiveLayer } from './archive-layer.ts';
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
  inputs: Pick<TargetInputs, 'debs' | 'debian' | 'baseImage' | 'archive'>,
): Promise<BaseLayers> {
  const { base, python } = target;
  if (base.provider === 'debian') return [{ record: await buildComposedLayer(tools, base, python, inputs) }];
  if (base.provider === 'standalone') {
    const core = buildComposedLayer(tools, base, undefined, inputs);
    const archive = buildArchiveLayer(tools, base.archive, inputs);
    return (await Promise.all([core, archive])).map((record) => ({ record }));
  }
  if (inputs.baseImage === undefined) throw new Error('a plan with a base image, and no image');
  return layersOfImage(inputs.baseImage);
}

/** The composed Debian core, with Debian's Python or without any: packages downloaded and unpacked only where no cache has the layer. */
export async function buildComposedLayer(
  tools: BuildTools,
  base: ComposedBase | StandaloneBase,
  python: PlannedPython | undefined,
  inputs: Pick<TargetInputs, 'debs' | 'debian'>,
): Promise<LayerRecord> {
  const recipe = composedRecipe(base, python);
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const debs = await fetchDebs(tools.context, inputs.debs, tools.cache, inputs.debian);
    noteSources(tools.cache, debs);
    const task = tools.context.progress.start(`composing Debian ${base.suite} ${base.architecture}`);
    const result = await tools.writeLayer({
      kind: 'base',
      output,
      debs,
      suite: base.suite,
      architecture: base.architecture,
      ...(python === undefined ? {} : { python: python.version }),
    });
    task.done();
    return result;
  });
}

/** What a composed core is made from; `python` is absent where an archive has it. */
export function composedRecipe(base: ComposedBase | StandaloneBase, python: PlannedPython | undefined): Recipe {
  return {
    kind: 'base',
    composeVersion,
    suite: base.suite,
    architecture: base.architecture,
    python: python?.version ?? 'none',
    packages: base.packages.map((one) => one.sha256),
  };
}

function layersOfImage(image: BaseImage): BaseLayers {
  const created = Date.parse(image.config.created ?? '') / 1000;
  const newest = Number.isFinite(created) ? Math.max(earliestTime, Math.floor(created)) : earliestTime;
  const history = baseConfigLayers(image);
  return image.layers.map(({ descriptor, diffId, file, origin }, at) => {
    const { digest, size, mediaType } = descriptor;
    const unpackedSize = image.unpackedSizes[at] ?? 0;
    return {
      record: { digest, diffId, size, unpackedSize, newest, bytecode: bytecodeIn(image.layerFiles[at] ?? []) },
      blob: { file, mediaType, createdBy: history[at]?.createdBy ?? '', ...(origin === undefined ? {} : { origin }) },
    };
  });
}
