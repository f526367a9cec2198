import { layerFormat, type WrittenLayer } from '../archive/layer-entry.ts';
import { type Digest, parseDigest, sha256 } from '../base/digest.ts';
import { canonicalJson } from '../base/order.ts';
import type { DebSource, FetchedDeb } from '../debian/mirror.ts';
import type { LayerFacts } from '../root/layer-facts.ts';
import type { Cache } from '../store/cache.ts';
import { writeLayerFacts } from '../store/layer-facts.ts';
import type { LentLayers } from './lent-layers.ts';

/** A layer in the cache, with the newest date (seconds since the epoch) among what went into it. */
export interface LayerRecord extends WrittenLayer {
  readonly newest: number;
  /** Bytes of bytecode in it, unpacked. */
  readonly bytecode: number;
  /** The recipe key, for a layer of tare's own. Not kept with the record: it is its name. */
  readonly recipe?: string;
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
  /** Where files were had that were fetched; all others were there. */
  readonly sources: Map<Digest, FileSource>;
  /** Recipe keys of layers that an image lent. */
  readonly taken: Set<string>;
  /** Layers of an image that was built before: taken before one is made. */
  lent?: LentLayers;
}

/** Where a package or wheel was had. */
export type FileSource = DebSource | 'index' | 'base-from';

/** Remembers where packages were had, for the report. */
export function noteSources(cache: CountedCache, debs: readonly FetchedDeb[]): void {
  for (const { package: one, source } of debs) if (source !== 'cache') cache.sources.set(one.sha256, source);
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
  const asked =
    cache.asked.get(key) ?? findOrMake(cache, key, signal, produce).then((one) => ({ ...one, recipe: key }));
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
      const lent = await cache.lent?.take(key);
      if (lent !== undefined) {
        cache.counters.hits++;
        cache.taken.add(key);
        await writeLayerFacts(cache, lent.layer.diffId, lent.facts);
        await cache.writeRecord('layer', key, lent.layer);
        return lent.layer;
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
  const { digest, diffId, size, unpackedSize, newest, bytecode } = value as Record<string, unknown>;
  if (typeof digest !== 'string' || typeof diffId !== 'string') return undefined;
  if (typeof size !== 'number' || typeof unpackedSize !== 'number' || typeof newest !== 'number') return undefined;
  if (typeof bytecode !== 'number') return undefined;
  const record = { digest: parseDigest(digest), diffId: parseDigest(diffId), size, unpackedSize, newest, bytecode };
  return (await cache.has(record.digest, size)) ? record : undefined;
}
