import { type Digest, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import type { BlobOrigin } from './blob-origin.ts';
import { parseImageConfig } from './config.ts';
import { type Descriptor, mediaTypes } from './descriptor.ts';
import { parseManifest, renderManifest } from './manifest.ts';
import type { Platform } from './platform.ts';

/** A layer with the place of its blob. */
export interface ImageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** Absolute path of the blob. */
  readonly file: string;
  /** Where the blob is while it may not be at `file`; absent where it is there. */
  readonly origin?: BlobOrigin;
}

/** One image of one platform: an immutable view over bytes that have a digest, and blobs on disk. */
export interface Image {
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
  /** Of the manifest. */
  readonly mediaType: string;
  readonly platform: Platform;
  /** Bottom to top. */
  readonly layers: readonly ImageLayer[];
}

/** An OCI image of a configuration and its layers. Throws where `config` does not list exactly these layers. */
export function makeImage(fields: {
  readonly config: Uint8Array;
  readonly layers: readonly ImageLayer[];
  readonly annotations?: Readonly<Record<string, string>>;
}): Image {
  const { config, layers, annotations = {} } = fields;
  const parsed = parseImageConfig(config, 'the new image');
  const listed = parsed.diffIds;
  if (listed.length !== layers.length || listed.some((diffId, index) => diffId !== layers[index]?.diffId)) {
    throw new TareError({
      code: 'IMAGE_CONFIG_INVALID',
      message: 'the image configuration and the layers do not belong together',
      expected: layers.map((layer) => layer.diffId).join(', '),
      actual: listed.join(', '),
    });
  }
  const manifest = renderManifest({
    config: { mediaType: mediaTypes.config, digest: sha256(config), size: config.byteLength },
    layers: layers.map((layer) => layer.descriptor),
    annotations,
  });
  return { config, manifest, mediaType: mediaTypes.manifest, platform: parsed.platform, layers };
}

/** The digest by which the image is known: that of its manifest. */
export function imageDigest(image: Image): Digest {
  return sha256(image.manifest);
}

/** How an index points at the image. */
export function imageDescriptor(image: Image): Descriptor {
  return {
    mediaType: image.mediaType,
    digest: imageDigest(image),
    size: image.manifest.byteLength,
    platform: image.platform,
  };
}

/** How the image's manifest points at its configuration. */
export function configDescriptor(image: Image): Descriptor {
  return parseManifest(image.manifest, 'the image').config;
}
