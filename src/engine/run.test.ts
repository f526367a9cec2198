import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineContext, putProgram } from '../../test/support/engine-context.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { quoteForShell } from './shell.ts';
import { withRunRoom } from './run-room.ts';
import { runImage, type RunRequest } from './run.ts';
import { forwardSignals, signalOfExitCode } from './signals.ts';

const request: RunRequest = {
  image: {
    layoutDir: '/l',
    platform: 'linux/amd64',
    config: { env: [], cmd: ['a'], user: '65532:65532', workingDir: '/' },
  },
  writeDockerArchive: (file) => writeFile(file, 'archive'),
  unpackRootfs: async () => undefined,
  ports: [],
  env: {},
  volumes: [],
  remove: true,
  interactive: false,
  tty: false,
};

const id = 'ab'.repeat(32);

/** An engine of docker's kind that loads, creates, says something and ends with 5; \`start\` is what starting does. */
const engine = (start: string, status: string): string => `echo "$*" >> "\${0%/*}/../calls-of-\${0##*/}"
case "$1 $2" in
"info "*) echo 4.0.0;;
"network "*) echo bridge;;
"load "*) echo "Loaded image: hello";;
"create "*) echo ${id};;
"start "*) ${start};;
"container inspect") case "$*" in *Status*) echo "${status}";; *) echo;; esac;;
esac`;

describe('a run', () => {
  async function onPath(programs: Readonly<Record<string, string>>) {
    const dir = await temporaryDir('run-unit');
    for (const [name, script] of Object.entries(programs)) await putProgram(join(dir, 'bin'), name, script);
    const env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` };
    return { dir, context: engineContext(dir, env, { host: { platform: 'darwin', arch: 'x64' } }) };
  }

  test('goes through the first engine that answers, and gives its exit code and output', async () => {
    const { dir, context } = await onPath({ docker: engine('echo hello from inside; exit 5', 'exited 5') });
    const said: string[] = [];
    const onOutput = (_stream: string, bytes: Uint8Array): void => void said.push(Buffer.from(bytes).toString());
    expect(await runImage(context, { ...request, onOutput })).toEqual({ exitCode: 5 });
    expect(said.join('')).toBe('hello from inside\n');
    expect(await readdir(join(dir, 'cache/run'))).toEqual([]);
  });

  test('goes on to the next engine where the first does not start the container, and says so', async () => {
    const { context } = await onPath({
      docker: engine('echo "error: no network" >&2; exit 1', 'created 0'),
      podman: engine('exit 0', 'exited 0'),
    });
    expect(await runImage(context, { ...request, onOutput: () => undefined })).toEqual({ exitCode: 0 });
    expect(context.said.join('\n')).toMatch(/docker did not start the container: .*no network.*; trying podman/);
  });

  test('does not go on to another where one was asked for', async () => {
    const { context } = await onPath({
      docker: engine('echo "error: no network" >&2; exit 1', 'created 0'),
      podman: engine('exit 0', 'exited 0'),
    });
    const run = runImage(context, { ...request, engine: 'docker', onOutput: () => undefined });
    await expect(run).rejects.toMatchObject({ code: 'ENGINE_FAILED', hint: expect.stringContaining('--engine') });
  });

  test('does not take a failing application for a failing engine', async () => {
    const { context } = await onPath({
      docker: engine('exit 125', 'exited 125'),
      podman: engine('exit 0', 'exited 0'),
    });
    expect(await runImage(context, { ...request, onOutput: () => undefined })).toEqual({ exitCode: 125 });
  });

  test('names a volume that is not there before anything starts', async () => {
    const { context } = await onPath({ docker: engine('exit 0', 'exited 0') });
    const volumes = [{ source: '/nowhere/at-all', target: '/data', readOnly: false }];
    await expect(runImage(context, { ...request, volumes })).rejects.toMatchObject({
      code: 'VOLUME_MISSING',
      hint: "mkdir -p '/nowhere/at-all'",
    });
  });
});

test('what a killed run left is removed by the next', async () => {
  const dir = await temporaryDir('run-unit');
  const context = engineContext(dir, {});
  const { pid } = spawnSync('true');
  await mkdir(join(dir, `cache/run/${pid}-0123456789ab/rootfs/closed`), { recursive: true, mode: 0o755 });
  await mkdir(join(dir, `cache/run/${process.ppid}-0123456789ab`));
  await withRunRoom(context, async () => undefined);
  expect(await readdir(join(dir, 'cache/run'))).toEqual([`${process.ppid}-0123456789ab`]);
});

test('a process that ignores the wish to end is killed by the fourth', () => {
  const sent: string[] = [];
  const release = forwardSignals({ kill: (signal) => void sent.push(signal) });
  for (let time = 0; time < 4; time++) process.emit('SIGHUP', 'SIGHUP');
  process.emit('SIGUSR2', 'SIGUSR2');
  release();
  process.emit('SIGHUP', 'SIGHUP');
  expect(sent).toEqual(['SIGHUP', 'SIGHUP', 'SIGHUP', 'SIGKILL', 'SIGKILL']);
});

test('an exit code above 128 tells of a signal', () => {
  expect([137, 143, 130, 128, 0, 255].map(signalOfExitCode)).toEqual([
    ...['SIGKILL', 'SIGTERM', 'SIGINT', undefined, undefined, undefined],
  ]);
});

test.each(['plain', '', "it's", '$(x) `y` "z" \\ *', 'line\nbreak', '-n', 'ümlaut'])(
  'a shell reads %j back',
  (text) => {
    const { stdout } = spawnSync('/bin/sh', ['-c', `printf %s ${quoteForShell(text)}`], { encoding: 'utf8' });
    expect(stdout).toBe(text === '-n' ? '-n' : text);
  },
);
