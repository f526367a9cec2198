import type { ConfigLayer } from '../oci/config.ts';
import type { BaseImage } from './base-image.ts';

/** The base's layers as the configuration of an image made from it lists them, each with what the base says of its making. */
export function baseConfigLayers(base: Pick<BaseImage, 'config' | 'layers'>): readonly ConfigLayer[] {
  const steps = base.config.history.filter((step) => !step.empty);
  // A history that does not fit the layers tells nothing of any of them.
  const isTold = steps.length === base.layers.length;
  return base.layers.map(({ diffId }, index) => {
    const { createdBy, comment } = isTold ? (steps[index] ?? {}) : {};
    return {
      diffId,
      createdBy: createdBy ?? `layer ${index + 1} of the base`,
      ...(comment === undefined ? {} : { comment }),
    };
  });
}
