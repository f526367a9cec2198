import { readTar, type TarEntry } from '../archive/tar-reader.ts';
import { decodeZstd } from '../archive/zstd.ts';
import type { Context } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { downloadBlob } from '../http/download.ts';
import type { Image, ImageLayer } from '../oci/image.ts';
import { assertDiffId, readLayer } from '../oci/layer-stream.ts';
import { bytecodeIn, isKeptText } from '../root/layer-facts.ts';
import { scanTar } from '../root/scan.ts';
import type { Cache } from '../store/cache.ts';
import type { ProducedLayer } from './recipe.ts';

/** On a layer's descriptor: the recipe key of what it was made from. Equal keys mean equal bytes. */
export const recipeAnnotation = 'tare.recipe';

/** Layers of images that were built before, by their recipe keys. */
export interface LentLayers {
  /** How many there are. */
  readonly size: number;
  readonly has: (key: string) => boolean;
  /** Copies the blob into the cache and reads what there is to know of it; undefined where no image has it. */
  readonly take: (key: string) => Promise<ProducedLayer | undefined>;
}

/** The layers that the manifests of `images` say the recipe of. Digests and diff IDs are checked as they are taken. */
export function openLentLayers(context: Context, cache: Cache, images: readonly Image[]): LentLayers {
  const byKey = new Map(
    images.flatMap((image) =>
      image.layers.flatMap((layer) => {
        const key = layer.descriptor.annotations?.[recipeAnnotation];
        return key === undefined ? [] : [[key, layer] as const];
      }),
    ),
  );
  return {
    size: byKey.size,
    has: (key) => byKey.has(key),
    take: async (key) => {
      const layer = byKey.get(key);
      return layer === undefined ? undefined : takeLayer(context, cache, layer);
    },
  };
}

async function takeLayer(context: Context, cache: Cache, layer: ImageLayer): Promise<ProducedLayer> {
  const { digest, size, mediaType } = layer.descriptor;
  const file = await downloadBlob(context, { url: layer.file, digest, size, name: `layer ${digest}` }, cache);
  let diffId: Digest | undefined;
  const seen = { newest: 0, unpackedSize: 0 };
  const { signal } = context;
  const stream = readLayer({ file, mediaType, digest }, { decodeZstd, signal, onDiffId: (found) => (diffId = found) });
  const entries = noted(readTar(counted(stream, seen), `layer ${digest}`), seen);
  const { files, kept } = await scanTar(entries, { keep: isKeptText, spool: await cache.temporary(), signal });
  assertDiffId(layer, diffId);
  const texts = [...kept].map(([path, bytes]) => [path, Buffer.from(bytes).toString('utf8')] as const);
  return {
    layer: { digest, diffId: layer.diffId, size, ...seen, bytecode: bytecodeIn(files) },
    facts: { files, texts: Object.fromEntries(texts) },
  };
}

async function* counted(stream: AsyncIterable<Uint8Array>, seen: { unpackedSize: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    seen.unpackedSize += chunk.byteLength;
    yield chunk;
  }
}

async function* noted(entries: AsyncIterable<TarEntry>, seen: { newest: number }): AsyncGenerator<TarEntry> {
  for await (const entry of entries) {
    seen.newest = Math.max(seen.newest, entry.mtime);
    yield entry;
  }
}
