import { readTar } from '../archive/tar-reader.ts';
import { decodeZstd } from '../archive/zstd.ts';
import type { Digest } from '../base/digest.ts';
import { canonicalJson } from '../base/order.ts';
import type { ImageLayer } from '../oci/image.ts';
import { assertDiffId, layerSource, readLayer } from '../oci/layer-stream.ts';
import type { FileFacts } from '../root/file-facts.ts';
import { isKeptText } from '../root/layer-facts.ts';
import { type ScannedLayer, scanTar } from '../root/scan.ts';
import type { BaseCache } from './base-image.ts';
import { withPythonVersions } from './python-text.ts';
import { isWantedText } from './wanted-texts.ts';

/** What one layer brings, as it is kept in the cache. */
export interface LayerFacts {
  /** Bytes of the tar archive. */
  readonly unpackedSize: number;
  /** In the order of the layer, whiteouts included. */
  readonly files: readonly FileFacts[];
  /** Small files by path. */
  readonly texts: Readonly<Record<string, string>>;
  /** The version that a Python program or library holds, by path. */
  readonly pythonVersions: Readonly<Record<string, string>>;
}

/** Raised whenever the facts of the same layer may differ. */
const factsVersion = 2;

function keyOf({ descriptor, diffId }: ImageLayer): string {
  return canonicalJson({ factsVersion, digest: descriptor.digest, diffId });
}

/** Whether a layer need not be read any more. */
export async function isLayerKnown(layer: ImageLayer, cache: Pick<BaseCache, 'read'>): Promise<boolean> {
  return isLayerFacts(await cache.read(keyOf(layer)));
}

/** The facts of a layer, from the cache or by streaming it once. Throws `LAYER_DIFF_ID_MISMATCH` and what reading throws. */
export async function readLayerFacts(layer: ImageLayer, cache: BaseCache, signal: AbortSignal): Promise<LayerFacts> {
  const key = keyOf(layer);
  const known = await cache.read(key);
  if (isLayerFacts(known)) return known;
  await cache.prepare?.(layer);
  const scanned = await scanLayer(layer, await cache.temporary(), signal);
  const facts = { ...scanned, texts: ofTexts(scanned.texts, isWantedText) };
  await cache.write(key, facts);
  await cache.note?.(layer, { files: facts.files, texts: ofTexts(scanned.texts, isKeptText) });
  return facts;
}

function ofTexts(
  texts: Readonly<Record<string, string>>,
  isMeant: (path: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([path]) => isMeant(path)));
}

/** All that anybody asks of a layer, in one go: it may come over the network. */
async function scanLayer(layer: ImageLayer, spool: string, signal: AbortSignal): Promise<LayerFacts> {
  const where = `layer ${layer.descriptor.digest}`;
  const pythonVersions: Record<string, string> = {};
  let actual: Digest | undefined;
  let unpackedSize = 0;
  const stream = readLayer(await layerSource(layer), { decodeZstd, signal, onDiffId: (found) => (actual = found) });
  const entries = withPythonVersions(
    readTar(
      counted(stream, (bytes) => (unpackedSize += bytes)),
      where,
      { withoutDevices: true },
    ),
    (path, version) => (pythonVersions[path] = version),
  );
  const scanned = await scanTar(entries, { keep: (path) => isWantedText(path) || isKeptText(path), spool, signal });
  assertDiffId(layer, actual);
  return { unpackedSize, files: scanned.files, texts: textsOf(scanned), pythonVersions };
}

async function* counted(stream: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    count(chunk.byteLength);
    yield chunk;
  }
}

function textsOf(scanned: ScannedLayer): Readonly<Record<string, string>> {
  const decoder = new TextDecoder();
  const texts = new Map([...scanned.kept].map(([path, bytes]) => [path, decoder.decode(bytes)]));
  for (const { type, path, linkTarget = '' } of scanned.files) {
    const target = type === 'hardlink' && isWantedText(path) ? texts.get(linkTarget) : undefined;
    if (target !== undefined) texts.set(path, target);
  }
  return Object.fromEntries(texts);
}

function isLayerFacts(value: unknown): value is LayerFacts {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'unpackedSize' in value &&
    'files' in value &&
    Array.isArray(value.files) &&
    'texts' in value &&
    'pythonVersions' in value
  );
}
