import * as v from 'valibot';

const text = v.string();
const hashes = v.record(text, text);
const size = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)));
const place = { url: v.optional(text), path: v.optional(text), size, hashes };
const file = v.object({ name: v.optional(text), ...place });

const packageTable = v.object({
  name: text,
  version: v.optional(text),
  marker: v.optional(text),
  'requires-python': v.optional(text),
  index: v.optional(text),
  vcs: v.optional(
    v.object({
      type: text,
      url: v.optional(text),
      path: v.optional(text),
      'requested-revision': v.optional(text),
      'commit-id': text,
      subdirectory: v.optional(text),
    }),
  ),
  directory: v.optional(
    v.object({ path: text, editable: v.optional(v.boolean(), false), subdirectory: v.optional(text) }),
  ),
  archive: v.optional(v.object({ ...place, subdirectory: v.optional(text) })),
  sdist: v.optional(file),
  wheels: v.optional(v.array(file), []),
});

/** What is read of `pylock.toml` (PyPA specifications, "pylock.toml"). Unknown keys are allowed, as it says. */
export const pylockSchema = v.object({
  'lock-version': text,
  environments: v.optional(v.array(text)),
  'requires-python': v.optional(text),
  extras: v.optional(v.array(text), []),
  'dependency-groups': v.optional(v.array(text), []),
  'default-groups': v.optional(v.array(text), []),
  'created-by': text,
  packages: v.array(packageTable),
});

export type PylockDocument = v.InferOutput<typeof pylockSchema>;
export type PylockPackage = PylockDocument['packages'][number];
export type PylockFile = v.InferOutput<typeof file>;
