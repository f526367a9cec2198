import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineContext, putProgram } from '../../../test/support/engine-context.ts';
import { temporaryDir } from '../../../test/support/paths.ts';
import type { Context } from '../../base/context.ts';
import { parseReference } from '../../oci/reference.ts';
import { findLoadClient, parseEnginePlatform } from './find-load-client.ts';
import { ctrCommands, dockerCommands, nerdctlCommands, podmanCommands } from './load-commands.ts';
import { reasonOf } from './pull-locally.ts';

async function onPath(programs: Readonly<Record<string, string>>): Promise<Context> {
  const dir = await temporaryDir('load-engines');
  for (const [name, script] of Object.entries(programs)) await putProgram(join(dir, 'bin'), name, script);
  return engineContext(dir, { PATH: join(dir, 'bin') }, { host: { platform: 'linux', arch: 'arm64' } });
}

const all = {
  docker: 'echo linux/arm64',
  podman: 'echo linux/amd64',
  ctr: 'printf "Client:\\n  Version: 1\\n\\nServer:\\n  Version: 1\\n"',
  nerdctl: 'echo linux/x86_64',
};

describe('the engine for an image', () => {
  test.each([
    ['docker before all others', all, { name: 'docker', platform: { os: 'linux', architecture: 'arm64' } }],
    ['podman where docker has no engine', { ...all, docker: 'echo /; exit 1' }, { name: 'podman' }],
    ['podman where it goes by the name of docker', { ...all, docker: 'exit 125' }, { name: 'podman' }],
    [
      'containerd by ctr',
      { ctr: all.ctr, nerdctl: all.nerdctl },
      { name: 'containerd', commands: ctrCommands, platform: { architecture: 'arm64' } },
    ],
    [
      'containerd by nerdctl where ctr reaches none',
      { ctr: 'echo Client:; exit 1', nerdctl: all.nerdctl },
      { name: 'containerd', commands: nerdctlCommands, platform: { architecture: 'amd64' } },
    ],
  ])('is %s', async (_title, programs, expected) => {
    expect(await findLoadClient(await onPath(programs))).toMatchObject(expected);
  });

  test('is the one that is named, or none', async () => {
    expect(await findLoadClient(await onPath(all), 'podman')).toMatchObject({ name: 'podman' });
    await expect(findLoadClient(await onPath({ podman: all.podman }), 'docker')).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      message: '`docker` does not answer',
    });
    await expect(findLoadClient(await onPath({}))).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
  });

  test.each([
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
    ['linux/x86_64', { os: 'linux', architecture: 'amd64' }],
    ['linux/arm', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['/', undefined],
    ['', undefined],
    ['<no value>/<no value>', undefined],
    ['Cannot connect', undefined],
  ])('runs %j', (answer, platform) => {
    expect(parseEnginePlatform(answer)).toEqual(platform);
  });
});

test('each engine has its own name for an image', () => {
  const namesOf = (text: string) =>
    [dockerCommands, podmanCommands, ctrCommands, nerdctlCommands].map(({ nameOf }) => nameOf(parseReference(text)));
  expect(namesOf('shop')).toEqual([
    'shop:latest',
    'localhost/shop:latest',
    'docker.io/library/shop:latest',
    'shop:latest',
  ]);
  expect(namesOf(`registry.example:5000/team/shop:1.0@sha256:${'a'.repeat(64)}`)).toEqual(
    Array.from({ length: 4 }, () => 'registry.example:5000/team/shop:1.0'),
  );
});

describe('why an engine did not pull is its last line', () => {
  test.each([
    ['Error response from daemon: Get "http://127.0.0.1:1/v2/": refused\n', 'Get "http://127.0.0.1:1/v2/": refused'],
    ['Trying to pull…\nError: initializing source: refused\n\n', 'initializing source: refused'],
    ['ctr: failed to resolve reference', 'failed to resolve reference'],
    ['at https://jo:secret@registry.example/v2/?token=secret', 'at https://…@registry.example/v2/?token=…'],
    ['', 'it ended with 1 and gave no reason'],
  ])('%j', (stderr, reason) => {
    expect(reasonOf({ stdout: '', stderr, code: 1 })).toBe(reason);
  });

  test('and no longer than a line', () => {
    expect(reasonOf({ stdout: '', stderr: 'a'.repeat(10_000), code: 1 }).length).toBeLessThan(400);
  });
});
