import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { findLoadClient } from '../engine/load/find-load-client.ts';
import type { LoadClient, LoadEngineName } from '../engine/load/load-client.ts';
import { type LoadedImage, loadImage } from '../engine/load/load-image.ts';
import { bringLayers } from '../oci/blob-origin.ts';
import { type Image, imageDigest } from '../oci/image.ts';
import { isSamePlatform, type Platform, renderPlatform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import { writeDockerArchive } from '../store/docker-archive.ts';
import { servedImage } from './image/served.ts';
import { pushableImages } from './registry/push-content.ts';
import { createStopwatch } from './stopwatch.ts';

export type { LoadEngineName } from '../engine/load/load-client.ts';

/** What `tare build --load --json` prints below `loaded`. */
export interface LoadReport extends LoadedImage {
  readonly seconds: number;
}

/** An engine that answers: the first, or the one that is named. Throws `ENGINE_MISSING`. */
export async function openLoadEngine(context: Context, wanted?: LoadEngineName): Promise<LoadClient> {
  return findLoadClient(context, wanted);
}

/**
 * Gives a build's image to an engine under its name: of several platforms the one that the engine runs. Throws `LOAD_FAILED`,
 * `LOAD_PLATFORM_MISSING`.
 */
export async function loadImages(
  images: readonly Image[],
  name: string,
  engine: LoadClient,
  context: Context,
): Promise<LoadReport> {
  const watch = createStopwatch();
  const image = imageFor(images, engine);
  const reference = parseReference(name);
  const loaded = await loadImage(context, engine, {
    image: servedImage(await pushableImages([image]), reference.repository),
    platform: image.platform,
    digest: imageDigest(image),
    layers: image.layers.map((layer) => layer.descriptor.digest),
    reference,
    writeArchive: async (file, refName) => {
      await bringLayers(image.layers);
      await writeDockerArchive(file, [image], { refName, signal: context.signal });
    },
  });
  return { ...loaded, seconds: (watch.milliseconds()['total'] ?? 0) / 1000 };
}

function imageFor(images: readonly Image[], engine: LoadClient): Image {
  const [first, ...others] = images;
  const fitting = images.find((one) => isSamePlatform(one.platform, engine.platform));
  const image = fitting ?? (others.length === 0 ? first : undefined);
  if (image === undefined) throw noPlatform(images, engine.platform, engine.name);
  return image;
}

function noPlatform(images: readonly Image[], platform: Platform, engine: LoadEngineName): TareError {
  return new TareError({
    code: 'LOAD_PLATFORM_MISSING',
    message: `${engine} runs ${renderPlatform(platform)}, which is none of the image’s platforms`,
    actual: images.map((one) => renderPlatform(one.platform)).join(', '),
    hint: `build with --platform ${renderPlatform(platform)} among them, or with a single one`,
  });
}
