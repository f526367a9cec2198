import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryDir } from '../../test/support/paths.ts';
import { makeTar, type TarMember } from '../../test/support/tar-maker.ts';
import { makeTinyImage } from '../../test/support/tiny-image.ts';
import { isTareError } from '../base/errors.ts';
import { sha256 } from '../base/digest.ts';
import { type Image, imageDigest } from '../oci/image.ts';
import { validateLayout } from '../oci/validate.ts';
import { readLayoutImages } from './layout-platforms.ts';
import { writeOutput } from './output.ts';
import { unpackArchive } from './read-archive.ts';
import { readLayout } from './read-layout.ts';

const { signal } = new AbortController();
const layers = [[{ name: 'etc/one', content: 'one' }], [{ name: 'etc/two', content: 'two' }]];

async function unpacked(name: string, bytes: Uint8Array): Promise<string> {
  const dir = await temporaryDir(name);
  await writeFile(join(dir, 'a.tar'), bytes);
  await unpackArchive(join(dir, 'a.tar'), join(dir, 'layout'), signal);
  return join(dir, 'layout');
}

async function archiveOf(kind: 'oci-archive' | 'docker-archive', images: readonly Image[]): Promise<Buffer> {
  const dir = await temporaryDir('archive');
  await writeOutput({ kind, path: join(dir, 'a.tar') }, images, { refName: 'shop:1.0', signal });
  return readFile(join(dir, 'a.tar'));
}

describe('what tare writes is read back with all its digests', () => {
  test.for(['oci-archive', 'docker-archive'] as const)('%s, plain and packed', async (kind) => {
    const image = await makeTinyImage(await temporaryDir('image'), layers);
    const bytes = await archiveOf(kind, [image]);
    for (const one of [bytes, gzipSync(bytes)]) {
      const layout = await unpacked('plain', one);
      expect(await validateLayout(layout)).toEqual([]);
      expect(imageDigest(await readLayout(layout))).toBe(imageDigest(image));
    }
  });

  test('of several platforms', async () => {
    const dir = await temporaryDir('image');
    const images = [await makeTinyImage(dir, layers), await makeTinyImage(dir, layers.slice(1), 'linux/arm64')];
    const layout = await unpacked('both', await archiveOf('oci-archive', images));
    expect((await readLayoutImages(layout)).map(imageDigest)).toEqual(images.map(imageDigest));
  });
});

describe('an archive as Docker wrote them before version 25', () => {
  const layer = makeTar([{ name: 'etc/one', bytes: 'one' }]);
  const packed = gzipSync(layer);
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'arm64',
    config: { Cmd: ['/hello'] },
    rootfs: { type: 'layers', diff_ids: [sha256(layer), sha256(layer)] },
  });
  const manifest = (layersOf: readonly string[], configPath = 'abc.json') =>
    JSON.stringify([{ Config: configPath, RepoTags: null, Layers: layersOf }]);

  test('becomes a layout, links to shared layers followed', async () => {
    const members: readonly TarMember[] = [
      { name: 'one/layer.tar', bytes: layer },
      { name: 'two/layer.tar', flag: '2', target: '../one/layer.tar' },
      { name: 'abc.json', bytes: config },
      { name: 'manifest.json', bytes: manifest(['one/layer.tar', 'two/layer.tar']) },
    ];
    const layout = await unpacked('old', makeTar(members));
    expect(await validateLayout(layout)).toEqual([]);
    const image = await readLayout(layout);
    expect(image.platform).toEqual({ os: 'linux', architecture: 'arm64' });
    expect(image.layers.map((one) => one.diffId)).toEqual([sha256(layer), sha256(layer)]);
  });

  test('packed layers are told by their first bytes', async () => {
    const members = [
      { name: 'l.tar', bytes: packed },
      { name: 'abc.json', bytes: config },
      { name: 'manifest.json', bytes: manifest(['l.tar', 'l.tar']) },
    ];
    expect(await validateLayout(await unpacked('packed', makeTar(members)))).toEqual([]);
  });

  test.for([
    ['a layer that is not there', manifest(['gone.tar'])],
    ['a configuration that is not there', manifest(['l.tar'], '../../etc/passwd')],
    ['a link that leads to itself', manifest(['loop'])],
    ['no JSON', '{'],
    ['JSON of another form', '{"Config": 1}'],
  ] as const)('%s is refused', async ([, text]) => {
    const members = [
      { name: 'l.tar', bytes: layer },
      { name: 'loop', flag: '2', target: 'loop' },
      { name: 'abc.json', bytes: config },
      { name: 'manifest.json', bytes: text },
    ];
    await expect(unpacked('bad', makeTar(members))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });
});

describe('what is no archive of an image', () => {
  test.for([
    ['an archive of other things', makeTar([{ name: 'x', bytes: 'y' }]), 'ARCHIVE_INVALID'],
    ['damaged gzip', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), 'ARCHIVE_INVALID'],
    ['text', Buffer.alloc(2000, 'no archive at all '), 'TAR_INVALID'],
    [
      'an archive that is cut off',
      makeTar([{ name: 'index.json', bytes: Buffer.alloc(3000) }]).subarray(0, 1500),
      'TAR_TRUNCATED',
    ],
    ['a path that leads outside', makeTar([{ name: '../index.json', bytes: '{}' }]), 'TAR_PATH_INVALID'],
  ] as const)('%s', async ([, bytes, code]) => {
    await expect(unpacked('none', bytes)).rejects.toMatchObject({ code });
  });

  test('nothing, or a folder', async () => {
    const dir = await temporaryDir('nothing');
    await mkdir(join(dir, 'folder'));
    for (const [name, code] of [
      ['gone', 'ARCHIVE_MISSING'],
      ['folder', 'ARCHIVE_INVALID'],
    ] as const) {
      const reading = unpackArchive(join(dir, name), join(dir, `out-${name}`), signal);
      await expect(reading).rejects.toMatchObject({ code, hint: expect.any(String) });
    }
  });

  test('members with names from anywhere stay inside the folder', async () => {
    const parts = fc.constantFrom(
      'blobs',
      'sha256',
      'a'.repeat(64),
      'index.json',
      'oci-layout',
      'manifest.json',
      '..',
      'x',
      '\\..',
    );
    const name = fc.array(parts, { minLength: 1, maxLength: 3 }).map((all) => all.join('/').slice(0, 99));
    const member = fc.record({ name, flag: fc.constantFrom('0', '1', '2', '5'), target: name });
    const outer = await temporaryDir('hostile');
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), async (members) => {
        await writeFile(join(outer, 'a.tar'), makeTar(members));
        const failure: unknown = await unpackArchive(join(outer, 'a.tar'), join(outer, 'out'), signal).catch(
          (error: unknown) => error,
        );
        expect(failure === undefined || isTareError(failure)).toBe(true);
        expect((await readdir(outer)).sort()).toEqual(['a.tar', 'out']);
      }),
      { numRuns: 100 },
    );
  });
});
