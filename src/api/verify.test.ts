import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../../test/support/paths.ts';
import { makeElf } from '../../test/support/elf-maker.ts';
import { makeTar } from '../../test/support/tar-maker.ts';
import { gzipLayer, makeLayer } from '../../test/support/tiny-image.ts';
import { renderImageConfig } from '../oci/config.ts';
import { type Image, makeImage } from '../oci/image.ts';
import { parsePlatform } from '../oci/platform.ts';
import { writeOutput } from '../store/output.ts';
import { createContext } from './context.ts';
import { verify } from './verify.ts';

const { signal } = new AbortController();
const site = 'opt/venv/lib/python3.13/site-packages';
const libc = makeElf({ soname: 'libc.so.6' });
const python = makeElf({ needed: ['libc.so.6'], interpreter: '/lib64/ld-linux-x86-64.so.2' });

type Member = Parameters<typeof makeTar>[0][number];
const base: readonly Member[] = [
  { name: 'usr/bin/python3.13', bytes: python, mode: 0o755 },
  { name: 'usr/lib/x86_64-linux-gnu/libc.so.6', bytes: libc },
  { name: 'usr/lib/x86_64-linux-gnu/libGL.so.1', bytes: makeElf({ soname: 'libGL.so.1' }) },
  { name: 'lib64/ld-linux-x86-64.so.2', bytes: makeElf({}) },
  { name: 'etc/passwd', bytes: 'web:x:1000:1000::/tmp:/bin/sh\n' },
  { name: 'tmp', flag: '5', mode: 0o1777 },
];
const environment: readonly Member[] = [
  { name: 'opt/venv/pyvenv.cfg', bytes: 'home = /usr/bin\n' },
  { name: 'opt/venv/bin/python', flag: '2', target: '/usr/bin/python3.13' },
  { name: `${site}/cv2/cv2.abi3.so`, bytes: makeElf({ needed: ['libGL.so.1', 'libc.so.6'] }) },
  { name: `${site}/opencv_python-1.0.dist-info/RECORD`, bytes: 'cv2/cv2.abi3.so,,\n' },
  { name: 'app/main.py', bytes: 'print(1)\n' },
];

async function imageOf(
  layers: readonly (readonly Member[])[],
  platform = 'linux/amd64',
  mediaType = gzipLayer,
): Promise<Image> {
  const dir = await temporaryDir('image');
  const made = [];
  for (const members of layers) made.push(await makeLayer(dir, makeTar(members), mediaType));
  const config = renderImageConfig({
    platform: parsePlatform(platform),
    created: new Date(0),
    env: [{ name: 'PATH', value: '/opt/venv/bin' }],
    cmd: ['python', 'main.py'],
    user: '1000',
    workdir: '/app',
    labels: {},
    exposedPorts: [],
    layers: made.map(({ diffId }, at) => ({ diffId, createdBy: at === 0 ? 'a base' : 'tare: application' })),
  });
  return makeImage({ config, layers: made });
}

async function contextOf() {
  const cacheDir = await temporaryDir('cache');
  return { cacheDir, context: createContext({ cacheDir, env: {}, signal }) };
}

test.for(['oci', 'oci-archive', 'docker-archive'] as const)(
  'a sound image is sound as %s, and nothing stays behind',
  async (kind) => {
    const { cacheDir, context } = await contextOf();
    const path = join(await temporaryDir('out'), 'image');
    await writeOutput({ kind, path }, [await imageOf([base, environment])], { refName: 'shop:1', signal });
    for (const place of [`${kind}:${path}`, path]) {
      const report = await verify(place, {}, context);
      expect(report).toMatchObject({ isSound: true, counts: { errors: 0, warnings: 0, allowed: 0 } });
      expect(report.platforms).toMatchObject([{ platform: 'linux/amd64', python: '3.13', findings: [] }]);
    }
    expect(await readdir(join(cacheDir, 'v1', 'tmp'))).toEqual([]);
  },
);

test('a library that a later layer takes away is missed, unless that is allowed', async () => {
  const { context } = await contextOf();
  const path = join(await temporaryDir('out'), 'image');
  const removal: readonly Member[] = [{ name: 'usr/lib/x86_64-linux-gnu/.wh.libGL.so.1' }];
  await writeOutput({ kind: 'oci', path }, [await imageOf([base, environment, removal])], { signal });
  const findPackage = () => async (kind: string, name: string) =>
    kind === 'library' && name === 'libGL.so.1' ? 'libgl1' : undefined;
  const refused = await verify(path, { findPackage }, context);
  expect(refused).toMatchObject({ isSound: false, counts: { errors: 1 } });
  expect(refused.platforms[0]?.findings).toMatchObject([
    {
      code: 'library-missing',
      chain: ['opencv-python', 'cv2/cv2.abi3.so', 'libGL.so.1'],
      hint: 'add `system-packages = ["libgl1"]`',
      isAllowed: false,
    },
  ]);
  const allowed = await verify(path, { allow: ['library-missing'] }, context);
  expect(allowed).toMatchObject({ isSound: true, counts: { errors: 0, allowed: 1 } });
  const misspelt = verify(path, { allow: ['library_missing'] }, context);
  await expect(misspelt).rejects.toMatchObject({ code: 'USAGE', hint: 'give `--allow library-missing`' });
});

test('a finding about what the base brings is told as that, unless a later layer has it, too', async () => {
  const { context } = await contextOf();
  const path = join(await temporaryDir('out'), 'image');
  const program = (name: string): Member => ({ name: `usr/bin/${name}`, bytes: python, mode: 0o4755 });
  const layers = [
    [...base, program('mount'), program('passwd')],
    [...environment, program('passwd'), program('mine')],
  ];
  await writeOutput({ kind: 'oci', path }, [await imageOf(layers)], { signal });
  const { platforms } = await verify(path, {}, context);
  const found = platforms[0]?.findings.map((one) => [one.code, one.path, one.isOfBase]);
  expect(found).toEqual([
    ['set-id', '/usr/bin/mine', false],
    ['set-id', '/usr/bin/mount', true],
    ['set-id', '/usr/bin/passwd', false],
  ]);
});

test('a text that a later layer replaces counts as it is there', async () => {
  const { context } = await contextOf();
  const path = join(await temporaryDir('out'), 'image');
  const other: readonly Member[] = [{ name: 'etc/passwd', bytes: 'other:x:1001:1001::/:/bin/sh\n' }];
  await writeOutput({ kind: 'oci', path }, [await imageOf([base, environment, other])], { signal });
  const codes = (await verify(path, {}, context)).platforms[0]?.findings.map((one) => one.code);
  expect(codes).toEqual(['home-unwritable', 'user-unknown']);
});

test('all platforms are looked at, or those that are asked for', async () => {
  const { context } = await contextOf();
  const path = join(await temporaryDir('out'), 'image');
  const images = [await imageOf([base, environment]), await imageOf([base, environment], 'linux/arm64')];
  await writeOutput({ kind: 'oci', path }, images, { signal });
  const both = await verify(path, {}, context);
  expect(both.platforms.map((one) => one.platform)).toEqual(['linux/amd64', 'linux/arm64']);
  expect(both.platforms[1]?.findings.map((one) => one.code)).toContain('machine-wrong');
  expect(await verify(path, { platforms: ['linux/amd64'] }, context)).toMatchObject({ isSound: true });
  await expect(verify(path, { platforms: ['linux/s390x'] }, context)).rejects.toMatchObject({
    code: 'PLATFORM_MISSING',
  });
});

test('layers are read once: the second look needs no blob', async () => {
  const { context } = await contextOf();
  const image = await imageOf([base, environment]);
  const path = join(await temporaryDir('out'), 'image');
  await writeOutput({ kind: 'oci', path }, [image], { signal });
  const first = await verify(path, {}, context);
  const [layer] = image.layers;
  const blob = join(path, 'blobs', 'sha256', layer?.descriptor.digest.slice(7) ?? '');
  const size = (await readFile(blob)).length;
  await rm(blob);
  await writeFile(blob, Buffer.alloc(size));
  expect(await verify(path, {}, context)).toEqual(first);
});

test('a layer that is not what the image says is an error, and not remembered', async () => {
  const { context } = await contextOf();
  const image = await imageOf([base, environment], 'linux/amd64', 'application/vnd.oci.image.layer.v1.tar');
  const path = join(await temporaryDir('out'), 'image');
  await writeOutput({ kind: 'oci', path }, [image], { signal });
  const blob = join(path, 'blobs', 'sha256', image.layers[1]?.descriptor.digest.slice(7) ?? '');
  const bytes = await readFile(blob);
  bytes.write('print(2)', bytes.indexOf('print(1)'));
  await rm(blob);
  await writeFile(blob, bytes);
  for (let time = 0; time < 2; time++) {
    await expect(verify(path, {}, context)).rejects.toMatchObject({ code: 'LAYER_DIFF_ID_MISMATCH' });
  }
});

test('a place where no image is says so', async () => {
  const { context } = await contextOf();
  const dir = await temporaryDir('empty');
  await expect(verify(dir, {}, context)).rejects.toMatchObject({ code: 'LAYOUT_INVALID' });
  await expect(verify(`oci:${dir}`, {}, context)).rejects.toMatchObject({ code: 'LAYOUT_INVALID' });
  await expect(verify(join(dir, 'gone'), {}, context)).rejects.toMatchObject({ code: 'ARCHIVE_MISSING' });
});
