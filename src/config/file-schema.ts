import * as v from 'valibot';

const text = v.pipe(v.string(), v.minLength(1));
const texts = v.array(text);
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const absolute = v.pipe(v.string(), v.regex(/^\/[^/]/, 'must be an absolute path in the image'));
const named = v.record(v.string(), v.string());

/** `[tool.tare]` as it stands in a file: every key, in kebab-case. */
export const fileSchema = v.strictObject({
  name: v.optional(text),
  version: v.optional(text),
  python: v.optional(text),
  platforms: v.optional(texts),
  entrypoint: v.optional(text),
  command: v.optional(v.pipe(texts, v.minLength(1))),
  port: v.optional(port),
  extras: v.optional(texts),
  groups: v.optional(texts),
  include: v.optional(texts),
  exclude: v.optional(texts),
  user: v.optional(text),
  env: v.optional(named),
  labels: v.optional(named),
  workdir: v.optional(absolute),
  strict: v.optional(v.boolean()),
  output: v.optional(text),
  tag: v.optional(text),
  processes: v.optional(
    v.record(v.string(), v.strictObject({ command: v.pipe(texts, v.minLength(1)), ports: v.optional(v.array(port)) })),
  ),
  debian: v.optional(
    v.strictObject({
      mirror: v.optional(text),
      'security-mirror': v.optional(text),
      keys: v.optional(texts),
      sources: v.optional(v.array(v.strictObject({ url: text, suite: text, components: texts, key: text }))),
      snapshot: v.optional(text),
    }),
  ),
  standalone: v.optional(v.strictObject({ archive: v.optional(text), sha256: v.optional(v.union([text, named])) })),
  base: v.optional(text),
  bases: v.optional(texts),
  'system-policy': v.optional(v.picklist(['needed', 'depends'])),
  'system-packages': v.optional(texts),
  'exclude-system-packages': v.optional(texts),
  allow: v.optional(texts),
  'build-wheels': v.optional(v.union([v.picklist(['auto', 'never']), texts])),
  'build-packages': v.optional(texts),
  'build-constraints': v.optional(texts),
  'build-seconds': v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  mirror: v.optional(text),
  bytecode: v.optional(v.picklist(['all', 'app', 'none'])),
  sources: v.optional(v.picklist(['keep', 'strip'])),
  'keep-sources': v.optional(texts),
  'strip-sources': v.optional(texts),
  debug: v.optional(v.boolean()),
  'ca-certificates': v.optional(texts),
  'read-only': v.optional(v.boolean()),
});

export type FileSettings = v.InferOutput<typeof fileSchema>;

/** Names that may stand at a place of the file, for the nearest one to a misspelt key. */
export function knownKeys(path: readonly string[]): readonly string[] {
  if (path.length === 0) return Object.keys(fileSchema.entries);
  if (path[0] === 'debian')
    return path[1] === 'sources'
      ? ['url', 'suite', 'components', 'key']
      : ['mirror', 'security-mirror', 'keys', 'sources', 'snapshot'];
  if (path[0] === 'standalone' && path.length === 1) return ['archive', 'sha256'];
  if (path[0] === 'processes') return ['command', 'ports'];
  return [];
}
