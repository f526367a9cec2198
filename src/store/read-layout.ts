import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { assertBlobSize, layoutBlobPath, readSmallBlob } from '../oci/blob-check.ts';
import { parseImageConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Image } from '../oci/image.ts';
import { chooseManifest } from '../oci/image-index.ts';
import { largestJson, parseJson } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { type Platform, renderPlatform } from '../oci/platform.ts';
import { layoutFileSchema } from '../oci/schema.ts';
import { listManifests } from './list-manifests.ts';

/**
 * The one image of an OCI layout, or the one for `platform` where there are several. Sizes are checked; the digests of layers are
 * not (`validateLayout` does that). Throws `LAYOUT_INVALID`, `PLATFORM_MISSING`, `BLOB_MISSING` and the like.
 */
export async function readLayout(dir: string, platform?: Platform): Promise<Image> {
  const marker = await readTop(dir, 'oci-layout');
  parseJson(layoutFileSchema, marker, {
    code: 'LAYOUT_INVALID',
    object: 'layout marker',
    where: join(dir, 'oci-layout'),
  });
  const path = join(dir, 'index.json');
  const candidates = await listManifests(dir, await readTop(dir, 'index.json'), path);
  return readImage(dir, choose(candidates, platform, dir));
}

/** Whether `dir` is an OCI image layout by its marker. */
export async function isLayout(dir: string): Promise<boolean> {
  try {
    return (await lstat(join(dir, 'oci-layout'))).isFile();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

async function readTop(dir: string, name: string): Promise<Uint8Array> {
  const path = join(dir, name);
  try {
    if ((await lstat(path)).size <= largestJson) return await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw notLayout(dir, name, error);
  }
  throw notLayout(dir, name);
}

function choose(candidates: readonly Descriptor[], platform: Platform | undefined, dir: string): Descriptor {
  if (platform !== undefined) return chooseManifest(candidates, platform, dir);
  const [only, ...others] = candidates;
  if (only !== undefined && others.every((one) => one.digest === only.digest)) return only;
  const offered = candidates.map((one) => (one.platform === undefined ? one.digest : renderPlatform(one.platform)));
  throw new TareError({
    code: 'PLATFORM_MISSING',
    message: offered.length === 0 ? 'the layout holds no image' : 'the layout holds several images',
    where: dir,
    ...(offered.length === 0 ? {} : { actual: offered.join(', '), hint: 'choose one with --platform' }),
  });
}

async function readImage(dir: string, descriptor: Descriptor): Promise<Image> {
  const where = layoutBlobPath(dir, descriptor.digest);
  const manifestBytes = await readSmallBlob(dir, descriptor);
  const manifest = parseManifest(manifestBytes, where);
  const configBytes = await readSmallBlob(dir, manifest.config);
  const config = parseImageConfig(configBytes, layoutBlobPath(dir, manifest.config.digest));
  if (config.diffIds.length !== manifest.layers.length) {
    throw new TareError({
      code: 'IMAGE_CONFIG_INVALID',
      message: 'the image configuration and the manifest do not list the same layers',
      where,
      expected: `${manifest.layers.length} diff IDs`,
      actual: `${config.diffIds.length}`,
    });
  }
  const layers = [];
  for (const [index, layer] of manifest.layers.entries()) {
    const diffId = config.diffIds[index];
    const file = layoutBlobPath(dir, layer.digest);
    await assertBlobSize(file, layer);
    if (diffId !== undefined) layers.push({ descriptor: layer, diffId, file });
  }
  return {
    config: configBytes,
    manifest: manifestBytes,
    mediaType: manifest.mediaType,
    platform: config.platform,
    layers,
  };
}

function notLayout(dir: string, name: string, cause?: unknown): TareError {
  return new TareError({
    code: 'LAYOUT_INVALID',
    message: `\`${dir}\` is not an OCI image layout: its \`${name}\` cannot be read`,
    where: join(dir, name),
    hint: 'give the folder of an OCI image layout: `tare build --output oci:DIR` or `tare pull REFERENCE -o oci:DIR` writes one',
    ...(cause === undefined ? {} : { cause }),
  });
}
