import { layerMediaType } from '../../archive/layer-entry.ts';
import type { BlobOrigin } from '../../oci/blob-origin.ts';
import { renderImageConfig } from '../../oci/config.ts';
import { type Image, makeImage } from '../../oci/image.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { imageSettingsOf } from '../../plan/image-settings.ts';
import type { Plan, PlannedLayer, Target } from '../../plan/types.ts';
import type { Cache } from '../../store/cache.ts';
import { recipeAnnotation } from '../lent-layers.ts';
import type { LayerRecord } from '../recipe.ts';

/** One layer as planned and as built. */
export interface BuiltLayer {
  readonly layer: PlannedLayer;
  readonly record: LayerRecord;
  readonly blob?: LayerBlob;
}

/** A layer that tare did not make. */
export interface LayerBlob {
  readonly file: string;
  readonly mediaType: string;
  readonly createdBy: string;
  readonly origin?: BlobOrigin;
}

export interface ImageInputs {
  readonly plan: Plan;
  readonly target: Target;
  readonly layers: readonly BuiltLayer[];
  readonly cache: Cache;
  /** Seconds since the epoch. */
  readonly created: number;
}

/** Config and manifest around built layers (OCI image specification). */
export function assembleImage(inputs: ImageInputs): Image {
  const { plan, target, layers } = inputs;
  const config = renderImageConfig({
    platform: parsePlatform(target.platform),
    created: new Date(inputs.created * 1000),
    ...imageSettingsOf(plan),
    layers: layers.map(({ layer, record, blob }) => ({
      diffId: record.diffId,
      createdBy: blob?.createdBy ?? `tare: ${layer.title}`,
    })),
  });
  return makeImage({
    config,
    layers: layers.map(({ layer, record, blob }) => ({
      descriptor: {
        mediaType: blob?.mediaType ?? layerMediaType,
        digest: record.digest,
        size: record.size,
        ...annotationsOf(layer, record),
      },
      diffId: record.diffId,
      file: blob?.file ?? inputs.cache.blobPath(record.digest),
      ...(blob?.origin === undefined ? {} : { origin: blob.origin }),
    })),
  });
}

/** What is made of Debian packages may be lent to a later build of the same lock. */
function annotationsOf(
  { kind }: PlannedLayer,
  { recipe }: LayerRecord,
): { readonly annotations?: Record<string, string> } {
  if (recipe === undefined || (kind !== 'base' && kind !== 'system')) return {};
  return { annotations: { [recipeAnnotation]: recipe } };
}
