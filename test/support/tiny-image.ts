import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { type Digest, digestHex, sha256 } from '../../src/base/digest.ts';
import { renderImageConfig } from '../../src/oci/config.ts';
import { type Image, type ImageLayer, makeImage } from '../../src/oci/image.ts';
import { parsePlatform } from '../../src/oci/platform.ts';

export interface TinyEntry extends Partial<Header> {
  readonly name: string;
  readonly content?: string;
}

export const gzipLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** A tar archive of these entries, made by another writer than ours. */
export async function makeTar(entries: readonly TinyEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries)
    archive.entry({ mtime: new Date(1_700_000_000_000), ...header }, content ?? '');
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A layer whose blob lies in `dir`, as a cache would have it. */
export async function makeLayer(dir: string, tar: Uint8Array, mediaType: string = gzipLayer): Promise<ImageLayer> {
  const bytes = mediaType.endsWith('gzip') ? gzipSync(tar, { level: 1 }) : tar;
  const digest = sha256(bytes);
  const file = blobFile(dir, digest);
  await mkdir(join(file, '..'), { recursive: true });
  // A blob that is there stays: a layout may hold a link to it.
  if (!existsSync(file)) await writeFile(file, bytes, { mode: 0o444 });
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, diffId: sha256(tar), file };
}

/** An image of layers given by their entries. */
export async function makeTinyImage(
  dir: string,
  layers: readonly (readonly TinyEntry[])[],
  platform = 'linux/amd64',
  cmd: readonly string[] = ['/hello'],
): Promise<Image> {
  const made: ImageLayer[] = [];
  for (const entries of layers) made.push(await makeLayer(dir, await makeTar(entries)));
  const config = renderImageConfig({
    platform: parsePlatform(platform),
    created: new Date(1_700_000_000_000),
    env: [{ name: 'PATH', value: '/usr/bin:/bin' }],
    cmd,
    user: '65532:65532',
    workdir: '/app',
    labels: { 'org.opencontainers.image.title': 'tiny' },
    exposedPorts: [8000],
    layers: made.map((layer, index) => ({ diffId: layer.diffId, createdBy: `layer ${index}` })),
  });
  return makeImage({ config, layers: made });
}

function blobFile(dir: string, digest: Digest): string {
  return join(dir, 'blobs', 'sha256', digestHex(digest));
}
