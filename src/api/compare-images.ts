import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { compareImages as compareDescribed, type ImageComparison } from '../compare/compare-images.ts';
import type { DescribedImage } from '../inspect/describe.ts';
import { openCache } from '../store/cache.ts';
import { describePlace, type DescribeOptions } from './image/described.ts';

export interface CompareImagesOptions extends DescribeOptions {
  /** How many folders are told at most. @default 20 */
  readonly folders?: number;
}

const defaultFolders = 20;

/**
 * Compares images that exist, each read once as a stream: `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, a path, `docker://REFERENCE`,
 * `docker-daemon:NAME`, `podman:NAME`. Throws `TareError`.
 */
export async function compareImages(
  places: readonly string[],
  options: CompareImagesOptions,
  context: Context,
): Promise<ImageComparison> {
  if (places.length < 2) {
    throw new TareError({
      code: 'USAGE',
      message: 'one image alone cannot be compared',
      expected: 'two images or more, or the folder of an application',
      hint: '`tare compare oci:one oci:other`, or `tare compare DIR` to build and compare what a project can be built to',
    });
  }
  const cache = openCache(context.cacheDir);
  const { folders = defaultFolders, ...rest } = options;
  const images: DescribedImage[] = [];
  for (const place of places) images.push(await describePlace(place, rest, cache, context));
  return compareDescribed(images, folders);
}
