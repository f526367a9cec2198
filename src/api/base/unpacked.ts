import { join } from 'node:path';
import { layerMediaType } from '../../archive/layer-entry.ts';
import { digestHex, sha256 } from '../../base/digest.ts';
import { isTareError } from '../../base/errors.ts';
import type { BaseLayers } from '../../build/steps/base-layers.ts';
import type { BuildTools } from '../../build/tools.ts';
import { renderImageConfig } from '../../oci/config.ts';
import { type Image, makeImage } from '../../oci/image.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { removeTree } from '../../store/place.ts';
import { writeRootfs } from '../../store/rootfs.ts';

/** A base on disk, to start its Python from. */
export interface UnpackedBase {
  /** Absolute: made for this base alone. */
  readonly folder: string;
  /** The root filesystem in it. */
  readonly root: string;
}

/** Unpacks the layers of a base into the cache, once. */
export async function unpackBase(
  { context, cache }: BuildTools,
  layers: BaseLayers,
  platform: string,
): Promise<UnpackedBase> {
  const name = digestHex(sha256(layers.map(({ record }) => record.diffId).join())).slice(0, 16);
  const folder = join(context.cacheDir, 'tools', `python-${name}`);
  const root = join(folder, 'root');
  const image = makeImage({
    config: bareConfig(layers, platform),
    layers: layers.map(({ record: { digest, diffId, size }, blob }) => ({
      descriptor: { mediaType: blob?.mediaType ?? layerMediaType, digest, size },
      diffId,
      file: blob?.file ?? cache.blobPath(digest),
      ...(blob?.origin === undefined ? {} : { origin: blob.origin }),
    })),
  });
  // Targets and other processes may want the same base at once.
  await cache.withLock(`unpack-${name}`, () => unpack(image, root, context.signal), context.signal);
  return { folder, root };
}

async function unpack(image: Image, root: string, signal: AbortSignal): Promise<void> {
  const options = { signal, ownership: false };
  try {
    await writeRootfs(image, root, options);
  } catch (error) {
    if (!isTareError(error) || error.code !== 'OUTPUT_EXISTS') throw error;
    // It lies in tare's own cache: what is not whole there is nobody's.
    await removeTree(root);
    await writeRootfs(image, root, options);
  }
}

/** The least that makes an image of layers. */
function bareConfig(layers: BaseLayers, platform: string): Uint8Array {
  return renderImageConfig({
    platform: parsePlatform(platform),
    created: new Date(0),
    env: [],
    cmd: [],
    user: '0',
    workdir: '/',
    labels: {},
    exposedPorts: [],
    layers: layers.map(({ record }) => ({ diffId: record.diffId, createdBy: 'tare: base' })),
  });
}
