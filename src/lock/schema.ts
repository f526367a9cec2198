import * as v from 'valibot';
import { type Digest, parseDigest } from '../base/digest.ts';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
const texts = v.array(v.pipe(v.string(), v.maxLength(1000)));
const relations = v.pipe(v.string(), v.maxLength(64 * 1024));
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const digest = v.pipe(
  v.string(),
  v.regex(/^sha256:[0-9a-f]{64}$/, '`sha256:` and 64 hexadecimal digits'),
  v.transform((value): Digest => parseDigest(value)),
);
const date = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a date as 2026-11-21T09:15:44Z'));
const python = v.pipe(v.string(), v.regex(/^3\.\d{1,3}$/, 'a minor version as 3.13'));

const debianPackage = {
  name: text,
  version: text,
  filename: text,
  sha256: digest,
  size,
  'installed-size': size,
  architecture: v.optional(v.literal('all')),
  'multi-arch': v.optional(v.picklist(['same', 'foreign', 'allowed'])),
  priority: v.optional(text),
  depends: v.optional(relations),
  conflicts: v.optional(relations),
  provides: v.optional(relations),
  'index-date': v.optional(date),
};

const indexState = { index: v.optional(digest), 'index-date': v.optional(date) };

const root = { suite: text, ...indexState, package: v.optional(v.array(v.strictObject(debianPackage))) };

const base = v.variant('provider', [
  v.strictObject({ provider: v.literal('debian'), ...root }),
  v.strictObject({
    provider: v.literal('standalone'),
    ...root,
    archive: v.strictObject({ filename: text, sha256: digest, size: v.optional(size) }),
  }),
  v.strictObject({ provider: v.literal('image'), digest, title: text }),
]);

const inputs = v.record(v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,40}$/)), v.union([v.string(), texts]));

const target = v.strictObject({
  platform: v.pipe(v.string(), v.regex(/^linux\/[a-z0-9]+(?:\/v[0-9]+)?$/, 'a platform as linux/amd64')),
  python: v.strictObject({ version: python, 'full-version': v.optional(text), abi: text }),
  inputs: v.strictObject({ base: inputs, wheels: inputs, system: inputs }),
  base,
  'system-index': v.optional(v.strictObject(indexState)),
  system: v.optional(
    v.array(v.strictObject({ ...debianPackage, 'unpacked-size': size, chain: texts, reason: v.string() })),
  ),
  debug: v.optional(v.strictObject(debianPackage)),
  wheel: v.optional(
    v.array(
      v.strictObject({
        name: text,
        version: text,
        filename: text,
        sha256: digest,
        size: v.optional(size),
        built: v.optional(
          v.strictObject({
            from: v.picklist(['sdist', 'git']),
            source: text,
            sha256: v.optional(digest),
            commit: v.optional(
              v.pipe(v.string(), v.regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'the whole hash of a commit')),
            ),
            platform: text,
            requires: texts,
            packages: texts,
            key: digest,
          }),
        ),
      }),
    ),
  ),
});

/** `tare.lock` as it stands in the file: keys in kebab-case. Names, versions and relations are parsed after it. */
export const lockSchema = v.strictObject({
  version: v.literal(1),
  project: text,
  tools: v.strictObject({ tare: text, uv: v.optional(text) }),
  target: v.optional(v.array(target)),
});

export type RawLock = v.InferOutput<typeof lockSchema>;
export type RawTarget = v.InferOutput<typeof target>;
export type RawBuild = NonNullable<NonNullable<RawTarget['wheel']>[number]['built']>;
export type RawPackage = Omit<NonNullable<RawTarget['system']>[number], 'unpacked-size' | 'chain' | 'reason'>;
