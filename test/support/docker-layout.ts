import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { mustRun } from './command.ts';

/** Seconds: the time of everything in these images. */
export const epoch = '1700000000';

export interface PackedLayer {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
  readonly createdBy: string;
}

/** A layer made by tar(1) and zlib, which know nothing of ours. */
export async function packLayer(
  dir: string,
  folder: string,
  names: readonly string[],
  createdBy: string,
): Promise<PackedLayer> {
  const tar = join(dir, 'layer.tar');
  const file = join(dir, `${createdBy.replace(' ', '-')}.tar.gz`);
  const order = ['--sort=name', `--mtime=@${epoch}`, '--numeric-owner', '--owner=0', '--group=0'];
  // Owners matter where Debian gave them.
  const owners = names[0] === '.' ? order.slice(0, 3) : order;
  await mustRun('tar', ['--create', `--file=${tar}`, ...owners, '-C', folder, ...names]);
  const diffId = await sha256Of(tar);
  await pipeline(createReadStream(tar), createGzip({ level: 6 }), createWriteStream(file));
  await rm(tar);
  return { file, digest: await sha256Of(file), size: (await stat(file)).size, diffId, createdBy };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** By Docker's media types in an OCI layout, as skopeo copies an image of Docker's. */
export async function writeLayout(
  layout: string,
  layers: readonly PackedLayer[],
  { python, architecture }: { readonly python: string; readonly architecture: string },
): Promise<void> {
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const put = async (value: unknown, mediaType: string) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  for (const layer of layers) await rename(layer.file, join(blobs, layer.digest.slice('sha256:'.length)));
  const platform = { os: 'linux', architecture };
  const created = new Date(Number(epoch) * 1000).toISOString();
  const config = await put(
    {
      created,
      ...platform,
      config: {
        Env: [
          'PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
          'LANG=C.UTF-8',
          `PYTHON_VERSION=${python}`,
        ],
        Cmd: ['python3'],
      },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      history: [
        ...layers.map(({ createdBy }) => ({ created, created_by: createdBy })),
        { created, created_by: 'CMD ["python3"]', empty_layer: true },
      ],
    },
    'application/vnd.docker.container.image.v1+json',
  );
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const listed = layers.map(({ digest, size }) => ({
    mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    digest,
    size,
  }));
  const manifest = await put({ schemaVersion: 2, mediaType, config, layers: listed }, mediaType);
  const index = { schemaVersion: 2, manifests: [{ ...manifest, platform }] };
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  for (const name of await readdir(blobs))
    if ((await lstat(join(blobs, name))).isFile()) await chmod(join(blobs, name), 0o444);
}
