import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { layoutBlobPath, readSmallBlob } from '../oci/blob-check.ts';
import { type Descriptor, isIndexMediaType } from '../oci/descriptor.ts';
import type { Image } from '../oci/image.ts';
import { imagesOfIndex, parseImageIndex } from '../oci/image-index.ts';
import { type Platform, renderPlatform } from '../oci/platform.ts';
import { readLayout } from './read-layout.ts';

const deepestIndex = 4;

/** Every image of an OCI layout, one a platform, in the order of its index. Throws as `readLayout` does. */
export async function readLayoutImages(dir: string): Promise<readonly Image[]> {
  const path = join(dir, 'index.json');
  const bytes = await readFile(path).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  });
  // What is wrong with a folder that is no layout, `readLayout` says.
  if (bytes === undefined) return [await readLayout(dir)];
  const found = await flatten(dir, bytes, path, 0);
  const digests = new Set(found.map((one) => one.digest));
  const platforms = new Map<string, Platform>();
  for (const { platform } of found) if (platform !== undefined) platforms.set(renderPlatform(platform), platform);
  if (digests.size <= 1 || platforms.size === 0) return [await readLayout(dir)];
  const images: Image[] = [];
  for (const platform of platforms.values()) images.push(await readLayout(dir, platform));
  return images;
}

async function flatten(dir: string, bytes: Uint8Array, where: string, depth: number): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  for (const one of imagesOfIndex(parseImageIndex(bytes, where))) {
    if (!isIndexMediaType(one.mediaType)) found.push(one);
    else if (depth < deepestIndex) {
      found.push(...(await flatten(dir, await readSmallBlob(dir, one), layoutBlobPath(dir, one.digest), depth + 1)));
    }
  }
  return found;
}
