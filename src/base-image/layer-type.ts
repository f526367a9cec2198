import { TareError } from '../base/errors.ts';
import { layerCompression } from '../oci/descriptor.ts';
import type { ImageLayer } from '../oci/image.ts';

const ociTypes = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/**
 * The layer as an OCI manifest lists it: Docker's media types become OCI's, the blob stays what it is. Throws
 * `BASE_LAYER_FOREIGN` where the layer must not be copied, `LAYER_TYPE_UNSUPPORTED` where it is no tar archive.
 */
export function asOciLayer(layer: ImageLayer): ImageLayer {
  const { mediaType, digest } = layer.descriptor;
  const compression = layerCompression(mediaType);
  if (compression === undefined) {
    throw new TareError({
      code: 'LAYER_TYPE_UNSUPPORTED',
      message: `layer ${digest} is of a kind that cannot be unpacked`,
      where: layer.file,
      expected: 'a tar archive, plain or packed with gzip or zstd',
      actual: mediaType,
    });
  }
  if (/\.(?:nondistributable|foreign)\./.test(mediaType)) {
    throw new TareError({
      code: 'BASE_LAYER_FOREIGN',
      message: `layer ${digest} of the base may not be given on: its media type says so`,
      where: layer.file,
      actual: mediaType,
      hint: 'take a base image that has no foreign layers',
    });
  }
  return { ...layer, descriptor: { ...layer.descriptor, mediaType: ociTypes[compression] } };
}
