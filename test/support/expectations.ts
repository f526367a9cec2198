import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { layerKinds } from '../../src/plan/types.ts';

/*
 * `expect.json` beside an example says what must hold of its plan, its image and its running container.
 * Unknown keys are errors, so that a misspelt expectation is noticed. Paths are relative, `/` separated;
 * a pattern may hold `*` (within one name) and `**` (over several).
 */

const texts = v.array(v.string());
const numbers = v.array(v.pipe(v.number(), v.integer()));
const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What the test adds to its copy of the example before it looks at it. */
const givenSchema = v.strictObject({
  /** Path to text: a `.env`, a stale `.venv`, a key. */
  files: v.optional(v.record(v.string(), v.string()), {}),
  /** Arguments of every command: `--extra`, `--entrypoint`. */
  args: v.optional(texts, []),
});

const planSchema = v.strictObject({
  /** The minor version. */
  python: v.string(),
  suite: v.string(),
  project: v.strictObject({
    name: v.string(),
    version: v.optional(v.string()),
    /** The project itself is installed under this name; null where it must stay a working folder. */
    distribution: v.nullable(v.string()),
  }),
  resolution: v.picklist(['lock', 'requirements', 'resolved']),
  wheels: v.strictObject({
    /** `name` or `name==version`, for every target. */
    in: texts,
    /** Names that no target may have. */
    out: v.optional(texts, []),
    /** Names whose file must be another one on each platform. */
    native: v.optional(texts, []),
  }),
  process: v.strictObject({
    /** The whole command of the image's own process. */
    command: texts,
    ports: numbers,
  }),
  files: v.strictObject({ in: texts, out: v.optional(texts, []) }),
  /** Codes of the warnings that must be there; any other fails. */
  warnings: v.optional(texts, []),
});

const imageSchema = v.strictObject({
  /** Kinds in the order of the layers, each run of the same kind once. */
  layerKinds: v.array(v.picklist(layerKinds)),
  /** `Config.User` */
  user: v.string(),
  workdir: v.string(),
  /** Variables that must have this value; `PATH` and others may be there too. */
  env: v.record(v.string(), v.string()),
  labels: v.optional(v.record(v.string(), v.string()), {}),
  /** Patterns, each of which must match a path of the root file system. */
  present: texts,
  /** Patterns that may match nothing. */
  absent: texts,
  /** Packed bytes of the base layers together, for each platform. */
  maxBaseSize: bytes,
  /** Bytes of the base and system layers together, packed and unpacked, for each platform. */
  maxBelow: v.optional(v.strictObject({ size: bytes, unpackedSize: bytes })),
  /** Packed bytes of all layers together, for each platform. */
  maxSize: bytes,
});

/** The left upper corner and the size, in pixels. */
const boxSchema = v.object({ label: v.string(), x: v.number(), y: v.number(), w: v.number(), h: v.number() });

/** An answer that holds boxes; it may say more. */
export const detectionSchema = v.object({ boxes: v.array(boxSchema) });

const requestSchema = v.strictObject({
  method: v.optional(v.string(), 'GET'),
  path: v.string(),
  headers: v.optional(v.record(v.string(), v.string())),
  /** Sent as JSON. */
  json: v.optional(v.unknown()),
  /** A file of the example that is sent as that field of a form. */
  upload: v.optional(v.strictObject({ field: v.string(), path: v.string() })),
  status: v.number(),
  /** The start of the header: `text/html`. */
  contentType: v.optional(v.string()),
  /** Texts that the body must hold. */
  bodyHas: v.optional(texts, []),
  /** What a detector's answer must find, and nothing beside: a label, and where, each box of its own to more than a half. */
  boxes: v.optional(v.array(boxSchema)),
  /** The first bytes, in hexadecimal. */
  bodyStarts: v.optional(v.pipe(v.string(), v.regex(/^([0-9a-f]{2})+$/))),
});

const containerSchema = v.strictObject({
  /** Answers with a 2xx status once it is ready. */
  healthcheck: v.string(),
  env: v.optional(v.record(v.string(), v.string()), {}),
  /** In this order. */
  requests: v.array(requestSchema),
  /** Texts that its output must hold. */
  logs: v.optional(texts, []),
});

export const expectationSchema = v.strictObject({
  $comment: v.optional(v.string()),
  given: v.optional(givenSchema, {}),
  plan: planSchema,
  image: imageSchema,
  container: containerSchema,
});

export type Expectation = v.InferOutput<typeof expectationSchema>;
export type ExpectedBox = v.InferOutput<typeof boxSchema>;
export type ExpectedRequest = v.InferOutput<typeof requestSchema>;

export async function readExpectation(dir: string): Promise<Expectation> {
  return v.parse(expectationSchema, JSON.parse(await readFile(join(dir, 'expect.json'), 'utf8')));
}

/** Whether `path` is what `pattern` means: `*` within one name, `**` over several. */
export function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`).test(path);
}
