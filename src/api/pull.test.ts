import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complain } from '../../test/support/faulty-registry.ts';
import {
  failure,
  makeContext,
  pullFrom,
  pushTo,
  serveOther,
  useRegistryScene,
} from '../../test/support/registry-scene.ts';
import { sha256 } from '../base/digest.ts';
import { writeLayout } from '../store/layout.ts';
import { pull } from './pull.ts';
import { push } from './push.ts';

const scene = useRegistryScene();

describe('pulling', () => {
  const readManifest = async (name: string) => {
    await pushTo(scene, name);
    return scene.registry.manifests.get(name);
  };

  test('a download that breaks goes on where it was', async () => {
    await pushTo(scene, 'team/app:1');
    const [layer] = scene.image.layers;
    const blob = scene.registry.blobs.get(layer?.descriptor.digest ?? '');
    let cut = 0;
    scene.registry.fault = (request, response) => {
      if (request.url?.endsWith(layer?.descriptor.digest ?? '-') !== true || cut++ > 0) return false;
      response.writeHead(200, { 'content-length': String(blob?.byteLength) });
      response.write(blob?.subarray(0, 400_000), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    await pullFrom(scene, 'team/app:1');
    expect(scene.registry.seen.some((one) => /^bytes=[1-9]/.test(one.headers.range ?? ''))).toBe(true);
  });

  test.each([
    [
      'another',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte))),
      'DOWNLOAD_HASH_MISMATCH',
    ],
    ['shorter', (bytes: Buffer) => bytes.subarray(0, -5), 'DOWNLOAD_SIZE_MISMATCH'],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('more')]), 'DOWNLOAD_SIZE_MISMATCH'],
  ])('a blob that is %s than its digest says is refused', async (_name, change, code) => {
    await pushTo(scene, 'team/app:1');
    for (const [digest, bytes] of scene.registry.blobs) scene.registry.blobs.set(digest, change(bytes));
    expect(await failure(pullFrom(scene, 'team/app:1'))).toMatchObject({ code });
    await expect(stat(join(scene.dir, 'pulled'))).rejects.toThrow(/ENOENT/);
  });

  test('a manifest that is another than its digest says is refused', async () => {
    const stored = await readManifest('team/app:1');
    if (stored === undefined) throw new Error('no manifest');
    const other = `sha256:${'0'.repeat(64)}`;
    scene.registry.manifests.set(`team/app:${other}`, stored);
    scene.registry.fault = (request, response) => {
      if (request.url?.endsWith(other) !== true) return false;
      response.writeHead(200, { 'content-type': stored.type }).end(stored.bytes);
      return true;
    };
    const error = await failure(pullFrom(scene, `team/app@${other}`));
    expect(error).toMatchObject({ code: 'MANIFEST_DIGEST_MISMATCH', expected: other, actual: sha256(stored.bytes) });
  });

  test.each([
    [
      'of before 2017',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      '{"schemaVersion":1}',
      'MANIFEST_UNSUPPORTED',
    ],
    ['a page', 'text/html', '<html>sign in</html>', 'MANIFEST_UNSUPPORTED'],
    [
      'of another kind',
      'application/json',
      '{"schemaVersion":2,"mediaType":"application/vnd.example+json"}',
      'MANIFEST_UNSUPPORTED',
    ],
    ['huge', 'application/vnd.oci.image.manifest.v1+json', `{"x":"${'y'.repeat(5_000_000)}"}`, 'MANIFEST_TOO_LARGE'],
    [
      'without layers',
      'application/vnd.oci.image.manifest.v1+json',
      '{"schemaVersion":2,"config":{}}',
      'MANIFEST_INVALID',
    ],
  ])('a manifest that is %s is refused', async (_name, type, text, code) => {
    scene.registry.manifests.set('team/app:1', { type, bytes: Buffer.from(text) });
    expect(await failure(pullFrom(scene, 'team/app:1'))).toMatchObject({ code, transient: false });
  });

  test('an image that is not there is named', async () => {
    const error = await failure(pullFrom(scene, 'team/app:1'));
    expect(error).toMatchObject({ code: 'IMAGE_NOT_FOUND', message: expect.stringContaining('`team/app:1`') });
  });

  test('credentials do not follow a redirect to another host', async () => {
    await pushTo(scene, 'team/app:1');
    const seen: Record<string, unknown>[] = [];
    const other = await serveOther((url, response, headers) => {
      seen.push(headers);
      response.end(scene.registry.blobs.get(url.slice(1)));
    });
    scene.registry.fault = (request, response) => {
      if (request.headers.authorization === undefined)
        return complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
      const [, digest] = /\/blobs\/(sha256:.*)$/.exec(request.url ?? '') ?? [];
      if (digest === undefined) return false;
      response.writeHead(307, { location: `${other}/${digest}` }).end();
      return true;
    };
    await pullFrom(scene, 'team/app:1', { TARE_REGISTRY_USERNAME: 'jo', TARE_REGISTRY_PASSWORD: 'hunter2-secret' });
    expect(seen).toHaveLength(3);
    expect(seen.filter((headers) => headers['authorization'] !== undefined)).toEqual([]);
  });

  test('another host cannot ask for credentials', async () => {
    await pushTo(scene, 'team/app:1');
    const asked: string[] = [];
    const other = await serveOther((url, response) => {
      asked.push(url);
      complain(response, 401, 'UNAUTHORIZED', {
        'www-authenticate': `Bearer realm="http://127.0.0.1:${new URL(other).port}/token",service="x"`,
      });
    });
    scene.registry.fault = (request, response) => {
      if (request.url?.includes('/blobs/') !== true) return false;
      response.writeHead(307, { location: `${other}/blob` }).end();
      return true;
    };
    const env = { TARE_REGISTRY_USERNAME: 'jo', TARE_REGISTRY_PASSWORD: 'hunter2-secret' };
    expect(await failure(pullFrom(scene, 'team/app:1', env))).toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(asked.filter((url) => url !== '/blob')).toEqual([]);
  });

  test('an upload to another host goes without credentials', async () => {
    const seen: Record<string, unknown>[] = [];
    const other = await serveOther((_url, response, headers) => {
      seen.push(headers);
      complain(response, 500, 'UNKNOWN');
    });
    scene.registry.location = (path) => `${other}${path}`;
    scene.registry.fault = (request, response) =>
      request.headers.authorization === undefined &&
      complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
    const env = { TARE_REGISTRY_USERNAME: 'jo', TARE_REGISTRY_PASSWORD: 'hunter2-secret' };
    expect(await failure(pushTo(scene, 'team/app:1', env))).toMatchObject({
      code: 'REGISTRY_UPLOAD_FAILED',
      transient: true,
    });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((headers) => headers['authorization'] !== undefined)).toEqual([]);
  });

  test('an index with what is no image comes back byte for byte', async () => {
    const layout = join(scene.dir, 'attested');
    const { manifest } = scene.image;
    const context = makeContext(scene.dir);
    await writeLayout(layout, [scene.image], { signal: context.signal });
    const descriptor = (bytes: Uint8Array, more: object) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: sha256(bytes),
      size: bytes.byteLength,
      ...more,
    });
    const put = (bytes: Uint8Array) => writeFile(join(layout, 'blobs', 'sha256', sha256(bytes).slice(7)), bytes);
    const statement = Buffer.from('{"_type":"https://in-toto.io/Statement/v0.1"}');
    const config = Buffer.from('{"architecture":"unknown","os":"unknown","rootfs":{"type":"layers","diff_ids":[]}}');
    const attestation = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { ...descriptor(config, {}), mediaType: 'application/vnd.oci.image.config.v1+json' },
        layers: [{ ...descriptor(statement, {}), mediaType: 'application/vnd.in-toto+json' }],
      }),
    );
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [
          descriptor(manifest, { platform: { os: 'linux', architecture: 'amd64' } }),
          descriptor(attestation, {
            platform: { os: 'unknown', architecture: 'unknown' },
            annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
          }),
        ],
      }),
    );
    for (const bytes of [statement, config, attestation, index]) await put(bytes);
    const top = { ...descriptor(index, {}), mediaType: 'application/vnd.oci.image.index.v1+json' };
    await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }));
    const pushed = await push(`oci:${layout}`, `${scene.registry.host}/team/app:1`, {}, context);
    expect(pushed.digest).toBe(sha256(index));
    const pulled = await pullFrom(scene, 'team/app:1');
    expect(pulled).toMatchObject({ digest: sha256(index), platforms: [{ platform: 'linux/amd64' }] });
    const blobs = join(scene.dir, 'pulled', 'blobs', 'sha256');
    expect(await readFile(join(blobs, sha256(statement).slice(7)))).toEqual(statement);
  });

  test('a mirror that lacks the image is passed over, and gets no credentials of the registry', async () => {
    await pushTo(scene, 'team/app:1');
    const seen: Record<string, unknown>[] = [];
    const mirror = await serveOther((_url, response, headers) => {
      seen.push(headers);
      complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
    });
    const conf = join(scene.dir, 'registries.conf');
    await writeFile(
      conf,
      `[[registry]]\nprefix = "registry.example"\nlocation = "${scene.registry.host}"\n[[registry.mirror]]\nlocation = "${mirror.slice(7)}"\n`,
    );
    const env = {
      CONTAINERS_REGISTRIES_CONF: conf,
      TARE_REGISTRY_USERNAME: 'jo',
      TARE_REGISTRY_PASSWORD: 'hunter2-secret',
    };
    const context = makeContext(scene.dir, 'pull-cache', env);
    await pull('registry.example/team/app:1', { folder: scene.dir, output: 'oci:pulled' }, context);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((headers) => headers['authorization'] !== undefined)).toEqual([]);
  });
});
