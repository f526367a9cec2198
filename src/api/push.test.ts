import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complain } from '../../test/support/faulty-registry.ts';
import { failure, makeContext, pullFrom, pushTo, useRegistryScene } from '../../test/support/registry-scene.ts';
import { makeTinyImage } from '../../test/support/tiny-image.ts';
import { writeLayout } from '../store/layout.ts';
import { push, pushImages } from './push.ts';

const scene = useRegistryScene();

describe('pushing', () => {
  test('what was pushed is what is pulled', async () => {
    const pushed = await pushTo(scene, 'team/app:1');
    const pulled = await pullFrom(scene, 'team/app:1');
    expect(pulled.digest).toBe(pushed.digest);
    expect(await readFile(join(scene.dir, 'pulled', 'blobs', 'sha256', pushed.digest.slice(7)))).toEqual(
      Buffer.from(scene.image.manifest),
    );
  });

  test('blobs come before the manifest, which is the last request', async () => {
    await pushTo(scene, 'team/app:1');
    const manifest = scene.registry.seen.findIndex((one) => one.method === 'PUT' && one.url.includes('/manifests/'));
    expect(manifest).toBe(scene.registry.seen.length - 1);
  });

  test('an unchanged image costs one request', async () => {
    await pushTo(scene, 'team/app:1');
    scene.registry.seen.length = 0;
    expect(await pushTo(scene, 'team/app:1')).toMatchObject({ isUnchanged: true, uploadedBytes: 0, requests: 1 });
    expect(scene.registry.seen).toHaveLength(1);
  });

  test('a change of one layer costs six requests and moves that layer', async () => {
    await pushTo(scene, 'team/app:1');
    const [large] = scene.image.layers;
    const changed = await makeTinyImage(join(scene.dir, 'other'), [
      [{ name: 'large', content: 'another' }],
      [{ name: 'small', content: 'x' }],
    ]);
    scene.registry.seen.length = 0;
    const report = await pushImages([changed], `${scene.registry.host}/team/app:1`, {}, makeContext(scene.dir));
    expect(report).toMatchObject({ uploaded: 2, present: 1, requests: 6 });
    expect(scene.registry.seen.some((one) => one.url.includes(large?.descriptor.digest ?? '-'))).toBe(false);
  });

  test('what another repository of the registry has is mounted', async () => {
    await pushTo(scene, 'team/app:1');
    const report = await pushTo(scene, 'team/other:1');
    expect(report).toMatchObject({ mounted: 3, uploaded: 0 });
  });

  test('a registry that cannot mount gets an upload', async () => {
    await pushTo(scene, 'team/app:1');
    scene.registry.fault = (request, response) =>
      request.url?.includes('mount=') === true && complain(response, 405, 'UNSUPPORTED');
    expect(await pushTo(scene, 'team/other:1')).toMatchObject({ mounted: 0, uploaded: 3 });
  });

  test('two pushes at once both succeed', async () => {
    const [first, second] = await Promise.all([
      pushTo(scene, 'team/app:1'),
      pushTo(scene, 'team/app:1', {}, 'other-cache'),
    ]);
    expect(first.digest).toBe(second.digest);
    expect((await pullFrom(scene, 'team/app:1')).digest).toBe(first.digest);
  });

  test.each([
    ['absolute', (path: string) => `http://${scene.registry.host}${path}`],
    ['with a query', (path: string) => `${path}?_state=a%2Fb&x=1`],
    ['relative without a path', (path: string) => path.slice(path.lastIndexOf('/') + 1)],
  ])('an upload goes to a location that is %s', async (_name, location) => {
    scene.registry.location = location;
    expect(await pushTo(scene, 'team/app:1')).toMatchObject({ uploaded: 3 });
    if (location('/a') === '/a?_state=a%2Fb&x=1')
      expect(scene.registry.seen.some((one) => /\?_state=a%2Fb&x=1&digest=/.test(one.url))).toBe(true);
  });

  test('an upload that breaks goes on where it was', async () => {
    let broken = 0;
    scene.registry.cut = (request) =>
      request.method === 'PATCH' && broken++ === 0 ? 700_000 : Number.POSITIVE_INFINITY;
    expect(await pushTo(scene, 'team/app:1')).toMatchObject({ uploaded: 3 });
    const patches = scene.registry.seen.filter((one) => one.method === 'PATCH');
    expect(patches.length).toBeGreaterThan(1);
    expect(Number(/^(\d+)-/.exec(patches.at(-1)?.headers['content-range'] ?? '')?.[1])).toBeGreaterThan(0);
    expect((await pullFrom(scene, 'team/app:1')).digest).toBeDefined();
  });

  test('what arrived changed is sent anew', async () => {
    let spoilt = 0;
    scene.registry.fault = (request, response) =>
      request.method === 'PUT' && request.url?.includes('digest=') === true && spoilt++ === 0
        ? (request.resume(), complain(response, 400, 'DIGEST_INVALID'))
        : false;
    expect(await pushTo(scene, 'team/app:1')).toMatchObject({ uploaded: 3 });
    expect(scene.registry.seen.filter((one) => one.method === 'POST')).toHaveLength(4);
  });

  test('a registry that finds the whole too large gets pieces', async () => {
    scene.registry.fault = (request, response) =>
      request.method === 'PATCH' && request.headers['content-range'] === undefined && scene.registry.seen.length < 9
        ? (request.resume(), complain(response, 413, 'TOO_LARGE'))
        : false;
    expect(await pushTo(scene, 'team/app:1')).toMatchObject({ uploaded: 3 });
  });

  test('a server error passes', async () => {
    const failed = new Set<string>();
    scene.registry.fault = (request, response) => {
      const kind = `${request.method} ${/manifests|uploads|blobs/.exec(request.url ?? '')?.[0]}`;
      if (failed.has(kind)) return false;
      failed.add(kind);
      request.resume();
      return complain(response, 500, 'UNKNOWN');
    };
    expect(await pushTo(scene, 'team/app:1')).toMatchObject({ uploaded: 3 });
    expect(failed.size).toBeGreaterThanOrEqual(5);
  });

  test('a busy registry is given the time that it asks for', async () => {
    let asked = 0;
    scene.registry.fault = (_request, response) => {
      if (asked++ > 0) return false;
      return complain(response, 429, 'TOOMANYREQUESTS', { 'retry-after': '0' });
    };
    expect(await pushTo(scene, 'team/app:1')).toMatchObject({ uploaded: 3 });
  });

  test('a registry that stays busy is worth trying again later', async () => {
    scene.registry.fault = (_request, response) =>
      complain(response, 429, 'TOOMANYREQUESTS', { 'retry-after': '3600' });
    expect(await failure(pushTo(scene, 'team/app:1'))).toMatchObject({
      code: 'REGISTRY_BUSY',
      transient: true,
      hint: expect.stringContaining('3600 seconds'),
    });
  });

  test.each([
    [405, 'UNSUPPORTED', 'REGISTRY_READ_ONLY'],
    [403, 'DENIED', 'REGISTRY_DENIED'],
    [404, 'NAME_UNKNOWN', 'REGISTRY_NOT_FOUND'],
    [503, 'UNAVAILABLE', 'REGISTRY_FAILED'],
  ])('%i to an upload: %s is %s', async (status, code, expected) => {
    scene.registry.fault = (request, response) => request.method === 'POST' && complain(response, status, code);
    const error = await failure(pushTo(scene, 'team/app:1'));
    expect(error).toMatchObject({ code: expected, actual: expect.stringContaining(`${status}: ${code}`) });
    expect(error.transient).toBe(status === 503);
    expect(scene.registry.manifests.size).toBe(0);
  });

  test('a registry that stops answering is an error that may pass', async () => {
    scene.registry.fault = (request) => {
      request.resume();
      return request.method === 'PATCH';
    };
    const error = await failure(pushTo(scene, 'team/app:1'));
    expect(error).toMatchObject({ code: 'REGISTRY_UPLOAD_FAILED', transient: true });
    expect(error.message).toContain('no answer came in time');
  });

  test('a registry that stops taking what is sent is an error that may pass', async () => {
    scene.image = await makeTinyImage(join(scene.dir, 'big'), [
      [{ name: 'x', content: randomBytes(12_000_000).toString('base64') }],
    ]);
    scene.registry.fault = (request) => request.method === 'PATCH' && (request.pause(), true);
    expect(await failure(pushTo(scene, 'team/app:1'))).toMatchObject({
      code: 'REGISTRY_UPLOAD_FAILED',
      transient: true,
    });
  });

  test('a blob that is damaged here is told, and the cache lets go of it', async () => {
    const layout = join(scene.dir, 'layout');
    const context = makeContext(scene.dir);
    await writeLayout(layout, [scene.image], { signal: context.signal });
    const [layer] = scene.image.layers;
    if (layer === undefined) throw new Error('no layer');
    const hex = layer.descriptor.digest.slice(7);
    const bytes = await readFile(layer.file);
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    const cached = join(scene.dir, 'cache', 'v1', 'blobs', 'sha256', hex);
    await mkdir(join(cached, '..'), { recursive: true });
    for (const path of [join(layout, 'blobs', 'sha256', hex), cached]) {
      await rm(path, { force: true });
      await writeFile(path, bytes);
    }
    const error = await failure(push(`oci:${layout}`, `${scene.registry.host}/team/app:1`, {}, context));
    expect(error).toMatchObject({ code: 'BLOB_DIGEST_MISMATCH', expected: layer.descriptor.digest });
    await expect(stat(cached)).rejects.toThrow(/ENOENT/);
    expect(scene.registry.manifests.size).toBe(0);
  });

  test('blobs that the registry lost, though a manifest names them, are sent again', async () => {
    await pushTo(scene, 'team/app:1');
    const changed = await makeTinyImage(join(scene.dir, 'other'), [
      [{ name: 'large', content: 'another' }],
      [{ name: 'small', content: 'x' }],
    ]);
    const small = scene.image.layers[1]?.descriptor.digest ?? '';
    scene.registry.blobs.delete(small);
    scene.registry.fault = (request, response) => {
      if (request.method === 'HEAD' && request.url?.endsWith(small) === true && !scene.registry.blobs.has(small))
        return complain(response, 404, 'BLOB_UNKNOWN');
      const lacks =
        request.method === 'PUT' && request.url?.includes('/manifests/') === true && !scene.registry.blobs.has(small);
      return lacks && (request.resume(), complain(response, 400, 'MANIFEST_BLOB_UNKNOWN'));
    };
    await pushImages([changed], `${scene.registry.host}/team/app:1`, {}, makeContext(scene.dir));
    expect(scene.registry.blobs.has(small)).toBe(true);
  });

  test('an aborted push leaves the tag as it was', async () => {
    const controller = new AbortController();
    scene.registry.fault = (request) => {
      if (request.method === 'PATCH') controller.abort(new Error('interrupted'));
      return false;
    };
    const context = { ...makeContext(scene.dir), signal: controller.signal };
    await expect(pushImages([scene.image], `${scene.registry.host}/team/app:1`, {}, context)).rejects.toThrow(
      'interrupted',
    );
    expect(scene.registry.manifests.size).toBe(0);
  });
});
