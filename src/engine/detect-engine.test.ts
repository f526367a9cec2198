import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineContext, putProgram } from '../../test/support/engine-context.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import type { Context } from '../base/context.ts';
import { findDocker } from './docker.ts';
import { listEngines } from './detect-engine.ts';
import { assertRunnable, isUsableRegistration } from './platform-support.ts';
import { findPodman } from './podman.ts';
import type { RunRequest } from './run-request.ts';
import { parseUser } from './user.ts';

const answering = 'case "$1" in info) echo 20.10.24;; network) echo bridge; echo host;; esac';

async function onPath(programs: Readonly<Record<string, string>>): Promise<Context> {
  const dir = await temporaryDir('engines');
  for (const [name, script] of Object.entries(programs)) await putProgram(join(dir, 'bin'), name, script);
  return engineContext(dir, { PATH: join(dir, 'bin') }, { host: { platform: 'linux', arch: 'x64' } });
}

describe('docker', () => {
  test('is one that answers', async () => {
    expect(await findDocker(await onPath({ docker: answering }))).toMatchObject({ name: 'docker', hostNetwork: false });
  });

  test.each([
    ['an old client without an engine, which still ends well', 'echo; echo no daemon >&2'],
    ['a new client without an engine', 'echo no daemon >&2; exit 1'],
    ['podman in the dress of docker without a machine', 'exit 125'],
  ])('is not %s', async (_title, script) => {
    expect(await findDocker(await onPath({ docker: script }))).toBeUndefined();
  });

  test('without a bridge gives the network of the host', async () => {
    const script = 'case "$1" in info) echo 20.10.24;; network) echo host; echo null;; esac';
    expect(await findDocker(await onPath({ docker: script }))).toMatchObject({ hostNetwork: true });
  });
});

test('podman is one that answers', async () => {
  expect(await findPodman(await onPath({ podman: 'echo 4.3.1' }))).toMatchObject({ name: 'podman' });
  expect(await findPodman(await onPath({ podman: 'exit 125' }))).toBeUndefined();
});

describe('the engines of a request', () => {
  const request = { engine: undefined } as unknown as RunRequest;

  test('come in the order docker, podman, whoever is looked for first', async () => {
    const context = await onPath({ podman: 'echo 4.3.1', docker: answering });
    const names: string[] = [];
    for await (const { name } of listEngines(context, request)) if (names.push(name) === 2) break;
    expect(names).toEqual(['docker', 'podman']);
  });

  test('none on a machine that is not Linux is an error that says what to install', async () => {
    const context = { ...(await onPath({})), host: { platform: 'darwin', arch: 'arm64' } };
    const first = listEngines(context, request).next();
    await expect(first).rejects.toMatchObject({ code: 'ENGINE_MISSING', hint: expect.stringContaining('podman') });
  });

  test('the one that was asked for is not replaced by another', async () => {
    const context = await onPath({ docker: answering });
    const first = listEngines(context, { ...request, engine: 'podman' }).next();
    await expect(first).rejects.toMatchObject({ code: 'ENGINE_MISSING', message: '`podman` cannot be used here' });
  });
});

describe('platforms', () => {
  test('one of another machine needs an interpreter that works in another root', () => {
    expect(isUsableRegistration('enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\noffset 0\n')).toBe(
      true,
    );
    expect(isUsableRegistration('enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: \noffset 0\n')).toBe(false);
    expect(isUsableRegistration('disabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: F\n')).toBe(false);
  });

  test.each(['linux/mips64le', 'windows/amd64', 'linux'])('%s is refused', async (platform) => {
    const context = await onPath({});
    await expect(assertRunnable(context, platform)).rejects.toMatchObject({ code: 'PLATFORM_NOT_RUNNABLE' });
  });

  test('the own one, and any where a virtual machine runs it, is not', async () => {
    const context = await onPath({});
    await assertRunnable(context, 'linux/amd64');
    await assertRunnable({ ...context, host: { platform: 'darwin', arch: 'arm64' } }, 'linux/amd64');
  });
});

describe('the user of an image', () => {
  test.each([
    ['65532:65532', { uid: 65532, gid: 65532 }],
    ['1000', { uid: 1000, gid: 0 }],
    ['', { uid: 0, gid: 0 }],
  ])('%j', (text, user) => {
    expect(parseUser(text)).toEqual(user);
  });

  test.each(['nonroot', '1000:staff', '-1', '1:2:3', '4294967295', '99999999999'])('%j is refused', (text) => {
    expect(() => parseUser(text)).toThrow(expect.objectContaining({ code: 'USER_NOT_NUMERIC' }));
  });
});
