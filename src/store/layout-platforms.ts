import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import type { Image } from '../oci/image.ts';
import { type Platform, renderPlatform } from '../oci/platform.ts';
import { listManifests } from './list-manifests.ts';
import { readLayout } from './read-layout.ts';

/** Every image of an OCI layout, one a platform, in the order of its index. Throws as `readLayout` does. */
export async function readLayoutImages(dir: string): Promise<readonly Image[]> {
  const path = join(dir, 'index.json');
  const bytes = await readFile(path).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  });
  // What is wrong with a folder that is no layout, `readLayout` says.
  if (bytes === undefined) return [await readLayout(dir)];
  const found = await listManifests(dir, bytes, path);
  const digests = new Set(found.map((one) => one.digest));
  const platforms = new Map<string, Platform>();
  for (const { platform } of found) if (platform !== undefined) platforms.set(renderPlatform(platform), platform);
  if (digests.size <= 1 || platforms.size === 0) return [await readLayout(dir)];
  const images: Image[] = [];
  for (const platform of platforms.values()) images.push(await readLayout(dir, platform));
  return images;
}
