import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutBlobPath, readSmallBlob } from '../oci/blob-check.ts';
import { type Descriptor, isIndexMediaType } from '../oci/descriptor.ts';
import { imagesOfIndex, parseImageIndex } from '../oci/image-index.ts';

const deepestIndex = 4;

/** What `index.json` itself lists. Throws as `readSmallBlob` and the parser do. */
export async function listTop(dir: string): Promise<readonly Descriptor[]> {
  const path = join(dir, 'index.json');
  return imagesOfIndex(parseImageIndex(await readFile(path), path));
}

/** Manifests of an index and of the indexes in it; a nested index's platform stands for entries without one. */
export async function listManifests(
  dir: string,
  bytes: Uint8Array,
  where: string,
  depth = 0,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  for (const one of imagesOfIndex(parseImageIndex(bytes, where))) {
    if (!isIndexMediaType(one.mediaType)) found.push(one);
    else if (depth < deepestIndex) {
      found.push(
        ...(await listManifests(dir, await readSmallBlob(dir, one), layoutBlobPath(dir, one.digest), depth + 1)),
      );
    }
  }
  return found;
}
