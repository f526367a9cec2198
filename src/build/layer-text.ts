import { layerMediaType } from '../archive/layer-entry.ts';
import { readTar } from '../archive/tar-reader.ts';
import { decodeZstd } from '../archive/zstd.ts';
import { layerSource, readLayer } from '../oci/layer-stream.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { BaseLayer, BaseLayers } from './steps/base-layers.ts';
import type { BuildTools } from './tools.ts';

/**
 * The text of one file of the base, read out of the topmost layer that has it; `path` without links (`RootTree.resolve`), relative
 * to the root; `files` layer by layer. Undefined where no layer has it, or it has more than `limit` bytes.
 */
export async function readBaseText(
  tools: Pick<BuildTools, 'context' | 'cache'>,
  base: BaseLayers,
  files: readonly (readonly FileFacts[])[],
  { path, limit }: { readonly path: string; readonly limit: number },
): Promise<string | undefined> {
  const at = files.findLastIndex((layer) => layer.some((file) => file.path === path));
  const [layer, facts] = [base[at], files[at]?.findLast((file) => file.path === path)];
  if (layer === undefined || facts === undefined) return undefined;
  const wanted = facts.type === 'hardlink' ? (facts.linkTarget ?? '') : path;
  return readFromLayer(tools, layer, wanted, limit);
}

async function readFromLayer(
  { context, cache }: Pick<BuildTools, 'context' | 'cache'>,
  { record, blob }: BaseLayer,
  path: string,
  limit: number,
): Promise<string | undefined> {
  const source = await layerSource({
    file: blob?.file ?? cache.blobPath(record.digest),
    descriptor: { mediaType: blob?.mediaType ?? layerMediaType, digest: record.digest, size: record.size },
    ...(blob?.origin === undefined ? {} : { origin: blob.origin }),
  });
  const stream = readLayer(source, { decodeZstd, signal: context.signal });
  for await (const entry of readTar(stream, `layer ${record.digest}`, { withoutDevices: true })) {
    if (entry.path !== path || entry.type !== 'file') continue;
    if (entry.size > limit) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const chunk of entry.body) pieces.push(Uint8Array.from(chunk));
    return Buffer.concat(pieces).toString('utf8');
  }
  return undefined;
}
