import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startFaultyRegistry } from '../../../test/support/faulty-registry.ts';
import { failure, makeContext, pushTo, useRegistryScene } from '../../../test/support/registry-scene.ts';
import { makeTinyImage } from '../../../test/support/tiny-image.ts';
import type { Image, ImageLayer } from '../../oci/image.ts';
import { imageDigest } from '../../oci/image.ts';
import { openCache } from '../../store/cache.ts';
import { pushImages } from '../push.ts';
import { readRemoteImage } from './remote-image.ts';
import { openRoot, openRootOnce } from './remote-root.ts';

const scene = useRegistryScene();
const platform = 'linux/amd64';

async function openImage(name = 'team/base:1', offline = false): Promise<Image> {
  const context = { ...makeContext(scene.dir, 'lazy'), offline };
  const cache = openCache(context.cacheDir);
  return readRemoteImage(context, cache, await openRoot(context, cache, `${scene.registry.host}/${name}`), platform);
}

function firstLayer({ layers }: Image): ImageLayer & Required<Pick<ImageLayer, 'origin'>> {
  const [layer] = layers;
  if (layer?.origin === undefined) throw new Error('a layer without an origin');
  return { ...layer, origin: layer.origin };
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('an image of a registry', () => {
  test('is its manifest and its configuration, until somebody wants more', async () => {
    await pushTo(scene, 'team/base:1');
    scene.registry.seen.length = 0;
    const image = await openImage();
    expect(imageDigest(image)).toBe(imageDigest(scene.image));
    const asked = scene.registry.seen.map((one) => `${one.method} ${one.url}`);
    expect(asked.filter((one) => one.includes('/blobs/'))).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  test('a layer passes by without a file, or is brought to disk', async () => {
    await pushTo(scene, 'team/base:1');
    const { origin, file, descriptor } = firstLayer(await openImage());
    const bytes = await bytesOf(origin.read());
    expect(bytes.byteLength).toBe(descriptor.size);
    expect(bytes.equals(await readFile(scene.image.layers[0]?.file ?? ''))).toBe(true);
    expect(await isThere(file)).toBe(false);
    expect((await bytesOf(origin.read(10, 300))).equals(bytes.subarray(10, 300))).toBe(true);
    await origin.bring();
    expect(await origin.isAtHand()).toBe(true);
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  test('a stream that breaks goes on where it was', async () => {
    await pushTo(scene, 'team/base:1');
    const { origin, descriptor } = firstLayer(await openImage());
    const blob = scene.registry.blobs.get(descriptor.digest);
    let cuts = 0;
    scene.registry.fault = (request, response) => {
      if (request.url?.endsWith(descriptor.digest) !== true || cuts++ > 0) return false;
      response.writeHead(200, { 'content-length': String(blob?.byteLength) });
      response.write(blob?.subarray(0, 400_000), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    expect((await bytesOf(origin.read())).byteLength).toBe(descriptor.size);
    expect(scene.registry.seen.some((one) => /^bytes=[1-9]/.test(one.headers.range ?? ''))).toBe(true);
  });

  test('a registry that knows no ranges sends the whole, of which the rest is taken', async () => {
    await pushTo(scene, 'team/base:1');
    const { origin, descriptor } = firstLayer(await openImage());
    const blob = scene.registry.blobs.get(descriptor.digest);
    scene.registry.fault = (request, response) => {
      if (request.url?.endsWith(descriptor.digest) !== true) return false;
      response.writeHead(200).end(blob);
      return true;
    };
    expect((await bytesOf(origin.read(1000, 2000))).equals(blob?.subarray(1000, 2000) ?? Buffer.alloc(0))).toBe(true);
  });

  test.each([
    ['another', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte)))],
    ['shorter', (bytes: Buffer) => bytes.subarray(0, -5)],
  ])('a layer that is %s than its digest says is refused as it passes by', async (_name, change) => {
    await pushTo(scene, 'team/base:1');
    const { origin } = firstLayer(await openImage());
    for (const [digest, bytes] of scene.registry.blobs) scene.registry.blobs.set(digest, change(bytes));
    const error = await failure(bytesOf(origin.read()));
    expect(error.code).toMatch(/^DOWNLOAD_(?:HASH_MISMATCH|SIZE_MISMATCH|FAILED)$/);
  });

  test('for another platform than its own it is none', async () => {
    await pushTo(scene, 'team/base:1');
    const context = makeContext(scene.dir, 'lazy');
    const cache = openCache(context.cacheDir);
    const opened = await openRoot(context, cache, `${scene.registry.host}/team/base:1`);
    const error = await failure(readRemoteImage(context, cache, opened, 'linux/arm64'));
    expect(error).toMatchObject({ code: 'PLATFORM_MISSING', actual: 'linux/amd64' });
  });
});

describe('what a tag stands for', () => {
  test('stays what it was first within one build', async () => {
    await pushTo(scene, 'team/base:1');
    const context = makeContext(scene.dir, 'lazy');
    const cache = openCache(context.cacheDir);
    const roots = new Map();
    const name = `${scene.registry.host}/team/base:1`;
    const first = await openRootOnce(context, cache, name, roots);
    scene.image = await makeTinyImage(join(scene.dir, 'blobs'), [[{ name: 'moved', content: 'y' }]]);
    await pushTo(scene, 'team/base:1', undefined, 'other');
    expect((await openRootOnce(context, cache, name, roots)).root.digest).toBe(first.root.digest);
    expect((await openRoot(context, cache, name)).root.digest).not.toBe(first.root.digest);
  });

  test('is remembered for work without a network, and said', async () => {
    await pushTo(scene, 'team/base:1');
    const online = await openImage();
    await scene.registry.stop();
    const said: string[] = [];
    const base = makeContext(scene.dir, 'lazy');
    const context = { ...base, offline: true, log: { ...base.log, info: (text: string) => void said.push(text) } };
    const cache = openCache(context.cacheDir);
    const opened = await openRoot(context, cache, `${scene.registry.host}/team/base:1`);
    const image = await readRemoteImage(context, cache, opened, platform);
    expect(imageDigest(image)).toBe(imageDigest(online));
    expect(said.join()).toContain(`when it was last asked for, ${imageDigest(online)}`);
    expect(await failure(bytesOf(firstLayer(image).origin.read()))).toMatchObject({ code: 'OFFLINE_MISSING' });
    expect(await failure(firstLayer(image).origin.bring())).toMatchObject({ code: 'OFFLINE_MISSING' });
  });

  test('is an error offline where it was never asked for', async () => {
    expect(await failure(openImage('team/other:1', true))).toMatchObject({
      code: 'OFFLINE_MISSING',
      message: expect.stringContaining('team/other:1'),
    });
  });

  test('is not asked for again where a digest names it', async () => {
    await pushTo(scene, 'team/base:1');
    const name = `team/base@${imageDigest(scene.image)}`;
    await openImage(name);
    scene.registry.seen.length = 0;
    await openImage(name);
    expect(scene.registry.seen).toEqual([]);
  });
});

describe('pushing an image whose layers are elsewhere', () => {
  test('copies them from registry to registry, past the disk, and goes on where an upload broke', async () => {
    await pushTo(scene, 'team/base:1');
    const image = await openImage();
    const target = await startFaultyRegistry();
    onTestFinished(() => target.stop());
    let cuts = 0;
    target.cut = (request) => (request.method === 'PATCH' && cuts++ === 0 ? 500_000 : Number.POSITIVE_INFINITY);
    const context = makeContext(scene.dir, 'lazy');
    const report = await pushImages([image], `${target.host}/team/copy:1`, {}, context);
    expect(report.digest).toBe(imageDigest(scene.image));
    for (const { descriptor, file } of image.layers) {
      expect(target.blobs.get(descriptor.digest)?.byteLength).toBe(descriptor.size);
      expect(await isThere(file)).toBe(false);
    }
  });

  test('mounts them where the target is the registry that has them', async () => {
    await pushTo(scene, 'team/base:1');
    const image = await openImage();
    scene.registry.seen.length = 0;
    const report = await pushImages([image], `${scene.registry.host}/team/app:1`, {}, makeContext(scene.dir, 'lazy'));
    expect(report.mounted).toBe(image.layers.length);
    expect(scene.registry.seen.filter((one) => one.method === 'GET' && one.url.includes('/blobs/'))).toEqual([]);
  });
});
