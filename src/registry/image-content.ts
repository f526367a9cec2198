import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { type Descriptor, isIndexMediaType, isManifestMediaType } from '../oci/descriptor.ts';
import { parseImageIndex } from '../oci/image-index.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { ManifestDocument } from './manifest.ts';

/** Indexes within indexes, at most. */
const deepestIndex = 4;
/** Manifests of one image, at most. */
const mostManifests = 1024;

/** What makes up an image as a registry sees it. */
export interface ImageContent {
  /** The one that gets the tag: a manifest or an index. */
  readonly root: ManifestDocument;
  /** All others, those that are pointed at before those that point. */
  readonly manifests: readonly ManifestDocument[];
  /** Configurations and layers, each once. */
  readonly blobs: readonly Descriptor[];
}

/** Whether an entry of an index is wanted. */
export type ManifestFilter = (descriptor: Descriptor) => boolean;

/**
 * Collects all that a manifest or index points at. `read` gives a manifest by its descriptor. Throws `INDEX_TOO_DEEP` and what the
 * parsers throw.
 */
export async function collectContent(
  root: ManifestDocument,
  read: (descriptor: Descriptor) => Promise<ManifestDocument>,
): Promise<ImageContent> {
  const manifests = new Map<Digest, ManifestDocument>();
  const blobs = new Map<Digest, Descriptor>();
  const visit = async (document: ManifestDocument, depth: number): Promise<void> => {
    if (!isIndexMediaType(document.mediaType)) {
      for (const blob of blobsOf(document)) blobs.set(blob.digest, blob);
      return;
    }
    if (depth === deepestIndex || manifests.size > mostManifests) throw tooDeep(document);
    for (const one of parseImageIndex(document.bytes, document.digest).manifests) {
      if (manifests.has(one.digest)) continue;
      if (!isManifestMediaType(one.mediaType) && !isIndexMediaType(one.mediaType)) throw foreign(one);
      const child = await read(one);
      await visit(child, depth + 1);
      manifests.set(child.digest, child);
    }
  };
  await visit(root, 0);
  return { root, manifests: [...manifests.values()], blobs: [...blobs.values()] };
}

/** The configuration and the layers of a manifest. */
export function blobsOf(document: ManifestDocument): readonly Descriptor[] {
  const { config, layers } = parseManifest(document.bytes, document.digest);
  return [config, ...layers];
}

function tooDeep(document: ManifestDocument): TareError {
  return new TareError({
    code: 'INDEX_TOO_DEEP',
    message: 'the image index holds more than an image has',
    where: document.digest,
    expected: `at most ${deepestIndex} indexes within each other and ${mostManifests} manifests`,
    hint: 'choose one platform with --platform',
  });
}

function foreign(descriptor: Descriptor): TareError {
  return new TareError({
    code: 'MANIFEST_UNSUPPORTED',
    message: 'the image index holds something that is no image',
    where: descriptor.digest,
    actual: descriptor.mediaType,
    hint: 'choose one platform with --platform',
  });
}
