import { readTar } from '../archive/tar-reader.ts';
import { decodeZstd } from '../archive/zstd.ts';
import type { Context } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import type { ImageLayer } from '../oci/image.ts';
import { assertDiffId, layerSource, readLayer } from '../oci/layer-stream.ts';
import { type LayerContents, layerContentsKey, scanContents } from '../root/layer-contents.ts';
import type { Cache } from './cache.ts';

const kind = 'layer-contents';

/** The contents of a layer with the digest of each file, remembered once they were read. Throws `LAYER_DIFF_ID_MISMATCH`. */
export async function readLayerContents(context: Context, cache: Cache, layer: ImageLayer): Promise<LayerContents> {
  const key = layerContentsKey(layer.diffId);
  const known = await cache.readRecord(kind, key);
  if (isLayerContents(known)) return known;
  const contents = await scanLayer(context, layer);
  await cache.writeRecord(kind, key, contents);
  return contents;
}

function isLayerContents(value: unknown): value is LayerContents {
  return typeof value === 'object' && value !== null && 'unpackedSize' in value && 'files' in value && 'texts' in value;
}

async function scanLayer({ signal, progress }: Context, layer: ImageLayer): Promise<LayerContents> {
  const { descriptor } = layer;
  const where = `layer ${descriptor.digest}`;
  const task = progress.start(where, descriptor.size);
  let actual: Digest | undefined;
  let unpackedSize = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of readLayer(await layerSource(layer), {
      decodeZstd,
      signal,
      onDiffId: (found) => (actual = found),
    })) {
      unpackedSize += chunk.byteLength;
      yield chunk;
    }
  };
  try {
    const contents = await scanContents(readTar(counted(), where, { withoutDevices: true }), signal);
    assertDiffId(layer, actual);
    return { unpackedSize, ...contents };
  } finally {
    task.done();
  }
}
