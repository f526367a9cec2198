import * as v from 'valibot';

const text = v.string();

const source = v.object({
  registry: v.optional(text),
  git: v.optional(text),
  url: v.optional(text),
  path: v.optional(text),
  directory: v.optional(text),
  editable: v.optional(text),
  virtual: v.optional(text),
  subdirectory: v.optional(text),
});

const dependency = v.object({
  name: text,
  version: v.optional(text),
  source: v.optional(source),
  extra: v.optional(v.array(text), []),
  marker: v.optional(text),
});

const file = v.object({
  url: v.optional(text),
  path: v.optional(text),
  filename: v.optional(text),
  hash: v.optional(text),
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

/** A requirement as uv wrote it down from the manifest. */
const requirement = v.object({
  name: text,
  extras: v.optional(v.array(text), []),
  specifier: v.optional(text),
  marker: v.optional(text),
  git: v.optional(text),
  url: v.optional(text),
  path: v.optional(text),
  directory: v.optional(text),
  editable: v.optional(v.union([text, v.boolean()])),
  virtual: v.optional(v.union([text, v.boolean()])),
});

const packageTable = v.object({
  name: text,
  version: v.optional(text),
  source,
  'resolution-markers': v.optional(v.array(text), []),
  dependencies: v.optional(v.array(dependency), []),
  'optional-dependencies': v.optional(v.record(text, v.array(dependency)), {}),
  'dev-dependencies': v.optional(v.record(text, v.array(dependency)), {}),
  sdist: v.optional(file),
  wheels: v.optional(v.array(file), []),
  metadata: v.optional(
    v.object({
      'requires-dist': v.optional(v.array(requirement), []),
      'provides-extras': v.optional(v.array(text)),
      'requires-dev': v.optional(v.record(text, v.array(requirement)), {}),
    }),
  ),
});

/** What is read of `uv.lock`, version 1. */
export const uvLockSchema = v.object({
  version: v.literal(1),
  revision: v.optional(v.number()),
  'requires-python': v.optional(text),
  'supported-markers': v.optional(v.array(text), []),
  conflicts: v.optional(
    v.array(v.array(v.object({ package: v.optional(text), extra: v.optional(text), group: v.optional(text) }))),
    [],
  ),
  manifest: v.optional(
    v.object({
      members: v.optional(v.array(text), []),
      requirements: v.optional(v.array(requirement), []),
      'dependency-groups': v.optional(v.record(text, v.array(requirement)), {}),
    }),
    { members: [], requirements: [], 'dependency-groups': {} },
  ),
  package: v.optional(v.array(packageTable), []),
});

export type UvDocument = v.InferOutput<typeof uvLockSchema>;
export type UvPackageTable = UvDocument['package'][number];
export type UvDependency = v.InferOutput<typeof dependency>;
export type UvSource = v.InferOutput<typeof source>;
export type UvFile = v.InferOutput<typeof file>;
export type UvRequirement = v.InferOutput<typeof requirement>;
