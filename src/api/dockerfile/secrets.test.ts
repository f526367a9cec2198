import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSourcesFile } from '../../debian/apt-sources.ts';
import { renderAptSources } from '../../debian/render-sources.ts';
import { readIndexConfig } from '../../python/index-config.ts';
import { parseNetrc } from '../../python/netrc.ts';
import { parseIni } from '../../python/pip-config.ts';
import { renderNetrc, renderPipConf, renderUvToml } from './secrets.ts';

const configured = (env: Readonly<Record<string, string>>, netrc?: string) =>
  readIndexConfig({
    env,
    home: '/home/jo',
    platform: 'linux',
    readFile: async (path) => (path === '/home/jo/.netrc' ? netrc : undefined),
  });

describe('settings of this machine as files for a step', () => {
  test('nothing configured: no file, and the step asks upstream', async () => {
    const index = await configured({});
    expect([renderPipConf(index), renderUvToml(index), renderNetrc(index, [])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('pip gets the index with its password, uv without, which finds it in netrc', async () => {
    const index = await configured({
      PIP_INDEX_URL: 'https://jo:p%40ss@index.example/simple',
      PIP_EXTRA_INDEX_URL: 'https://more.example/simple',
      PIP_FIND_LINKS: '/opt/wheels https://links.example/',
    });
    const pip = new Map(parseIni(renderPipConf(index) ?? '').map(({ key, value }) => [key, value]));
    expect(Object.fromEntries(pip)).toEqual({
      'index-url': 'https://jo:p%40ss@index.example/simple',
      'extra-index-url': 'https://more.example/simple',
      'find-links': 'https://links.example/',
    });
    expect(renderUvToml(index)).toContain('[[index]]\nurl = "https://index.example/simple"\ndefault = true');
    expect(renderUvToml(index)).not.toMatch(/p%40ss|p@ss|opt\/wheels/);
    expect(parseNetrc(renderNetrc(index, []) ?? '')).toEqual([
      { machine: 'index.example', login: 'jo', password: 'p@ss' },
    ]);
  });

  test('of netrc, only the hosts that are asked', async () => {
    const netrc = 'machine code.example login jo password secret-1\nmachine torch.example login jo password secret-2\n';
    const index = await configured({}, netrc);
    expect(renderNetrc(index, ['https://torch.example/whl/cpu'])).toBe(
      'machine torch.example login jo password secret-2\n',
    );
  });

  test('whatever a password holds, netrc gives it back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1 }).filter((word) => !/[\r\n\u2028\u2029\v\f\u0085]/.test(word)),
        async (word) => {
          const index = await configured({
            PIP_INDEX_URL: `https://jo:${encodeURIComponent(word)}@index.example/simple`,
          });
          expect(parseNetrc(renderNetrc(index, []) ?? '')).toEqual([
            { machine: 'index.example', login: 'jo', password: word },
          ]);
        },
      ),
    );
  });
});

test('sources of apt are read back as they were meant', () => {
  const text = renderAptSources({
    suite: 'trixie',
    archive: 'http://mirror.example/debian',
    securityArchive: 'http://mirror.example/debian-security',
    extraSources: [{ uri: 'https://apt.example', suite: 'trixie-x', components: ['main'], key: '-----BEGIN\n\nabc\n' }],
  });
  expect(parseSourcesFile(text ?? '', 'x').map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
    'http://mirror.example/debian trixie',
    'http://mirror.example/debian trixie-updates',
    'http://mirror.example/debian-security trixie-security',
    'https://apt.example trixie-x',
  ]);
  expect(text).toContain('Signed-By:\n -----BEGIN\n .\n abc');
  const local = { suite: 'trixie', archive: 'file:/srv/debian', securityArchive: '', extraSources: [] };
  expect(renderAptSources(local)).toBeUndefined();
});
