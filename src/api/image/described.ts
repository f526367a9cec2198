import { mapLimit } from '../../base/concurrency.ts';
import type { Context } from '../../base/context.ts';
import { type DescribedImage, describeImage } from '../../inspect/describe.ts';
import { parseImageConfig } from '../../oci/config.ts';
import { layerCompression } from '../../oci/descriptor.ts';
import { type Image, imageDigest, type ImageLayer } from '../../oci/image.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { isSamePlatform, parsePlatform } from '../../oci/platform.ts';
import type { Cache } from '../../store/cache.ts';
import { readLayerContents } from '../../store/layer-contents.ts';
import { readLayoutImages } from '../../store/layout-platforms.ts';
import { measurePacked } from '../../store/packed-size.ts';
import { readLayout } from '../../store/read-layout.ts';
import { ownPlatform } from '../pull.ts';
import { openPlace, type PlaceOptions } from './place.ts';

export interface DescribeOptions extends Omit<PlaceOptions, 'platforms'> {
  /** Of an image that has several: `linux/arm64`. @default the machine's own, else the first */
  readonly platform?: string;
}

/** Describes the image at a place that `openPlace` knows. Nothing stays open. Throws `TareError` where it cannot be read. */
export async function describePlace(
  place: string,
  options: DescribeOptions,
  cache: Cache,
  context: Context,
): Promise<DescribedImage> {
  const { platform, ...rest } = options;
  const wanted = platform === undefined ? {} : { platforms: [platform] };
  const opened = await openPlace(place, cache, context, { ...rest, ...wanted });
  try {
    const image = await chooseImage(opened.dir, platform, context);
    return await describeAtHand(opened.name, image, cache, context);
  } finally {
    await opened.close();
  }
}

async function chooseImage(dir: string, platform: string | undefined, context: Context): Promise<Image> {
  if (platform !== undefined) return readLayout(dir, parsePlatform(platform));
  const images = await readLayoutImages(dir);
  const own = parsePlatform(ownPlatform(context));
  return images.find((one) => isSamePlatform(one.platform, own)) ?? images[0] ?? readLayout(dir);
}

/** Describes an image whose layers are on disk. `isPacked`: also of layers that are not packed, it is told what they are packed. */
export async function describeAtHand(
  name: string,
  image: Image,
  cache: Cache,
  context: Context,
  isPacked = false,
): Promise<DescribedImage> {
  const contents = await mapLimit(image.layers, 2, (layer) => readLayerContents(context, cache, layer));
  const sizes = await mapLimit(image.layers, 2, (layer) => sizeOf(layer, isPacked, context.signal));
  return describeImage({
    name,
    digest: imageDigest(image),
    platform: image.platform,
    config: parseImageConfig(image.config, 'the image configuration'),
    annotations: parseManifest(image.manifest, 'the image').annotations,
    layers: contents.map((one, at) => ({ size: sizes[at], contents: one })),
  });
}

async function sizeOf(layer: ImageLayer, isPacked: boolean, signal: AbortSignal): Promise<number | undefined> {
  if (isPacked) return measurePacked(layer, signal);
  return layerCompression(layer.descriptor.mediaType) === 'none' ? undefined : layer.descriptor.size;
}
