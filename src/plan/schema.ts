import * as v from 'valibot';
import { layerKinds } from './types.ts';

const because = v.strictObject({
  file: v.optional(v.string()),
  line: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  rule: v.string(),
});
const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/));
const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));

const debianPackage = { name: v.string(), version: v.string(), filename: v.string(), sha256: digest, size: bytes };

const wheel = v.strictObject({
  name: v.string(),
  version: v.string(),
  filename: v.string(),
  sha256: digest,
  size: v.optional(bytes),
  because,
  built: v.optional(
    v.strictObject({
      from: v.picklist(['sdist', 'git']),
      source: v.string(),
      sha256: v.optional(digest),
      commit: v.optional(v.string()),
      platform: v.string(),
      requires: v.array(v.string()),
      packages: v.array(v.string()),
      key: digest,
      because,
    }),
  ),
});

const layer = v.strictObject({
  kind: v.picklist(layerKinds),
  title: v.string(),
  contents: v.array(v.string()),
  because,
});

const composedRoot = {
  suite: v.string(),
  architecture: v.string(),
  glibc: v.string(),
  packages: v.array(v.strictObject(debianPackage)),
  because,
};

const composedBase = v.strictObject({ provider: v.literal('debian'), ...composedRoot });

const standaloneBase = v.strictObject({
  provider: v.literal('standalone'),
  ...composedRoot,
  archive: v.strictObject({ filename: v.string(), sha256: digest, size: v.optional(bytes), because }),
});

const imageBase = v.strictObject({
  provider: v.literal('image'),
  title: v.string(),
  suite: v.optional(v.string()),
  architecture: v.string(),
  glibc: v.string(),
  digest,
  packageState: digest,
  packages: v.array(v.strictObject({ name: v.string(), version: v.string() })),
  layers: v.array(v.strictObject({ digest, size: bytes })),
  because,
});

const openNeed = v.strictObject({
  kind: v.picklist(['library', 'program', 'package', 'version']),
  name: v.string(),
  chain: v.array(v.string()),
  because,
  hint: v.optional(v.string()),
});

const target = v.strictObject({
  platform: v.string(),
  python: v.strictObject({
    version: v.string(),
    fullVersion: v.optional(v.string()),
    abi: v.string(),
    interpreter: v.string(),
    prefix: v.string(),
    because,
  }),
  base: v.variant('provider', [composedBase, standaloneBase, imageBase]),
  compiler: v.optional(v.strictObject({ version: v.string(), magic: bytes, cacheTag: v.string(), because })),
  wheels: v.array(wheel),
  resolution: v.strictObject({ kind: v.picklist(['lock', 'requirements', 'resolved']), because }),
  systemPackages: v.array(
    v.strictObject({ ...debianPackage, unpackedSize: bytes, chain: v.array(v.string()), because }),
  ),
  system: v.strictObject({
    policy: v.picklist(['needed', 'depends']),
    because,
    leftOut: v.array(v.strictObject({ name: v.string(), size: bytes, unpackedSize: bytes })),
    open: v.array(openNeed),
  }),
  debug: v.optional(v.strictObject({ ...debianPackage, because })),
  layers: v.array(layer),
});

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));

const process = v.strictObject({
  command: v.pipe(v.array(v.string()), v.minLength(1)),
  ports: v.array(port),
  because,
});

const fileGroup = v.strictObject({
  kind: v.picklist(['application', 'data', 'distribution']),
  destination: v.string(),
  strip: v.string(),
  paths: v.array(v.string()),
  bytes,
  because,
});

/** The plan as a schema: `schema/plan.json` is made from it by `npm run schema`. */
export const planSchema = v.strictObject({
  schemaVersion: v.literal(1),
  project: v.strictObject({
    name: v.string(),
    version: v.optional(v.string()),
    because,
    distribution: v.optional(
      v.strictObject({
        name: v.string(),
        version: v.string(),
        packageRoot: v.string(),
        packages: v.array(v.string()),
        because,
      }),
    ),
  }),
  targets: v.array(target),
  processes: v.record(v.string(), process),
  files: v.strictObject({
    groups: v.array(fileGroup),
    leftOut: v.array(v.strictObject({ path: v.string(), because })),
  }),
  user: v.strictObject({ name: v.string(), uid: bytes, gid: bytes, home: v.string(), because }),
  env: v.array(v.strictObject({ name: v.string(), value: v.string(), because })),
  labels: v.record(v.string(), v.string()),
  workdir: v.string(),
  bytecode: v.strictObject({ mode: v.picklist(['all', 'app', 'none']), because }),
  sources: v.strictObject({
    mode: v.picklist(['keep', 'strip']),
    because,
    kept: v.array(v.strictObject({ path: v.string(), because })),
  }),
  certificates: v.optional(
    v.strictObject({
      bundle: v.string(),
      added: v.array(
        v.strictObject({ subject: v.string(), fingerprint: digest, expires: v.string(), path: v.string() }),
      ),
      because,
    }),
  ),
  readOnly: v.optional(v.strictObject({ writable: v.array(v.string()), because })),
  stopSignal: v.optional(v.strictObject({ value: v.string(), because })),
  healthcheck: v.optional(v.strictObject({ port, path: v.optional(v.string()), because })),
  warnings: v.array(v.strictObject({ code: v.string(), message: v.string(), hint: v.optional(v.string()) })),
});
