import { layerMediaType } from '../archive/layer-entry.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { LayerFacts } from '../root/layer-facts.ts';
import { readLayerFacts } from '../store/layer-facts.ts';
import type { TargetInputs } from './inputs.ts';
import type { LayerRecord } from './recipe.ts';
import type { BaseLayers } from './steps/base-layers.ts';
import type { BuildTools } from './tools.ts';

/** What is in a layer of tare's own: remembered from when it was made, else read out of it. */
export async function readOwnLayer(
  { context, cache }: Pick<BuildTools, 'context' | 'cache'>,
  { digest, size, diffId }: LayerRecord,
): Promise<LayerFacts> {
  const descriptor = { mediaType: layerMediaType, digest, size };
  return readLayerFacts(context, cache, { descriptor, diffId, file: cache.blobPath(digest) });
}

/** What is in the base, layer by layer. */
export async function readBaseFiles(
  tools: Pick<BuildTools, 'context' | 'cache'>,
  base: BaseLayers,
  inputs: Pick<TargetInputs, 'baseImage'>,
): Promise<readonly (readonly FileFacts[])[]> {
  if (inputs.baseImage !== undefined) return inputs.baseImage.layerFiles;
  return Promise.all(base.map(async ({ record }) => (await readOwnLayer(tools, record)).files));
}
