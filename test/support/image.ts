import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import * as v from 'valibot';

/*
 * Reads an OCI layout on its own, with none of the product's code: every digest, size and diff ID is
 * checked on the way (OCI image specification: layout, index, manifest, config).
 */

const descriptorSchema = v.object({
  mediaType: v.string(),
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
  size: v.number(),
  platform: v.optional(v.object({ os: v.string(), architecture: v.string(), variant: v.optional(v.string()) })),
});
export type Descriptor = v.InferOutput<typeof descriptorSchema>;

const indexSchema = v.object({ schemaVersion: v.literal(2), manifests: v.array(descriptorSchema) });
const manifestSchema = v.object({
  schemaVersion: v.literal(2),
  config: descriptorSchema,
  layers: v.array(descriptorSchema),
});
const configSchema = v.object({
  os: v.string(),
  architecture: v.string(),
  variant: v.optional(v.string()),
  created: v.string(),
  config: v.object({
    User: v.string(),
    Env: v.array(v.string()),
    Cmd: v.optional(v.array(v.string())),
    Entrypoint: v.optional(v.array(v.string())),
    WorkingDir: v.optional(v.string()),
    Labels: v.optional(v.record(v.string(), v.string()), {}),
    ExposedPorts: v.optional(v.record(v.string(), v.unknown()), {}),
  }),
  rootfs: v.object({ type: v.literal('layers'), diff_ids: v.array(v.string()) }),
});

export interface TestImage {
  readonly platform: string;
  /** Of the manifest. */
  readonly digest: string;
  readonly layers: readonly Descriptor[];
  readonly config: v.InferOutput<typeof configSchema>;
}

export interface RootfsEntry {
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly linkTarget: string | undefined;
  /** Of regular files. */
  readonly sha256: string | undefined;
  /** What follows `#!` in the first line of a regular file. */
  readonly shebang: string | undefined;
}

/** The images of a layout, one a platform, by platform (`linux/amd64`). */
export async function readLayout(dir: string): Promise<ReadonlyMap<string, TestImage>> {
  const found = new Map<string, TestImage>();
  const marker: unknown = JSON.parse(await readFile(join(dir, 'oci-layout'), 'utf8'));
  v.parse(v.object({ imageLayoutVersion: v.literal('1.0.0') }), marker);
  const top = v.parse(indexSchema, JSON.parse(await readFile(join(dir, 'index.json'), 'utf8')));
  for (const descriptor of top.manifests) {
    const value = await readJsonBlob(dir, descriptor);
    const nested = descriptor.mediaType.includes('index') ? v.parse(indexSchema, value).manifests : [descriptor];
    for (const one of nested) {
      const image = await readImage(dir, one);
      found.set(image.platform, image);
    }
  }
  return found;
}

async function readImage(dir: string, descriptor: Descriptor): Promise<TestImage> {
  const manifest = v.parse(manifestSchema, await readJsonBlob(dir, descriptor));
  const config = v.parse(configSchema, await readJsonBlob(dir, manifest.config));
  if (config.rootfs.diff_ids.length !== manifest.layers.length) throw new Error('one diff ID for each layer');
  return {
    platform: [config.os, config.architecture, config.variant ?? []].flat().join('/'),
    digest: descriptor.digest,
    layers: manifest.layers,
    config,
  };
}

async function readJsonBlob(dir: string, descriptor: Descriptor): Promise<unknown> {
  const bytes = await readFile(blobPath(dir, descriptor.digest));
  const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (actual !== descriptor.digest || bytes.length !== descriptor.size) {
    throw new Error(`blob ${descriptor.digest} (${descriptor.size}) is ${actual} (${bytes.length})`);
  }
  return JSON.parse(bytes.toString('utf8'));
}

export function blobPath(dir: string, digest: string): string {
  return join(dir, 'blobs', ...digest.split(':'));
}

/** All layers laid over each other, by path without a leading or trailing `/`; whiteouts applied. */
export async function readRootfs(dir: string, image: TestImage): Promise<ReadonlyMap<string, RootfsEntry>> {
  const rootfs = new Map<string, RootfsEntry>();
  for (const [index, layer] of image.layers.entries()) {
    for (const [path, entry] of await readLayer(dir, layer, image.config.rootfs.diff_ids[index])) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (name.startsWith('.wh.')) rootfs.delete(path.slice(0, -name.length) + name.slice(4));
      else rootfs.set(path, entry);
    }
  }
  return rootfs;
}

/** The entries of one layer, in order, after its digest, size and diff ID were checked. */
export async function readLayer(
  dir: string,
  layer: Descriptor,
  diffId: string | undefined,
): Promise<readonly (readonly [string, RootfsEntry])[]> {
  const entries: [string, RootfsEntry][] = [];
  const packed = createHash('sha256');
  const raw = createHash('sha256');
  let size = 0;
  const tar = extract();
  tar.on('entry', (header, stream, next) => {
    const content = createHash('sha256');
    let start = Buffer.alloc(0);
    stream.on('data', (chunk: unknown) => {
      if (!(chunk instanceof Uint8Array)) return;
      content.update(chunk);
      if (start.length < 256) start = Buffer.concat([start, chunk.subarray(0, 256)]);
    });
    stream.on('end', () => {
      entries.push([header.name.replace(/^\.?\//, '').replace(/\/$/, ''), entryOf(header, content, start)]);
      next();
    });
  });
  const count = (bytes: number) => (size += bytes);
  const source = createReadStream(blobPath(dir, layer.digest));
  await pipeline(source, tap(packed, count), createGunzip(), tap(raw), tar);
  const actual = `sha256:${packed.digest('hex')}`;
  if (actual !== layer.digest || size !== layer.size) throw new Error(`layer ${layer.digest} is ${actual} (${size})`);
  const actualDiffId = `sha256:${raw.digest('hex')}`;
  if (actualDiffId !== diffId) throw new Error(`diff ID of ${layer.digest} is ${actualDiffId}, not ${diffId}`);
  return entries;
}

function entryOf(header: Header, content: Hash, start: Buffer): RootfsEntry {
  return {
    type: header.type ?? 'file',
    mode: (header.mode ?? 0) & 0o7777,
    uid: header.uid ?? 0,
    gid: header.gid ?? 0,
    mtime: (header.mtime?.getTime() ?? 0) / 1000,
    size: header.size ?? 0,
    linkTarget: header.linkname ?? undefined,
    sha256: header.type === 'file' ? content.digest('hex') : undefined,
    shebang: /^#!\s*([^\n]+)/.exec(start.toString('latin1'))?.[1]?.trim(),
  };
}

function tap(hash: Hash, count: (bytes: number) => void = () => undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      count(chunk.length);
      done(null, chunk);
    },
  });
}
