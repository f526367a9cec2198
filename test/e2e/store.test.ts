import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Image, imageDigest } from '../../src/oci/image.ts';
import { validateLayout } from '../../src/oci/validate.ts';
import { decodeZstd } from '../../src/archive/zstd.ts';
import { writeOutput } from '../../src/store/output.ts';
import { readLayout } from '../../src/store/read-layout.ts';
import { writeRootfs } from '../../src/store/rootfs.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { startDockerd } from '../support/dockerd.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { makeTinyImage, type TinyEntry } from '../support/tiny-image.ts';

const { signal } = new AbortController();
let dir: string;
let image: Image;
let arm: Image;
let layout: string;
let dockerArchive: string;
let ociArchive: string;

const entry = (name: string, fields: Partial<TinyEntry> = {}): TinyEntry => ({
  name,
  mode: 0o644,
  content: name,
  ...fields,
});
const folder = (name: string, mode = 0o755): TinyEntry => ({ name: `${name}/`, type: 'directory', mode });

/** Everything that makes laying layers over each other hard. */
const layers: readonly (readonly TinyEntry[])[] = [
  [
    folder('usr'),
    folder('usr/lib'),
    folder('usr/bin'),
    { name: 'lib', type: 'symlink', linkname: 'usr/lib' },
    entry('usr/bin/tool', { mode: 0o4755, uid: 0, gid: 42 }),
    { name: 'usr/bin/again', type: 'link', linkname: 'usr/bin/tool' },
    folder('etc'),
    entry('etc/one'),
    entry('etc/two'),
    folder('var'),
    folder('var/old'),
    entry('var/old/a'),
    folder('gone'),
    entry('gone/x'),
    entry('kind'),
    folder('tmp', 0o1777),
    folder(`long/${'n'.repeat(120)}`),
    entry(`long/${'n'.repeat(120)}/имя с пробелом`),
  ],
  [
    entry('usr/lib/new.so'),
    folder('etc'),
    entry('etc/.wh.one', { content: '' }),
    entry('etc/two', { content: 'changed', uid: 65532, gid: 65532 }),
    folder('var'),
    folder('var/old'),
    entry('var/old/.wh..wh..opq', { content: '' }),
    entry('var/old/b'),
    entry('.wh.gone', { content: '' }),
    folder('kind'),
    entry('kind/inside'),
  ],
];

beforeAll(async () => {
  dir = await makeTemporaryDir('store');
  image = await makeTinyImage(join(dir, 'cache'), layers);
  arm = await makeTinyImage(join(dir, 'cache'), layers.slice(0, 1), 'linux/arm64');
  layout = join(dir, 'layout');
  dockerArchive = join(dir, 'docker.tar');
  ociArchive = join(dir, 'oci.tar');
  const options = { refName: 'hello:1.0', signal };
  await writeOutput({ kind: 'oci', path: layout }, [image, arm], options);
  await writeOutput({ kind: 'docker-archive', path: dockerArchive }, [image], options);
  await writeOutput({ kind: 'oci-archive', path: ociArchive }, [image], options);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Inspection {
  readonly Digest?: string;
  readonly Layers?: readonly string[];
  readonly Architecture?: string;
  readonly Os?: string;
}

async function inspect(...args: readonly string[]): Promise<Inspection> {
  return JSON.parse(await mustRun('skopeo', [...args.slice(0, -1), 'inspect', args.at(-1) ?? ''])) as Inspection;
}

const digests = (one: Image): readonly string[] => one.layers.map((layer) => layer.descriptor.digest);
const diffIds = (one: Image): readonly string[] => one.layers.map((layer) => layer.diffId);
const configDigest = (one: Image): string => createHash('sha256').update(one.config).digest('hex');

describe('skopeo', () => {
  test('sees the same images as were written, by platform', async (context) => {
    await requireComponent(context, 'skopeo');
    for (const one of [image, arm]) {
      const { architecture } = one.platform;
      const seen = await inspect('--override-arch', architecture, `oci:${layout}`);
      expect(seen).toMatchObject({ Os: 'linux', Architecture: architecture, Layers: digests(one) });
    }
    expect(await inspect(`oci-archive:${ociArchive}`)).toMatchObject({
      Digest: imageDigest(image),
      Layers: digests(image),
    });
    // There are no packed layers in this format as skopeo sees it.
    expect(await inspect(`docker-archive:${dockerArchive}`)).toMatchObject({ Layers: diffIds(image) });
  });

  test('copies everything on, digests kept, and what it writes is read back', async (context) => {
    await requireComponent(context, 'skopeo');
    const copied = join(dir, 'copied');
    await mustRun('skopeo', ['copy', '--all', '--preserve-digests', `oci:${layout}:hello:1.0`, `oci:${copied}:x`]);
    expect(await validateLayout(copied)).toEqual([]);
    expect(imageDigest(await readLayout(copied, arm.platform))).toBe(imageDigest(arm));
    const archive = join(dir, 'by-skopeo.tar');
    await mustRun('skopeo', ['copy', `oci-archive:${ociArchive}:hello:1.0`, `docker-archive:${archive}:hello:1.0`]);
    expect(await inspect(`docker-archive:${archive}`)).toMatchObject({ Layers: diffIds(image) });
  });

  test('its zstd layers unpack to the same root filesystem', async (context) => {
    await requireComponent(context, 'skopeo');
    const packed = join(dir, 'zstd');
    await mustRun('skopeo', [
      'copy',
      '--dest-compress-format',
      'zstd',
      '--dest-compress',
      `oci-archive:${ociArchive}`,
      `oci:${packed}`,
    ]);
    const again = await readLayout(packed);
    expect(again.layers.map((layer) => layer.descriptor.mediaType)).toEqual(
      Array(2).fill('application/vnd.oci.image.layer.v1.tar+zstd'),
    );
    expect(await validateLayout(packed, { decodeZstd })).toEqual([]);
    await writeRootfs(again, join(dir, 'zstd-root'), { signal });
    await writeRootfs(image, join(dir, 'gzip-root'), { signal });
    expect(await describeTree(join(dir, 'zstd-root'))).toEqual(await describeTree(join(dir, 'gzip-root')));
  });
});

test('docker loads the archive with its name, and knows the image by its configuration and layers', async (context) => {
  await requireComponent(context, 'docker');
  const engine = await startDockerd();
  try {
    expect(await engine.docker(['load', '-i', dockerArchive])).toContain('Loaded image: hello:1.0');
    const [seen] = JSON.parse(await engine.docker(['image', 'inspect', 'hello:1.0'])) as unknown[];
    expect(seen).toMatchObject({ Id: `sha256:${configDigest(image)}`, RootFS: { Layers: diffIds(image) } });
  } finally {
    await engine.stop();
  }
});

describe('podman and buildah', () => {
  const storage = (name: string) => [
    '--root',
    join(dir, name),
    '--runroot',
    // podman takes no path of more than 50 characters here.
    join(dir, `r${name.length}`),
    '--storage-driver',
    'vfs',
  ];

  test.for(['docker-archive', 'oci-archive'])('podman loads the %s', async (kind, context) => {
    await requireComponent(context, 'podman');
    const at = storage(`podman-${kind}`);
    await mustRun('podman', [...at, 'load', '-q', '-i', kind === 'oci-archive' ? ociArchive : dockerArchive]);
    const [seen] = JSON.parse(await mustRun('podman', [...at, 'image', 'inspect', 'hello:1.0'])) as unknown[];
    expect(seen).toMatchObject({ Id: configDigest(image), RootFS: { Layers: diffIds(image) } });
  });

  test('buildah unpacks the archive to the same tree as tare: types, modes, owners, times, links, bytes', async (context) => {
    await requireComponent(context, 'buildah');
    const at = storage('buildah');
    const container = (await mustRun('buildah', [...at, 'from', `oci-archive:${ociArchive}`])).trim();
    const mounted = (await mustRun('buildah', [...at, 'mount', container])).trim();
    await writeRootfs(image, join(dir, 'root'), { signal });
    expect(await describeTree(join(dir, 'root'))).toEqual(await describeTree(mounted));
    await mustRun('buildah', [...at, 'rm', container]);
  });
});

/** One line an entry. */
async function describeTree(root: string): Promise<readonly string[]> {
  const names = (await readdir(root, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(root, name);
      const found = await lstat(path);
      // Engines differ on the times of folders.
      const facts = [name, found.mode.toString(8), found.uid, found.gid];
      if (found.isDirectory()) return facts.join(' ');
      const content = found.isSymbolicLink()
        ? await readlink(path)
        : createHash('sha256')
            .update(await readFile(path))
            .digest('hex');
      return [...facts, found.nlink, found.mtimeMs, content].join(' ');
    }),
  );
}
