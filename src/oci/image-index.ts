import { TareError } from '../base/errors.ts';
import { canonicalJson } from '../base/order.ts';
import { type Descriptor, isIndexMediaType, isManifestMediaType, mediaTypes } from './descriptor.ts';
import { parseJson } from './json.ts';
import { readDescriptor } from './manifest.ts';
import { isSamePlatform, type Platform, renderPlatform } from './platform.ts';
import { imageIndexSchema } from './schema.ts';

/** An image index (OCI image specification, image-index.md; or Docker's manifest list). */
export interface ImageIndex {
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** The bytes of an OCI image index: canonical JSON, the manifests in the order given. */
export function renderImageIndex(
  manifests: readonly Descriptor[],
  annotations: Readonly<Record<string, string>> = {},
): Uint8Array {
  return new TextEncoder().encode(
    canonicalJson({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests,
      annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
    }),
  );
}

/** Reads an index's bytes. Throws `INDEX_INVALID`. */
export function parseImageIndex(bytes: Uint8Array, where: string): ImageIndex {
  const raw = parseJson(imageIndexSchema, bytes, { code: 'INDEX_INVALID', object: 'image index', where });
  const mediaType = raw.mediaType ?? mediaTypes.index;
  if (!isIndexMediaType(mediaType)) {
    throw new TareError({
      code: 'INDEX_INVALID',
      message: 'the image index has another media type',
      where,
      expected: mediaTypes.index,
      actual: mediaType,
    });
  }
  return { mediaType, manifests: raw.manifests.map(readDescriptor), annotations: raw.annotations ?? {} };
}

/** The images of an index, without attestations (`unknown/unknown`) and foreign artifacts. */
export function imagesOfIndex(index: ImageIndex): readonly Descriptor[] {
  return index.manifests.filter((one) => {
    if (!isManifestMediaType(one.mediaType) && !isIndexMediaType(one.mediaType)) return false;
    return one.platform?.os !== 'unknown' && one.annotations?.['vnd.docker.reference.type'] === undefined;
  });
}

/**
 * The one manifest for `wanted`; an entry without a platform fits where it is the only one.
 * Throws `PLATFORM_MISSING` naming what is there.
 */
export function chooseManifest(candidates: readonly Descriptor[], wanted: Platform, where: string): Descriptor {
  const exact = candidates.find((one) => one.platform !== undefined && isSamePlatform(one.platform, wanted));
  if (exact !== undefined) return exact;
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined && only.platform === undefined) return only;
  const offered = candidates.map((one) =>
    one.platform === undefined ? 'one without a platform' : renderPlatform(one.platform),
  );
  throw new TareError({
    code: 'PLATFORM_MISSING',
    message: `there is no image for ${renderPlatform(wanted)}`,
    where,
    expected: renderPlatform(wanted),
    actual: offered.length === 0 ? 'no image at all' : offered.join(', '),
    hint: 'choose one that is there with --platform',
  });
}
