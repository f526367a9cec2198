import { type Digest, sha256 } from '../../base/digest.ts';
import { type Descriptor, isIndexMediaType, mediaTypes } from '../../oci/descriptor.ts';
import { chooseManifest, imagesOfIndex, parseImageIndex, renderImageIndex } from '../../oci/image-index.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { RepositoryAccess } from '../../registry/blob.ts';
import type { ManifestDocument } from '../../registry/manifest.ts';
import { pullManifest } from '../../registry/pull.ts';
import type { Cache } from '../../store/cache.ts';

/** The root itself, or the manifests of some of its platforms: one alone, several under an index of their own. */
export async function choosePlatforms(
  access: RepositoryAccess,
  root: ManifestDocument,
  platforms: readonly string[] | undefined,
  cache: Cache,
): Promise<ManifestDocument> {
  if (platforms === undefined || platforms.length === 0 || !isIndexMediaType(root.mediaType)) return root;
  const offered = await listImages(access, root, cache);
  const where = `${access.session.registry}/${access.repository}`;
  const chosen = new Map<Digest, Descriptor>();
  for (const text of platforms) {
    const platform = parsePlatform(text);
    const one = chooseManifest(offered, platform, where);
    chosen.set(one.digest, { ...one, platform });
  }
  const [only, ...others] = [...chosen.values()];
  if (only !== undefined && others.length === 0) return pullManifest(access, only, cache);
  const bytes = renderImageIndex([...chosen.values()]);
  return { mediaType: mediaTypes.index, digest: sha256(bytes), bytes };
}

async function listImages(
  access: RepositoryAccess,
  index: ManifestDocument,
  cache: Cache,
  depth = 0,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  for (const one of imagesOfIndex(parseImageIndex(index.bytes, index.digest))) {
    if (!isIndexMediaType(one.mediaType)) found.push(one);
    else if (depth < 4)
      found.push(...(await listImages(access, await pullManifest(access, one, cache), cache, depth + 1)));
  }
  return found;
}
