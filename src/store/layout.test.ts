import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTinyImage } from '../../test/support/tiny-image.ts';
import { digestHex } from '../base/digest.ts';
import { layoutBlobPath } from '../oci/blob-check.ts';
import { type Image, imageDigest } from '../oci/image.ts';
import { parsePlatform } from '../oci/platform.ts';
import { validateLayout } from '../oci/validate.ts';
import { writeLayout } from './layout.ts';
import { readLayout } from './read-layout.ts';

let folder: string;
let dir: string;
let image: Image;
const options = { signal: new AbortController().signal };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-layout-'));
  dir = join(folder, 'out', 'image');
  image = await makeTinyImage(join(folder, 'cache'), [
    [{ name: 'base', content: 'base' }],
    [{ name: 'app', content: 'one' }],
  ]);
});

afterEach(() => rm(folder, { recursive: true }));

async function state(path: string): Promise<unknown> {
  const names = (await readdir(path, { recursive: true })).sort();
  return Promise.all(names.map(async (name) => [name, (await stat(join(path, name))).mtimeMs]));
}

describe('a layout', () => {
  test('of one image holds exactly what it must, and reads back as the same image', async () => {
    const written = await writeLayout(dir, [image], { ...options, refName: 'tiny:1' });
    expect(written).toMatchObject({ digest: imageDigest(image), unchanged: false });
    expect(await validateLayout(dir)).toEqual([]);
    expect((await readdir(dir)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(await readdir(join(dir, 'blobs', 'sha256'))).toHaveLength(4);
    expect(await readdir(join(folder, 'out'))).toEqual(['image']);
    expect(JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'))).toMatchObject({
      manifests: [
        {
          annotations: { 'org.opencontainers.image.ref.name': 'tiny:1' },
          platform: { os: 'linux', architecture: 'amd64' },
        },
      ],
    });
    const back = await readLayout(dir);
    expect(imageDigest(back)).toBe(imageDigest(image));
    expect(back.layers.map((layer) => layer.diffId)).toEqual(image.layers.map((layer) => layer.diffId));
  });

  test('shares its large blobs with the cache', async () => {
    await writeLayout(dir, [image], options);
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('no layer');
    expect((await stat(layoutBlobPath(dir, layer.descriptor.digest))).ino).toBe((await stat(layer.file)).ino);
  });

  test('of several images has one index over them, the same for any order', async () => {
    const other = await makeTinyImage(join(folder, 'cache'), [[{ name: 'base', content: 'arm' }]], 'linux/arm64');
    const first = await writeLayout(dir, [image, other], options);
    const second = await writeLayout(join(folder, 'second'), [other, image], options);
    expect(second.digest).toBe(first.digest);
    expect(first.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(await validateLayout(dir)).toEqual([]);
    expect(imageDigest(await readLayout(dir, parsePlatform('linux/arm64')))).toBe(imageDigest(other));
    await expect(readLayout(dir)).rejects.toMatchObject({
      code: 'PLATFORM_MISSING',
      actual: 'linux/amd64, linux/arm64',
    });
    await expect(readLayout(dir, parsePlatform('linux/s390x'))).rejects.toMatchObject({ code: 'PLATFORM_MISSING' });
  });

  test('that is as it should be is not touched', async () => {
    await writeLayout(dir, [image], options);
    const before = await state(dir);
    expect(await writeLayout(dir, [image], options)).toMatchObject({ unchanged: true });
    expect(await state(dir)).toEqual(before);
  });

  test('is brought up to date: kept blobs are reused, unused ones go, damaged ones are replaced', async () => {
    await writeLayout(dir, [image], options);
    const [base] = image.layers;
    if (base === undefined) throw new Error('no layer');
    const basePath = layoutBlobPath(dir, base.descriptor.digest);
    const { mtimeMs, ino } = await stat(basePath);
    const next = await makeTinyImage(join(folder, 'cache'), [
      [{ name: 'base', content: 'base' }],
      [{ name: 'app', content: 'two' }],
    ]);
    await writeLayout(dir, [next], options);
    expect(await stat(basePath)).toMatchObject({ mtimeMs, ino });
    expect((await readdir(join(dir, 'blobs', 'sha256'))).sort()).toHaveLength(4);
    await rm(basePath);
    await writeFile(basePath, 'cut');
    expect(await writeLayout(dir, [next], options)).toMatchObject({ unchanged: false });
    expect(await validateLayout(dir)).toEqual([]);
    expect(await readdir(join(folder, 'out'))).toEqual(['image']);
  });

  test('may be written by two at once', async () => {
    const next = await makeTinyImage(join(folder, 'cache'), [[{ name: 'app', content: 'two' }]]);
    await Promise.all([image, next, image, next].map((one) => writeLayout(dir, [one], options)));
    expect(await validateLayout(dir)).toEqual([]);
    expect(await readdir(join(folder, 'out'))).toEqual(['image']);
  });
});

describe('what is in the way', () => {
  test.each([
    [
      'a folder with files',
      async () => mkdir(dir, { recursive: true }).then(() => writeFile(join(dir, 'thesis.txt'), 'mine')),
    ],
    ['a file', async () => mkdir(join(folder, 'out')).then(() => writeFile(dir, 'mine'))],
    ['a dangling link', async () => mkdir(join(folder, 'out')).then(() => symlink('nowhere', dir))],
    ['a file instead of the parent folder', async () => writeFile(join(folder, 'out'), 'mine')],
  ])('%s stays', async (_name, prepare) => {
    await prepare();
    await expect(writeLayout(dir, [image], options)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(await readdir(folder)).toEqual(['cache', 'out']);
  });

  test('an empty folder is filled; other files beside a layout stay', async () => {
    await mkdir(dir, { recursive: true });
    await writeLayout(dir, [image], options);
    await writeFile(join(dir, 'notes.txt'), 'mine');
    await writeLayout(dir, [await makeTinyImage(join(folder, 'cache'), [[{ name: 'x' }]])], options);
    expect(await readFile(join(dir, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('a missing blob in the cache is named, and nothing is left behind', async () => {
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('no layer');
    await rm(layer.file);
    await expect(writeLayout(dir, [image], options)).rejects.toMatchObject({
      code: 'BLOB_MISSING',
      message: expect.stringContaining(digestHex(layer.descriptor.digest)),
    });
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });

  test('what a killed run left beside it is removed', async () => {
    const leftover = join(folder, 'out', '.image.999999999-0123456789ab.tmp');
    await mkdir(leftover, { recursive: true });
    await writeLayout(dir, [image], options);
    expect(await readdir(join(folder, 'out'))).toEqual(['image']);
  });

  test('an abort leaves the old layout whole', async () => {
    await writeLayout(dir, [image], options);
    const next = await makeTinyImage(join(folder, 'cache'), [[{ name: 'x' }]]);
    await expect(writeLayout(dir, [next], { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow(
      'stopped',
    );
    expect(await validateLayout(dir)).toEqual([]);
    expect(imageDigest(await readLayout(dir))).toBe(imageDigest(image));
  });
});
