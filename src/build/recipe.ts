import { layerFormat, type WrittenLayer } from '../archive/layer-entry.ts';
import { parseDigest, sha256 } from '../base/digest.ts';
import { canonicalJson } from '../base/order.ts';
import type { LayerFacts } from '../root/layer-facts.ts';
import type { Cache } from '../store/cache.ts';
import { writeLayerFacts } from '../store/layer-facts.ts';

/** A layer in the cache, with the newest date (seconds since the epoch) among what went into it. */
export interface LayerRecord extends WrittenLayer {
  readonly newest: number;
}

/** Everything that the bytes of a layer depend on, as plain data. */
export type Recipe = Readonly<Record<string, unknown>>;

/** The recipe key: equal inputs, equal key, on every machine. */
export function recipeKey(recipe: Recipe): string {
  return sha256(canonicalJson({ layerFormat, compression: 'gzip', ...recipe }));
}

export interface CountedCache extends Cache {
  readonly counters: { hits: number; misses: number };
  /** Layers that this process has asked for, by recipe key: each counts once. */
  readonly asked: Map<string, Promise<LayerRecord>>;
}

/** A layer that was just written, and what is in it. */
export interface ProducedLayer {
  readonly layer: LayerRecord;
  readonly facts: LayerFacts;
}

/** The layer of a recipe: out of the cache, else made by `produce` once, even when two builds want it. */
export async function withRecipe(
  cache: CountedCache,
  recipe: Recipe,
  signal: AbortSignal,
  produce: (output: string) => Promise<ProducedLayer>,
): Promise<LayerRecord> {
  const key = recipeKey(recipe);
  const asked = cache.asked.get(key) ?? findOrMake(cache, key, signal, produce);
  cache.asked.set(key, asked);
  return asked;
}

async function findOrMake(
  cache: CountedCache,
  key: string,
  signal: AbortSignal,
  produce: (output: string) => Promise<ProducedLayer>,
): Promise<LayerRecord> {
  const known = await readLayerRecord(cache, key);
  if (known !== undefined) {
    cache.counters.hits++;
    return known;
  }
  return cache.withLock(
    `layer-${key.slice(7, 39)}`,
    async () => {
      const meanwhile = await readLayerRecord(cache, key);
      if (meanwhile !== undefined) {
        cache.counters.hits++;
        return meanwhile;
      }
      cache.counters.misses++;
      const temporary = await cache.temporary();
      const { layer, facts } = await produce(temporary);
      await cache.adopt(temporary, layer.digest);
      await writeLayerFacts(cache, layer.diffId, facts);
      await cache.writeRecord('layer', key, layer);
      return layer;
    },
    signal,
  );
}

/** The record of a key, if its blob is there too. A record of another shape counts as absent. */
export async function readLayerRecord(cache: Cache, key: string): Promise<LayerRecord | undefined> {
  const value = await cache.readRecord('layer', key);
  if (typeof value !== 'object' || value === null) return undefined;
  const { digest, diffId, size, unpackedSize, newest } = value as Record<string, unknown>;
  if (typeof digest !== 'string' || typeof diffId !== 'string') return undefined;
  if (typeof size !== 'number' || typeof unpackedSize !== 'number' || typeof newest !== 'number') return undefined;
  const record = { digest: parseDigest(digest), diffId: parseDigest(diffId), size, unpackedSize, newest };
  return (await cache.has(record.digest, size)) ? record : undefined;
}
