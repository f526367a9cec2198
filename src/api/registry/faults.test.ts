import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complain } from '../../../test/support/faulty-registry.ts';
import {
  failure,
  makeContext,
  pullFrom,
  pushTo,
  serveOther,
  useRegistryScene,
} from '../../../test/support/registry-scene.ts';
import { makeTinyImage } from '../../../test/support/tiny-image.ts';
import type { Log } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { type Image, imageDigest } from '../../oci/image.ts';
import { pull } from '../pull.ts';
import { pushImages } from '../push.ts';

const scene = useRegistryScene();

/** An image that shares nothing with that of the scene. */
const makeOther = (): Promise<Image> =>
  makeTinyImage(join(scene.dir, 'other-blobs'), [[{ name: 'other', content: 'of another' }]]);

const isTag = (url: string | undefined): boolean => url?.endsWith('/manifests/1') === true;

describe('a tag that moves', () => {
  test('while it is pulled: what was found first comes whole', async () => {
    const pushed = await pushTo(scene, 'team/app:1');
    await pushImages([await makeOther()], `${scene.registry.host}/team/app:2`, {}, makeContext(scene.dir, 'other'));
    const moved = scene.registry.manifests.get('team/app:2');
    if (moved === undefined) throw new Error('no manifest');
    let asked = 0;
    scene.registry.fault = (request) => {
      if (isTag(request.url) && asked++ > 0) scene.registry.manifests.set('team/app:1', moved);
      if (request.url?.includes('/blobs/') === true) scene.registry.manifests.set('team/app:1', moved);
      return false;
    };
    expect((await pullFrom(scene, 'team/app:1')).digest).toBe(pushed.digest);
    expect(await readFile(join(scene.dir, 'pulled', 'blobs', 'sha256', pushed.digest.slice(7)))).toEqual(
      Buffer.from(scene.image.manifest),
    );
    expect(scene.registry.manifests.get('team/app:1')).toBe(moved);
  });

  test('while it is pushed to: the last one stands, and both images are whole', async () => {
    const other = await makeOther();
    let others: Promise<unknown> | undefined;
    scene.registry.fault = (request) => {
      if (request.method === 'PATCH')
        others ??= pushImages([other], `${scene.registry.host}/team/app:1`, {}, makeContext(scene.dir, 'other'));
      return false;
    };
    const pushed = await pushTo(scene, 'team/app:1');
    await others;
    expect(others).toBeDefined();
    const { digest } = await pullFrom(scene, 'team/app:1');
    expect([pushed.digest, imageDigest(other)]).toContain(digest);
    await pull(
      `${scene.registry.host}/team/app@${pushed.digest}`,
      { folder: scene.dir, output: 'oci:ours' },
      context(),
    );
  });

  test('is asked for once: everything else by digest', async () => {
    await pushTo(scene, 'team/app:1');
    scene.registry.seen.length = 0;
    await pullFrom(scene, 'team/app:1');
    expect(scene.registry.seen.filter((one) => isTag(one.url))).toHaveLength(1);
  });
});

const context = () => makeContext(scene.dir, 'pull-cache');

describe('a registry that', () => {
  test('answers a mount with the place for an upload gets one', async () => {
    await pushTo(scene, 'team/app:1');
    scene.registry.fault = (request) => {
      // As those do that know no mounts: the query is passed over.
      if (request.method === 'POST') request.url = request.url?.replace(/\?.*$/, '');
      return false;
    };
    expect(await pushTo(scene, 'team/other:1')).toMatchObject({ mounted: 0, uploaded: 3 });
    scene.registry.fault = () => false;
    expect((await pullFrom(scene, 'team/other:1')).platforms).toHaveLength(1);
  });

  test.each([429, 500, 502, 503])('fails once with %i at every address is asked again when pulling', async (status) => {
    await pushTo(scene, 'team/app:1');
    const failed = new Set<string>();
    scene.registry.fault = (request, response) => {
      if (failed.has(request.url ?? '')) return false;
      failed.add(request.url ?? '');
      return complain(response, status, 'UNKNOWN', { 'retry-after': '0' });
    };
    expect((await pullFrom(scene, 'team/app:1')).platforms).toHaveLength(1);
    expect(failed.size).toBe(4);
  });

  test.each([
    ['a manifest', (url: string) => url.includes('/manifests/')],
    ['a blob', (url: string) => url.includes('/blobs/')],
  ])('never answers where it is asked for %s is an error that may pass', async (_name, matches) => {
    await pushTo(scene, 'team/app:1');
    scene.registry.fault = (request) => matches(request.url ?? '');
    const error = await failure(pullFrom(scene, 'team/app:1'));
    expect(error).toBeInstanceOf(TareError);
    expect(error.transient).toBe(true);
    expect([error.message, error.where].join(' ')).toContain(scene.registry.host);
  });

  test('goes silent in the middle of a blob is asked for the rest', async () => {
    await pushTo(scene, 'team/app:1');
    const [layer] = scene.image.layers;
    const digest = layer?.descriptor.digest ?? '-';
    const blob = scene.registry.blobs.get(digest);
    let silent = 0;
    scene.registry.fault = (request, response) => {
      if (request.url?.endsWith(digest) !== true || silent++ > 0) return false;
      response.writeHead(200, { 'content-length': String(blob?.byteLength) });
      response.write(blob?.subarray(0, 400_000));
      return true;
    };
    await pullFrom(scene, 'team/app:1');
    expect(scene.registry.seen.some((one) => /^bytes=[1-9]/.test(one.headers.range ?? ''))).toBe(true);
  });

  test('says another digest of what was uploaded does not get the tag set', async () => {
    scene.registry.fault = (request, response) =>
      request.method === 'PUT' && request.url?.includes('digest=') === true
        ? (request.resume(), complain(response, 400, 'DIGEST_INVALID'))
        : false;
    expect(await failure(pushTo(scene, 'team/app:1'))).toBeInstanceOf(TareError);
    expect(scene.registry.manifests.size).toBe(0);
  });

  test('sends a download round in circles is left', async () => {
    await pushTo(scene, 'team/app:1');
    scene.registry.fault = (request, response) => {
      if (request.url?.includes('/blobs/') !== true) return false;
      response.writeHead(307, { location: request.url }).end();
      return true;
    };
    expect(await failure(pullFrom(scene, 'team/app:1'))).toBeInstanceOf(TareError);
    expect(scene.registry.seen.length).toBeLessThan(100);
  });
});

describe('no secret is in what is said on the way', () => {
  const password = 'hunter2-secret-password';
  const token = 'token-1f9e-secret';

  /** Everything that is said, of whatever importance. */
  function listening() {
    const lines: string[] = [];
    const say = (text: unknown): void => void lines.push(JSON.stringify(text) ?? '');
    const log: Log = { warn: say, info: say, debug: say };
    return { lines, log };
  }

  test.each([
    ['succeeds', () => false],
    ['is refused', (url: string) => url.includes('/manifests/1')],
  ])('a push with tokens and signed places that %s', async (_name, isRefused) => {
    const realm = await serveOther((_url, response) => void response.end(JSON.stringify({ token })));
    scene.registry.location = (path) => `${path}?_state=state-secret&signature=signature-secret`;
    scene.registry.fault = (request, response) => {
      const shown = request.headers.authorization;
      if (shown !== `Bearer ${token}`) {
        request.resume();
        const challenge = `Bearer realm="${realm}/token",service="registry.example"`;
        return complain(response, 401, `UNAUTHORIZED ${shown ?? ''}`, { 'www-authenticate': challenge });
      }
      if (request.method !== 'PUT' || !isRefused(request.url ?? '')) return false;
      request.resume();
      return complain(response, 403, `DENIED ${shown} ${password}`);
    };
    const env = { TARE_REGISTRY_USERNAME: 'jo', TARE_REGISTRY_PASSWORD: password };
    const { lines, log } = listening();
    const target = `${scene.registry.host}/team/app:1`;
    const work = pushImages([scene.image], target, {}, { ...makeContext(scene.dir, 'cache', env), log });
    const outcome = await work.then(
      (report) => JSON.stringify(report),
      (error: unknown) => {
        if (!(error instanceof TareError)) throw error;
        const { message, where, expected, actual, hint, stack } = error;
        return JSON.stringify([message, where, expected, actual, hint, stack, String(error.cause)]);
      },
    );
    const basic = Buffer.from(`jo:${password}`).toString('base64');
    for (const secret of [password, token, basic, 'state-secret', 'signature-secret'])
      expect([...lines, outcome].join('\n')).not.toContain(secret);
  });

  test('a program for credentials that prints them and fails', async () => {
    const bin = join(scene.dir, 'bin');
    await mkdir(bin);
    const body = `echo '{"Username":"jo","Secret":"${password}"}'; echo ${password} >&2; exit 3`;
    await writeFile(join(bin, 'docker-credential-loud'), `#!/bin/sh\n${body}\n`);
    await chmod(join(bin, 'docker-credential-loud'), 0o755);
    await writeFile(join(bin, 'config.json'), JSON.stringify({ credsStore: 'loud' }));
    scene.registry.fault = (_request, response) =>
      complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
    const { lines, log } = listening();
    const env = { DOCKER_CONFIG: bin, PATH: `${bin}:/bin:/usr/bin` };
    const work = pull(
      `${scene.registry.host}/team/app:1`,
      { folder: scene.dir, output: 'oci:pulled' },
      { ...makeContext(scene.dir, 'pull-cache', env), log },
    );
    const error = await failure(work);
    expect(error.code).toBe('CREDENTIAL_HELPER_FAILED');
    expect([...lines, error.message, error.stack, String(error.cause)].join('\n')).not.toContain(password);
  });
});
