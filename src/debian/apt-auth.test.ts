import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ArchiveKey, archiveAddress, makeArchiveKey, securityAddress } from '../../test/support/debian-mirror.ts';
import { failure, makeSuite } from '../../test/support/debian-suite.ts';
import type { HttpRequest } from '../base/context.ts';
import { aptLoginFor, parseAptLogins, readAptLogins, withAptLogins } from './apt-auth.ts';
import { fetchDebs, openSuite } from './mirror.ts';

const basic = (login: string, password: string) =>
  `Basic ${Buffer.from(`${login}:${password}`, 'utf8').toString('base64')}`;

async function aptRoot(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tare-auth-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'auth.conf.d'));
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
  return root;
}

describe('apt_auth.conf(5)', () => {
  const uri = 'https://example.org/debian';

  test.each([
    'machine example.org\nlogin apt\npassword debian\n',
    'machine example.org login apt password debian',
    'machine example.org/deb login apt password debian',
    'machine example.org/debian login apt password debian',
    'machine example.org/debian/ login apt password debian',
    '# a comment\n\tmachine  EXAMPLE.org\r\n  account x login apt password debian',
    'machine https://example.org login apt password debian',
    'machine other.example login no password no machine example.org login apt password debian',
  ])('applies: %s', (text) => {
    expect(aptLoginFor(parseAptLogins(text), `${uri}/dists/trixie/InRelease`)).toMatchObject({
      login: 'apt',
      password: 'debian',
    });
  });

  test.each([
    'machine example.org:443 login apt password debian',
    'machine example.org/deb/ login apt password debian',
    'machine example.org/ubuntu login apt password debian',
    'machine example.orga login apt password debian',
    'machine example.net login apt password debian',
    'machine http://example.org login apt password debian',
    'login apt password debian',
    'machine',
  ])('does not apply: %s', (text) => {
    expect(aptLoginFor(parseAptLogins(text), `${uri}/dists/trixie/InRelease`)).toBeUndefined();
  });

  test('a port counts where one is given; without a protocol an entry is for https alone', () => {
    const logins = parseAptLogins(
      'machine a.example:8443 login one password p machine http://b.example login two password p',
    );
    expect(aptLoginFor(logins, 'https://a.example:8443/x')?.login).toBe('one');
    expect(aptLoginFor(logins, 'https://a.example/x')).toBeUndefined();
    expect(aptLoginFor(logins, 'http://b.example:80/x')?.login).toBe('two');
    expect(aptLoginFor(logins, 'http://a.example:8443/x')).toBeUndefined();
  });

  test('a host that only begins so, or hides behind user information, is another one', () => {
    const logins = parseAptLogins('machine example.org login apt password debian');
    for (const address of ['https://example.org.evil.example/', 'https://example.org@evil.example/', 'file:///x']) {
      expect(aptLoginFor(logins, address)).toBeUndefined();
    }
  });

  test('auth.conf comes before the folder, which is read in order; other names are left alone', async () => {
    const root = await aptRoot({
      'auth.conf': 'machine a.example login first password p',
      'auth.conf.d/20.conf': 'machine b.example login later password p',
      'auth.conf.d/10.conf': 'machine b.example login sooner password p',
      'auth.conf.d/backup.conf.bak': 'machine c.example login no password p',
    });
    const logins = await readAptLogins(root);
    expect(logins.map((one) => one.login)).toEqual(['first', 'sooner', 'later']);
    expect(await readAptLogins(join(root, 'nowhere'))).toEqual([]);
  });

  test('any text is read without complaint', () => {
    const word = fc.constantFrom('machine', 'login', 'password', 'a.example', '#', '\n', ' ', 'x/y', 'https://', 'ÿ');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        aptLoginFor(parseAptLogins(words.join(' ')), 'https://a.example/x');
      }),
    );
  });
});

describe('signing in to a mirror', () => {
  let key: ArchiveKey;
  beforeAll(async () => {
    key = await makeArchiveKey();
  });

  /** The stand-in mirror behind a door that asks for a password. */
  async function guarded(authorization: string) {
    const here = await makeSuite(key);
    const seen: HttpRequest[] = [];
    const http = {
      request: async (request: HttpRequest) => {
        seen.push(request);
        const response = await here.mirror.http.request(request);
        return request.headers?.['authorization'] === authorization ? response : { ...response, status: 401 };
      },
    };
    return { ...here, seen, http };
  }

  test('release files, indexes and packages are fetched with the login of auth.conf', async () => {
    const root = await aptRoot({ 'auth.conf': 'machine mirror.example login me password s3cret' });
    const { config, context, http, seen } = await guarded(basic('me', 's3cret'));
    const mine = { ...config, aptRoot: root };
    const index = await openSuite(context({ http }), mine, 'trixie', 'amd64');
    expect(index.find('aa')?.version).toBe('1.0-1+deb13u2');
    expect(seen.map((one) => one.url).some((url) => url.startsWith(securityAddress))).toBe(true);
    const wanted = [index.find('bb')].filter((one) => one !== undefined);
    const folder = await mkdtemp(join(tmpdir(), 'tare-blobs-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const cache = {
      blobPath: () => join(folder, 'blob'),
      has: async () => false,
      temporary: async () => join(folder, 'new'),
      adopt: async (file: string) => file,
    };
    expect(await fetchDebs(context({ http }), wanted, cache, mine)).toHaveLength(1);
  });

  test('without it the error says where a login belongs, and no secret shows', async () => {
    const { config, context, http } = await guarded(basic('me', 'other'));
    const root = await aptRoot({ 'auth.conf': 'machine mirror.example login me password s3cret' });
    const failed = await failure(openSuite(context({ http }), { ...config, aptRoot: root }, 'trixie', 'amd64'));
    expect(failed).toMatchObject({ code: 'DEBIAN_MIRROR_FAILED', hint: expect.stringContaining('auth.conf') });
    const named = { ...config, mirror: archiveAddress.replace('://', '://me:s3cret@') };
    const other = await failure(openSuite(context({ http }), named, 'trixie', 'amd64'));
    for (const error of [failed, other]) {
      expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
      expect(inspect(error, { depth: 9 })).not.toContain(basic('me', 's3cret'));
    }
  });

  test('user information in the address, or a header that is there, wins', async () => {
    const sent: HttpRequest[] = [];
    const http = withAptLogins(
      { request: async (request) => (sent.push(request), Promise.reject(new Error('not asked'))) },
      parseAptLogins('machine m.example login a password b'),
    );
    const ask = (request: HttpRequest) => http.request(request).catch(() => undefined);
    await ask({ url: 'https://x:y@m.example/' });
    await ask({ url: 'https://m.example/', headers: { Authorization: 'Bearer z' } });
    await ask({ url: 'https://m.example/' });
    await ask({ url: 'https://n.example/' });
    expect(sent.map((one) => one.headers)).toEqual([
      undefined,
      { Authorization: 'Bearer z' },
      { authorization: basic('a', 'b') },
      undefined,
    ]);
  });

  test('a mirror with certificates that apt is told not to check: one warning that tare does', async () => {
    const here = await makeSuite(key);
    const root = await aptRoot({ 'apt.conf': 'Acquire::https::Verify-Peer "false";' });
    const context = here.context();
    for (let again = 0; again < 2; again++) {
      await openSuite(context, { ...here.config, aptRoot: root }, 'trixie', 'amd64');
    }
    expect(context.warnings).toEqual([expect.stringContaining('Verify-Peer')]);
  });
});
