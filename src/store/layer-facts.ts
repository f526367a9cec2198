import { readTar } from '../archive/tar-reader.ts';
import { decodeZstd } from '../archive/zstd.ts';
import type { Context } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import type { ImageLayer } from '../oci/image.ts';
import { assertDiffId, layerSource, readLayer } from '../oci/layer-stream.ts';
import { isKeptText, type LayerFacts, layerFactsKey } from '../root/layer-facts.ts';
import { scanTar } from '../root/scan.ts';
import type { Cache } from './cache.ts';

const kind = 'layer-facts';

/** The facts of a layer, remembered where it was made or read before. Checks its diff ID on the way. Throws `LAYER_DIFF_ID_MISMATCH`. */
export async function readLayerFacts(context: Context, cache: Cache, layer: ImageLayer): Promise<LayerFacts> {
  const known = await cache.readRecord(kind, layerFactsKey(layer.diffId));
  if (isLayerFacts(known)) return known;
  const facts = await scanLayer(context, cache, layer);
  await writeLayerFacts(cache, layer.diffId, facts);
  return facts;
}

export async function writeLayerFacts(cache: Cache, diffId: Digest, facts: LayerFacts): Promise<void> {
  await cache.writeRecord(kind, layerFactsKey(diffId), facts);
}

function isLayerFacts(value: unknown): value is LayerFacts {
  return typeof value === 'object' && value !== null && 'files' in value && 'texts' in value;
}

async function scanLayer(context: Context, cache: Cache, layer: ImageLayer): Promise<LayerFacts> {
  const { descriptor } = layer;
  const { signal } = context;
  const where = `layer ${descriptor.digest}`;
  const task = context.progress.start(where, descriptor.size);
  let actual: Digest | undefined;
  try {
    const stream = readLayer(await layerSource(layer), { decodeZstd, signal, onDiffId: (found) => (actual = found) });
    const spool = await cache.temporary();
    const entries = readTar(stream, where, { withoutDevices: true });
    const { files, kept } = await scanTar(entries, { keep: isKeptText, spool, signal });
    assertDiffId(layer, actual);
    const texts = [...kept].map(([path, bytes]) => [path, Buffer.from(bytes).toString('utf8')] as const);
    return { files, texts: Object.fromEntries(texts) };
  } finally {
    task.done();
  }
}
