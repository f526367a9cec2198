import { readFile, writeFile } from 'node:fs/promises';
import type { BlobCache } from '../base/blob-cache.ts';
import { sha256 } from '../base/digest.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ManifestDocument } from './manifest.ts';

/** A manifest that was seen before; undefined where it was not, or is damaged. */
export async function readKeptManifest(
  { digest, mediaType, size }: Descriptor,
  cache: BlobCache,
): Promise<ManifestDocument | undefined> {
  if (!(await cache.has(digest, size))) return undefined;
  const bytes = await readFile(cache.blobPath(digest));
  return sha256(bytes) === digest ? { mediaType, digest, bytes } : undefined;
}

/** Keeps a manifest: what has a digest never changes, and need not be asked for again. */
export async function keepManifest(document: ManifestDocument, cache: BlobCache): Promise<void> {
  if (await cache.has(document.digest, document.bytes.byteLength)) return;
  const temporary = await cache.temporary();
  await writeFile(temporary, document.bytes);
  await cache.adopt(temporary, document.digest);
}
