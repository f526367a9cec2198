import { type Digest, sha256 } from '../base/digest.ts';
import { sortedBy } from '../base/order.ts';
import type { BlobOrigin } from '../oci/blob-origin.ts';
import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import { configDescriptor, type Image, imageDescriptor } from '../oci/image.ts';
import { renderImageIndex } from '../oci/image-index.ts';
import { renderPlatform } from '../oci/platform.ts';

/** A blob that goes into a layout or an archive: held, or on disk. Sizes in bytes. */
export type StoredBlob =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly size: number }
  | { readonly kind: 'file'; readonly file: string; readonly size: number; readonly origin?: BlobOrigin };

/** All that an OCI image layout holds (OCI image specification, image-layout.md). */
export interface LayoutContents {
  /** `oci-layout`. */
  readonly marker: Uint8Array;
  /** `index.json`. */
  readonly index: Uint8Array;
  readonly blobs: ReadonlyMap<Digest, StoredBlob>;
  /** The image's manifest, or the index over several. */
  readonly root: Descriptor;
}

/** The annotation that names an image within a layout (annotations.md). */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';

const marker = new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}');

/** One image: `index.json` points at its manifest. Several: at an index over them, ordered by platform. */
export function layoutContents(
  images: readonly Image[],
  annotations: Readonly<Record<string, string>> = {},
): LayoutContents {
  const blobs = new Map<Digest, StoredBlob>();
  const descriptors: Descriptor[] = [];
  for (const image of sortedBy(images, (one) => renderPlatform(one.platform))) {
    const descriptor = imageDescriptor(image);
    descriptors.push(descriptor);
    blobs.set(descriptor.digest, heldBlob(image.manifest));
    blobs.set(configDescriptor(image).digest, heldBlob(image.config));
    for (const { descriptor: of, file, origin } of image.layers) {
      blobs.set(of.digest, { kind: 'file', file, size: of.size, ...(origin === undefined ? {} : { origin }) });
    }
  }
  return contentsOf(rootDescriptor(descriptors, blobs), blobs, annotations);
}

/** A layout of one image or index, with all that it points at. */
export function contentsOf(
  root: Descriptor,
  blobs: ReadonlyMap<Digest, StoredBlob>,
  annotations: Readonly<Record<string, string>> = {},
): LayoutContents {
  const listed = Object.keys(annotations).length === 0 ? root : { ...root, annotations };
  return { marker, index: renderImageIndex([listed]), blobs, root };
}

function rootDescriptor(descriptors: readonly Descriptor[], blobs: Map<Digest, StoredBlob>): Descriptor {
  const [first] = descriptors;
  if (first === undefined) throw new Error('a layout needs an image');
  if (descriptors.length === 1) return first;
  const bytes = renderImageIndex(descriptors);
  const digest = sha256(bytes);
  blobs.set(digest, heldBlob(bytes));
  return { mediaType: mediaTypes.index, digest, size: bytes.byteLength };
}

export function heldBlob(bytes: Uint8Array): StoredBlob {
  return { kind: 'bytes', bytes, size: bytes.byteLength };
}
