import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { type IndexConfig, type IndexConfigInput, readIndexConfig, withUserInfo } from './index-config.ts';
import { netrcEntryFor, parseNetrc } from './netrc.ts';
import { parseIni } from './pip-config.ts';

interface Machine {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly tool?: unknown;
  readonly platform?: string;
}

async function read({ env = {}, files = {}, tool, platform = 'linux' }: Machine): Promise<IndexConfig> {
  const input: IndexConfigInput = {
    env,
    home: '/home/me',
    platform,
    project: '/app',
    readFile: async (path) => files[path],
    ...(tool === undefined ? {} : { tool }),
  };
  return readIndexConfig(input);
}

const user = '/home/me/.config/pip/pip.conf';

describe('readIndexConfig', () => {
  test('nothing configured: no index is known', async () => {
    expect(await read({})).toMatchObject({
      extraIndexUrls: [],
      findLinks: [],
      noIndex: false,
      trustedHosts: [],
      sources: {},
    });
    expect((await read({})).indexUrl).toBeUndefined();
  });

  test("pip's files, the stronger over the weaker, its environment over all", async () => {
    const files = {
      '/etc/pip.conf':
        '[global]\nindex-url = https://global.example/simple\ncert = /etc/ca.pem\nproxy = http://proxy.example:3128',
      '/home/me/.pip/pip.conf': '[global]\nindex_url: https://legacy.example/simple',
      [user]:
        '# mine\n[global]\nindex-url = https://user.example/simple\nextra-index-url =\n    https://one.example/simple\n    ; a comment\n    https://two.example/simple\ntrusted-host = one.example two.example\n[install]\nfind-links = ~/wheels dist',
    };
    const config = await read({ files });
    expect(config).toMatchObject({
      indexUrl: 'https://user.example/simple',
      extraIndexUrls: ['https://one.example/simple', 'https://two.example/simple'],
      findLinks: ['/home/me/wheels', '/app/dist'],
      certificate: '/etc/ca.pem',
      proxy: 'http://proxy.example:3128',
      trustedHosts: ['one.example', 'two.example'],
      sources: {
        indexUrl: { file: '~/.config/pip/pip.conf', line: 3 },
        certificate: { file: '/etc/pip.conf', line: 3 },
      },
    });
    const over = await read({
      files,
      env: { PIP_INDEX_URL: 'https://env.example/simple', PIP_NO_INDEX: '1', PIP_CERT: '/ca.pem' },
    });
    expect(over).toMatchObject({
      indexUrl: 'https://env.example/simple',
      noIndex: true,
      certificate: '/ca.pem',
      sources: { indexUrl: { rule: 'the environment variable PIP_INDEX_URL' } },
    });
    expect((await read({ files, env: { PIP_CONFIG_FILE: '/dev/null' } })).indexUrl).toBeUndefined();
  });

  test.each([
    ['linux', { XDG_CONFIG_HOME: '/xdg' }, '/xdg/pip/pip.conf'],
    ['linux', { XDG_CONFIG_DIRS: '/a:/b' }, '/a/pip/pip.conf'],
    ['linux', { VIRTUAL_ENV: '/venv' }, '/venv/pip.conf'],
    ['linux', { PIP_CONFIG_FILE: '/own.conf' }, '/own.conf'],
    ['darwin', {}, '/home/me/Library/Application Support/pip/pip.conf'],
    ['win32', { APPDATA: 'C:\\Users\\me\\AppData\\Roaming' }, 'C:\\Users\\me\\AppData\\Roaming\\pip\\pip.ini'],
  ])('on %s with %j pip reads %s', async (platform, env, path) => {
    const config = await read({
      platform,
      env: { ...env },
      files: { [path]: '[global]\nindex-url=https://x.example/' },
    });
    expect(config.indexUrl).toBe('https://x.example/');
  });

  test("uv's environment, then the project's settings, then the user's", async () => {
    const tool = {
      index: [
        { name: 'Inner One', url: 'https://inner.example/simple' },
        { url: 'https://main.example/simple', default: true },
        { name: 'gpu', url: 'https://gpu.example/', explicit: true },
      ],
      'find-links': ['./links'],
    };
    const files = {
      '/home/me/.config/uv/uv.toml': 'extra-index-url = ["https://user.example/simple"]\nfind-links = ["rel"]',
    };
    expect(await read({ tool, files })).toMatchObject({
      indexUrl: 'https://main.example/simple',
      extraIndexUrls: ['https://inner.example/simple', 'https://user.example/simple'],
      findLinks: ['/app/links', '/home/me/.config/uv/rel'],
      sources: { indexUrl: { file: 'pyproject.toml' } },
    });
    const env = {
      UV_DEFAULT_INDEX: 'https://env.example/simple',
      UV_INDEX: 'named=https://a.example/ https://b.example/',
    };
    expect(await read({ tool, files, env })).toMatchObject({
      indexUrl: 'https://env.example/simple',
      extraIndexUrls: [
        'https://a.example/',
        'https://b.example/',
        'https://inner.example/simple',
        'https://user.example/simple',
      ],
    });
    expect(
      (await read({ tool, files: { ...files, '/app/uv.toml': 'index-url = "https://own.example/"' } })).indexUrl,
    ).toBe('https://own.example/');
    expect((await read({ tool, files, env: { UV_NO_CONFIG: '1' } })).indexUrl).toBeUndefined();
  });

  test("where uv is configured, pip's indexes are not mixed in; what uv leaves open is pip's", async () => {
    const config = await read({
      env: {
        UV_INDEX_URL: 'https://uv.example/',
        PIP_EXTRA_INDEX_URL: 'https://pip.example/',
        PIP_FIND_LINKS: '/wheels',
      },
    });
    expect(config).toMatchObject({ indexUrl: 'https://uv.example/', extraIndexUrls: [], findLinks: ['/wheels'] });
  });

  test.each([
    [{ index: 'x' }, undefined, 'UV_CONFIG_INVALID'],
    [{ index: [{ name: 'a' }] }, undefined, 'UV_CONFIG_INVALID'],
    [undefined, '[[index', 'TOML_INVALID'],
  ])('wrong settings of uv are refused: %j %j', async (tool, text, code) => {
    const files: Record<string, string> = text === undefined ? {} : { '/home/me/.config/uv/uv.toml': text };
    await expect(read({ tool, files })).rejects.toMatchObject({ code });
  });
});

describe('credentials', () => {
  test('from the address, for a named index from the environment, else from netrc; never to another host', async () => {
    const config = await read({
      env: {
        UV_INDEX: 'My-Index=https://named.example/simple',
        UV_INDEX_MY_INDEX_USERNAME: 'n',
        UV_INDEX_MY_INDEX_PASSWORD: 'p',
        PIP_INDEX_URL: 'x',
        UV_DEFAULT_INDEX: 'https://user:pa%40ss@main.example/a/simple',
      },
      files: {
        '/home/me/.netrc':
          'machine netrc.example login l password s3cret\nmachine main.example login other password other',
      },
    });
    expect(config.indexUrl).toBe('https://main.example/a/simple');
    expect(config.credentials('https://main.example/files/x.whl')).toEqual({ username: 'user', password: 'pa@ss' });
    expect(config.credentials('https://named.example/simple/x/')).toEqual({ username: 'n', password: 'p' });
    expect(config.credentials('https://netrc.example/x')).toEqual({ username: 'l', password: 's3cret' });
    for (const url of [
      'https://main.example.evil.example/',
      'https://main.example:8443/x',
      'http://named.example/',
      'https://x.example',
      'ftp://netrc.example/',
      'nonsense',
    ]) {
      expect(config.credentials(url)?.username).not.toBe('user');
      expect(config.credentials(url)?.username).not.toBe('n');
    }
    expect(JSON.stringify(config)).not.toMatch(/pa%40ss|pa@ss|s3cret/);
    expect(withUserInfo('https://main.example/a', { username: 'u:', password: 'p@' })).toBe(
      'https://u%3A:p%40@main.example/a',
    );
  });

  test('two indexes of one host: the longer path decides', async () => {
    const config = await read({ env: { UV_INDEX: 'https://a:1@h.example/a/simple https://b:2@h.example/b/simple' } });
    expect(config.credentials('https://h.example/b/simple/x/')?.username).toBe('b');
    expect(config.credentials('https://h.example/a/simple/x/')?.username).toBe('a');
  });
});

describe('netrc', () => {
  test.each([
    ['machine h.example login a password b', 'a', 'b'],
    ['machine h.example\n\tlogin a\n\tpassword "b \\" c"', 'a', 'b " c'],
    ['# machine h.example login x password y\nmachine H.example account z login a password #b', 'a', '#b'],
    ['macdef init\nmachine h.example login x password y\n\nmachine h.example login a password b', 'a', 'b'],
    ['machine other.example login x password y\ndefault login a password b', 'a', 'b'],
    ['machine h.example password b', '', 'b'],
  ])('%j', (text, login, password) => {
    expect(netrcEntryFor(parseNetrc(text), 'h.example')).toMatchObject({ login, password });
  });

  test('random text never breaks it', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseNetrc(`machine ${text}`)));
    fc.assert(fc.property(fc.string(), (text) => void parseIni(text)));
  });

  test('random uv settings: a configuration, or an error of the family', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.string(), async (tool, text) => {
        try {
          await read({ tool: { index: tool }, files: { '/etc/uv/uv.toml': text } });
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
    );
  });
});
