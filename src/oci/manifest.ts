import { canonicalJson } from '../base/order.ts';
import { type Descriptor, isManifestMediaType, mediaTypes } from './descriptor.ts';
import { parseJson } from './json.ts';
import { makePlatform } from './platform.ts';
import { manifestSchema } from './schema.ts';
import { TareError } from '../base/errors.ts';

/** An image manifest (OCI image specification, manifest.md; or Docker's version 2, schema 2). */
export interface Manifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Bottom to top. */
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** The bytes of an OCI image manifest: canonical JSON. */
export function renderManifest(manifest: Omit<Manifest, 'mediaType'>): Uint8Array {
  const { config, layers, annotations } = manifest;
  return new TextEncoder().encode(
    canonicalJson({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: plainDescriptor(config),
      layers: layers.map(plainDescriptor),
      annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
    }),
  );
}

/** Reads a manifest's bytes. Throws `MANIFEST_INVALID`. */
export function parseManifest(bytes: Uint8Array, where: string): Manifest {
  const raw = parseJson(manifestSchema, bytes, { code: 'MANIFEST_INVALID', object: 'image manifest', where });
  const mediaType = raw.mediaType ?? mediaTypes.manifest;
  if (!isManifestMediaType(mediaType)) {
    throw new TareError({
      code: 'MANIFEST_INVALID',
      message: 'the image manifest has another media type',
      where,
      expected: mediaTypes.manifest,
      actual: mediaType,
    });
  }
  return {
    mediaType,
    config: readDescriptor(raw.config),
    layers: raw.layers.map(readDescriptor),
    annotations: raw.annotations ?? {},
  };
}

type RawDescriptor = Omit<Descriptor, 'annotations' | 'platform'> & {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly platform?:
    | { readonly os: string; readonly architecture: string; readonly variant?: string | undefined }
    | undefined;
};

/** A descriptor as the schema gives it, with its platform normalised. */
export function readDescriptor(raw: RawDescriptor): Descriptor {
  const { mediaType, digest, size, annotations, platform } = raw;
  return {
    mediaType,
    digest,
    size,
    ...(annotations === undefined ? {} : { annotations }),
    ...(platform === undefined ? {} : { platform: makePlatform(platform.os, platform.architecture, platform.variant) }),
  };
}

/** Without what only a view of it may carry. */
function plainDescriptor(descriptor: Descriptor): Descriptor {
  const { mediaType, digest, size, annotations } = descriptor;
  return { mediaType, digest, size, ...(annotations === undefined ? {} : { annotations }) };
}
