import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complain } from '../../../test/support/faulty-registry.ts';
import { failure, pullFrom, pushTo, serveOther, useRegistryScene } from '../../../test/support/registry-scene.ts';
import type { TareError } from '../../base/errors.ts';

const scene = useRegistryScene();

describe('signing in', () => {
  const secret = 'hunter2-secret-password';
  const env = { TARE_REGISTRY_USERNAME: 'jo', TARE_REGISTRY_PASSWORD: secret };

  /** A token server; each token serves for `uses` requests. */
  async function withTokens(uses: number, answer?: (response: ServerResponse) => void) {
    const asked: { url: string; authorization: unknown }[] = [];
    const left = new Map<string, number>();
    const realm = await serveOther((url, response, headers) => {
      asked.push({ url, authorization: headers['authorization'] });
      if (answer !== undefined) return answer(response);
      const token = `token-${asked.length}-${randomBytes(8).toString('hex')}`;
      left.set(token, uses);
      response.end(JSON.stringify({ token, expires_in: 300 }));
    });
    scene.registry.fault = (request, response) => {
      const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const count = left.get(token) ?? 0;
      if (count > 0) {
        left.set(token, count - 1);
        return false;
      }
      request.resume();
      return complain(response, 401, 'UNAUTHORIZED', {
        'www-authenticate': `Bearer realm="${realm}/token",service="registry.example",scope="repository:team/app:pull"`,
      });
    };
    return asked;
  }

  test('a token is asked for once, with the right scope and the password for the token server only', async () => {
    const asked = await withTokens(1000);
    await pushTo(scene, 'team/app:1', env);
    expect(asked).toHaveLength(1);
    const url = new URL(asked[0]?.url ?? '', 'http://x');
    expect(url.searchParams.getAll('scope')).toEqual(['repository:team/app:pull,push']);
    expect(url.searchParams.get('service')).toBe('registry.example');
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from(`jo:${secret}`).toString('base64')}`);
    expect(scene.registry.seen.filter((one) => one.headers.authorization?.startsWith('Basic') === true)).toEqual([]);
  });

  test('a token that ends in mid-upload is replaced', async () => {
    const asked = await withTokens(3);
    expect(await pushTo(scene, 'team/app:1', env)).toMatchObject({ uploaded: 3 });
    expect(asked.length).toBeGreaterThan(2);
    expect((await pullFrom(scene, 'team/app:1', env)).platforms).toHaveLength(1);
  });

  test.each([
    ['tokens', () => withTokens(0).then(() => undefined)],
    [
      'passwords',
      async () => {
        scene.registry.fault = (request, response) => {
          request.resume();
          return complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
        };
      },
    ],
  ])('a registry that never accepts %s is asked a few times only', async (_name, prepare) => {
    await prepare();
    const error = await failure(pushTo(scene, 'team/app:1', env));
    expect(error).toMatchObject({
      code: 'REGISTRY_LOGIN_REFUSED',
      transient: false,
      hint: expect.stringContaining('tare login'),
    });
    expect(scene.registry.seen.length).toBeLessThan(5);
    expectNoSecret(error);
  });

  test('without credentials, the error says how to sign in', async () => {
    scene.registry.fault = (_request, response) =>
      complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
    expect(await failure(pullFrom(scene, 'team/app:1'))).toMatchObject({
      code: 'REGISTRY_LOGIN_REQUIRED',
      hint: `sign in: \`tare login ${scene.registry.host}\``,
    });
  });

  test('a registry that repeats secrets in its errors does not get them into ours', async () => {
    scene.registry.fault = (request, response) => {
      const shown = request.headers.authorization;
      if (shown === undefined)
        return complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
      return complain(response, 403, `DENIED ${secret} ${shown}`);
    };
    expectNoSecret(await failure(pullFrom(scene, 'team/app:1', env)));
  });

  test.each([
    ['nothing of use', (response: ServerResponse) => void response.end('{}')],
    ['a page', (response: ServerResponse) => void response.end('<html>')],
    ['a token that breaks a header', (response: ServerResponse) => void response.end('{"token":"a\\r\\nx: y"}')],
  ])('a token server that sends %s', async (_name, answer) => {
    await withTokens(1, answer);
    expect(await failure(pushTo(scene, 'team/app:1', env))).toMatchObject({ code: 'REGISTRY_TOKEN_INVALID' });
  });

  test.each(['', 'Negotiate', 'Bearer service="x"', 'Bearer realm="http://token.example/"', 'Bearer realm="ftp://x"'])(
    'a challenge `%s` is refused without asking anybody',
    async (challenge) => {
      scene.registry.fault = (_request, response) =>
        complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
      const error = await failure(pullFrom(scene, 'team/app:1', env));
      expect(error.code).toBe('REGISTRY_CHALLENGE_INVALID');
    },
  );

  test('an identity token is exchanged by POST', async () => {
    const asked = await withTokens(100);
    const config = join(scene.dir, 'docker');
    await mkdir(config);
    const entry = {
      auths: { [scene.registry.host]: { auth: Buffer.from('jo:').toString('base64'), identitytoken: 'id-token-1' } },
    };
    await writeFile(join(config, 'config.json'), JSON.stringify(entry));
    await pushTo(scene, 'team/app:1', { DOCKER_CONFIG: config });
    expect(asked).toEqual([{ url: '/token', authorization: undefined }]);
  });

  test.each([
    ['fails', 'exit 1', 'it ended with 1'],
    ['prints garbage', 'echo hunter2-secret-password', 'not JSON'],
    ['is not there', undefined, 'not on the PATH'],
  ])('a program for credentials that %s', async (_name, body, reason) => {
    const bin = join(scene.dir, 'bin');
    await mkdir(bin);
    if (body !== undefined) {
      await writeFile(join(bin, 'docker-credential-broken'), `#!/bin/sh\n${body}\n`);
      await chmod(join(bin, 'docker-credential-broken'), 0o755);
    }
    await writeFile(join(bin, 'config.json'), JSON.stringify({ credsStore: 'broken' }));
    scene.registry.fault = (_request, response) =>
      complain(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
    const error = await failure(pullFrom(scene, 'team/app:1', { DOCKER_CONFIG: bin, PATH: `${bin}:/bin:/usr/bin` }));
    expect(error).toMatchObject({ code: 'CREDENTIAL_HELPER_FAILED', message: expect.stringContaining(reason) });
    expectNoSecret(error);
  });

  function expectNoSecret(error: TareError): void {
    const text = [error.message, error.where, error.expected, error.actual, error.hint, String(error.cause)].join('\n');
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(`jo:${secret}`).toString('base64'));
  }
});
