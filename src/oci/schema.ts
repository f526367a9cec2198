import * as v from 'valibot';
import { type Digest, parseDigest } from '../base/digest.ts';

/** Schemas of foreign OCI and Docker documents: only what is needed is required, what is unknown is left out. */

const digest = v.pipe(
  v.string(),
  v.regex(/^sha256:[0-9a-f]{64}$/, 'not a sha256 digest'),
  v.transform((text): Digest => parseDigest(text)),
);

const size = v.pipe(v.number(), v.safeInteger('not a size in bytes'), v.minValue(0, 'a negative size'));

const textMap = v.record(v.string(), v.string());

/** Go writes an empty list or map as `null`. */
function orNull<Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(
    v.pipe(
      v.nullable(schema),
      v.transform((value) => value ?? undefined),
    ),
  );
}

const platform = v.object({
  os: v.string(),
  architecture: v.string(),
  variant: v.optional(v.string()),
});

/** descriptor.md. */
const descriptor = v.object({
  mediaType: v.pipe(v.string(), v.maxLength(255)),
  digest,
  size,
  annotations: orNull(textMap),
  platform: orNull(platform),
});

const schemaVersion = v.literal(2, 'not schemaVersion 2');

/** manifest.md; Docker image manifest version 2, schema 2. */
export const manifestSchema = v.object({
  schemaVersion,
  mediaType: v.optional(v.string()),
  config: descriptor,
  layers: v.pipe(v.array(descriptor), v.maxLength(4096)),
  annotations: orNull(textMap),
});

/** image-index.md; Docker manifest list. */
export const imageIndexSchema = v.object({
  schemaVersion,
  mediaType: v.optional(v.string()),
  manifests: v.pipe(v.array(descriptor), v.maxLength(4096)),
  annotations: orNull(textMap),
});

/** config.md. */
export const imageConfigSchema = v.object({
  created: orNull(v.string()),
  os: v.string(),
  architecture: v.string(),
  variant: v.optional(v.string()),
  config: orNull(
    v.object({
      User: v.optional(v.string()),
      Env: orNull(v.array(v.string())),
      Entrypoint: orNull(v.array(v.string())),
      Cmd: orNull(v.array(v.string())),
      WorkingDir: v.optional(v.string()),
      Labels: orNull(textMap),
      ExposedPorts: orNull(v.record(v.string(), v.unknown())),
      Volumes: orNull(v.record(v.string(), v.unknown())),
      StopSignal: v.optional(v.string()),
    }),
  ),
  history: orNull(
    v.array(
      v.object({
        created_by: v.optional(v.string()),
        comment: v.optional(v.string()),
        empty_layer: v.optional(v.boolean()),
      }),
    ),
  ),
  rootfs: v.object({
    type: v.optional(v.literal('layers')),
    diff_ids: v.pipe(
      v.nullable(v.array(digest)),
      v.transform((list): readonly Digest[] => list ?? []),
    ),
  }),
});

/** image-layout.md, `oci-layout`. */
export const layoutFileSchema = v.object({
  imageLayoutVersion: v.pipe(v.string(), v.regex(/^1\./, 'not version 1 of the image layout')),
});
