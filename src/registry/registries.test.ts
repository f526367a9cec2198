import fc from 'fast-check';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTemporaryDir } from '../../test/support/paths.ts';
import { isTareError } from '../base/errors.ts';
import { parseReference, withWholeName } from '../oci/reference.ts';
import { isLoopback } from './hosts.ts';
import { isInsecureHost, prefixLength, ruleFor } from './registries.ts';
import { parseDaemonJson, parseRegistriesConf } from './registries-file.ts';
import { resolvePlace, resolvePullPlaces } from './transport.ts';

let home: string;
beforeEach(async () => {
  home = await makeTemporaryDir('registries');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const reference = (text: string) => withWholeName(parseReference(text));

async function places(conf: string, name: string, env: Readonly<Record<string, string>> = {}) {
  const file = join(home, 'registries.conf');
  await writeFile(file, conf);
  const found = await resolvePullPlaces({ home, env: { CONTAINERS_REGISTRIES_CONF: file, ...env } }, reference(name));
  return found.map(
    ({ endpoint, repository }) => `${endpoint.host}/${repository}${endpoint.mayBePlain ? ' plain' : ''}`,
  );
}

const mirrored = `
[[registry]]
prefix = "registry.example/team"
location = "moved.example:5000/group"
[[registry.mirror]]
location = "mirror.example/cache"
[[registry.mirror]]
location = "127.0.0.1:5000"
insecure = true
pull-from-mirror = "digest-only"
[[registry]]
location = "registry.example"
insecure = true
[[registry]]
prefix = "*.blocked.example"
location = "x.example"
blocked = true
`;

describe('registries.conf', () => {
  test('mirrors come first, each with the rest of the name', async () => {
    expect(await places(mirrored, 'registry.example/team/app:1')).toEqual([
      'mirror.example/cache/app',
      'moved.example:5000/group/app',
    ]);
    expect(await places(mirrored, `registry.example/team/app@sha256:${'0'.repeat(64)}`)).toEqual([
      'mirror.example/cache/app',
      '127.0.0.1:5000/app plain',
      'moved.example:5000/group/app',
    ]);
  });

  test('the longest prefix counts, and only whole parts of a name', async () => {
    expect(await places(mirrored, 'registry.example/teams/app:1')).toEqual(['registry.example/teams/app plain']);
    expect(await places(mirrored, 'registry.example.evil.example/team/app:1')).toEqual([
      'registry.example.evil.example/team/app',
    ]);
  });

  test('what is blocked is not asked', async () => {
    await expect(places(mirrored, 'a.blocked.example/app')).rejects.toMatchObject({ code: 'REGISTRY_BLOCKED' });
    expect(await places(mirrored, 'blocked.example/app')).toEqual(['blocked.example/app']);
  });

  test('a push goes to the registry itself, never to a mirror', async () => {
    const file = join(home, 'registries.conf');
    await writeFile(file, mirrored);
    const { endpoint } = await resolvePlace(
      { home, env: { CONTAINERS_REGISTRIES_CONF: file } },
      reference('registry.example/team/app:1'),
    );
    expect(endpoint.registry).toBe('moved.example:5000');
  });

  test.each(['[[registry]]\nlocation = 7', '[[registry]]\ninsecure = "yes"', 'registry = 1'])('refuses %s', (text) => {
    expect(() => parseRegistriesConf(text, 'x.conf')).toThrow(expect.objectContaining({ code: 'REGISTRIES_INVALID' }));
  });

  test('any text gives rules or an error of the family', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parse of [parseRegistriesConf, parseDaemonJson]) {
          try {
            parse(text, 'x');
          } catch (error) {
            expect(isTareError(error)).toBe(true);
          }
        }
      }),
    );
  });
});

test("docker's mirrors stand in for docker's registry alone", async () => {
  const config = join(home, 'config', 'docker');
  await mkdir(config, { recursive: true });
  const daemon = {
    'registry-mirrors': ['http://mirror.example:8080/'],
    'insecure-registries': ['10.0.0.0/8', 'in.example'],
  };
  await writeFile(join(config, 'daemon.json'), JSON.stringify(daemon));
  const env = { XDG_CONFIG_HOME: join(home, 'config') };
  expect(await places('', 'python:3.13', env)).toEqual([
    'mirror.example:8080/library/python plain',
    'registry-1.docker.io/library/python',
  ]);
  expect(await places('', 'registry.example/python', env)).toEqual(['registry.example/python']);
  expect(await places('', '10.1.2.3:5000/python', env)).toEqual(['10.1.2.3:5000/python plain']);
  expect(await places('', 'in.example/python', env)).toEqual(['in.example/python plain']);
  expect(await places('', 'not-in.example/python', env)).toEqual(['not-in.example/python']);
});

test.each([
  ['localhost', true],
  ['localhost:5000', true],
  ['127.0.0.1:5000', true],
  ['127.1.2.3', true],
  ['[::1]:5000', true],
  ['localhost.example', false],
  ['127.0.0.1.example:80', false],
  ['10.0.0.1', false],
])('%s is on this machine: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test('hosts are compared exactly', () => {
  const list = { insecure: ['registry.example:5000', '192.168.0.0/16'] };
  expect(isInsecureHost(list, 'registry.example:5000')).toBe(true);
  expect(isInsecureHost(list, 'registry.example')).toBe(false);
  expect(isInsecureHost(list, 'a.registry.example:5000')).toBe(false);
  expect(isInsecureHost(list, '192.168.7.7:5000')).toBe(true);
});

test('a prefix is never longer than the name', () => {
  const name = fc.stringMatching(/^[a-z.:/]{1,20}$/);
  fc.assert(
    fc.property(name, name, (prefix, whole) => {
      const length = prefixLength(prefix, whole);
      if (length !== undefined && !prefix.startsWith('*.')) expect(whole.slice(0, length)).toBe(prefix);
      expect(ruleFor([], whole)).toBeUndefined();
    }),
  );
});
