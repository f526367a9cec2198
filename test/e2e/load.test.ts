import { appendFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage, failingBuild, runTare, startTare, type TareOptions } from '../support/cli.ts';
import { mustRun, runCommand, startCommand } from '../support/command.ts';
import { hasComponent, requireComponent } from '../support/components.ts';
import { expectAnswers, waitUntilHealthy } from '../support/container.ts';
import { startDockerd, type TestDocker } from '../support/dockerd.ts';
import { putProgram } from '../support/engine-context.ts';
import { copyExample, type Example, readExamples } from '../support/example.ts';
import { assertPortFree, freePort } from '../support/http.ts';
import { makeTemporaryDir } from '../support/paths.ts';

/** Starting Python on a loaded machine. Milliseconds. */
const patience = 60_000;
const hostPlatform = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
const otherPlatform = `linux/${process.arch === 'arm64' ? 'amd64' : 'arm64'}`;

const loadedSchema = v.strictObject({
  engine: v.string(),
  reference: v.string(),
  platform: v.string(),
  by: v.picklist(['registry', 'archive']),
  bytes: v.number(),
  layers: v.object({ total: v.number(), present: v.number() }),
  reason: v.optional(v.string()),
  seconds: v.number(),
});

let dir: string;
let project: string;
let example: Example;
let docker: TestDocker | undefined;
let edits = 0;

beforeAll(async () => {
  dir = await makeTemporaryDir('load');
  example = (await readExamples()).find((one) => one.name === 'fastapi-hello') as Example;
  project = join(dir, 'fastapi-hello');
  await copyExample(example, project);
  await buildImage(project);
  if (await hasComponent('docker')) docker = await startDockerd();
});
afterAll(async () => {
  await docker?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** `tare build --load --json`: what it says of the load, and standard error. */
async function load(args: readonly string[], options: TareOptions) {
  const { code, stdout, stderr } = await runTare(['build', project, '--json', ...args], options);
  expect(code, stderr).toBe(0);
  const { loaded } = v.parse(v.object({ loaded: loadedSchema }), JSON.parse(stdout));
  return { ...loaded, stderr };
}

const editOneLine = () => appendFile(join(project, 'hello', 'badge.py'), `\nEDIT = ${(edits += 1)}\n`);

describe('docker', () => {
  const images = async () => {
    const format = '{{.Repository}}:{{.Tag}} {{.Digest}}';
    const listed = (await docker?.docker(['images', '--all', '--digests', '--format', format])) ?? '';
    return listed.split('\n').filter((line) => line !== '');
  };
  const engine = (): TareOptions => ({ env: { DOCKER_HOST: docker?.env['DOCKER_HOST'] } });

  test('has the image under its name alone, and it runs', async (context) => {
    await requireComponent(context, 'docker');
    const loaded = await load(['-t', 'registry.example/team/hello:1.0', '--load'], engine());
    expect(loaded).toMatchObject({
      engine: 'docker',
      reference: 'registry.example/team/hello:1.0',
      platform: hostPlatform,
      by: 'registry',
      layers: { present: 0 },
    });
    expect(await images()).toEqual(['registry.example/team/hello:1.0 <none>']);
    await assertPortFree(8000);
    const args = ['run', '--rm', '--network', 'host', '--name', 'loaded', 'registry.example/team/hello:1.0'];
    const running = startCommand('/usr/bin/docker', args, docker);
    try {
      await waitUntilHealthy('http://127.0.0.1:8000/healthz', running, patience);
      await expectAnswers('http://127.0.0.1:8000', example.expectation.container.requests, example.source);
    } finally {
      await runCommand('/usr/bin/docker', ['stop', '--time', '10', 'loaded'], docker);
      await running.finished;
    }
  });

  test('asks for the application alone after an edit of a line', async (context) => {
    await requireComponent(context, 'docker');
    await editOneLine();
    const loaded = await load(['-t', 'registry.example/team/hello:1.0', '--load=docker'], engine());
    expect(loaded).toMatchObject({ by: 'registry', layers: { present: loaded.layers.total - 1 } });
    expect(loaded.bytes).toBeGreaterThan(0);
    expect(loaded.bytes).toBeLessThan(100_000);
    expect((await images()).filter((line) => !line.startsWith('<none>'))).toEqual([
      'registry.example/team/hello:1.0 <none>',
    ]);
    const again = await runTare(['build', project, '-t', 'registry.example/team/hello:1.0', '--load'], engine());
    const { total } = loaded.layers;
    expect(again.stdout).toContain(
      `docker has registry.example/team/hello:1.0 for ${hostPlatform} (${total} of ${total} layers were there, 0 B moved`,
    );
  });

  test('gets the platform that it runs of several, or the only one', async (context) => {
    await requireComponent(context, 'docker');
    const both = await load(['--platform', 'linux/amd64,linux/arm64', '-t', 'both:1', '--load'], engine());
    expect(both).toMatchObject({ platform: hostPlatform, by: 'registry' });
    const foreign = await load(['--platform', otherPlatform, '-t', 'foreign:1', '--load'], engine());
    expect(foreign).toMatchObject({ platform: otherPlatform, by: 'registry' });
    const format = ['image', 'inspect', '--format', '{{.Os}}/{{.Architecture}}'];
    expect((await docker?.docker([...format, 'both:1']))?.trim()).toBe(hostPlatform);
    expect((await docker?.docker([...format, 'foreign:1']))?.trim()).toBe(otherPlatform);
  });

  test('is as it was before where Ctrl-C comes in the middle', async (context) => {
    await requireComponent(context, 'docker');
    for (const id of (await docker?.docker(['images', '--quiet']))?.split('\n') ?? [])
      if (id !== '') await docker?.docker(['rmi', '--force', id]);
    const running = startTare(['build', project, '-t', 'broken:1', '--load'], engine());
    await waitForChild(running.pid, 'pull');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished;
    expect(code, stderr).toBe(130);
    expect(await images()).toEqual([]);
  });

  test('that cannot reach this machine gets an archive, which is said', async (context) => {
    await requireComponent(context, 'docker');
    const secluded = await startDockerd({ isSecluded: true });
    try {
      const loaded = await load(['-t', 'hello:1', '--load'], { env: { DOCKER_HOST: secluded.env['DOCKER_HOST'] } });
      expect(loaded).toMatchObject({ engine: 'docker', reference: 'hello:1', by: 'archive' });
      expect(loaded.reason).toMatch(/dial tcp 127\.0\.0\.1:\d+/);
      expect(loaded.stderr).toContain(`it gets the whole image as an archive: ${loaded.reason}`);
      const format = '{{.Repository}}:{{.Tag}}';
      expect((await secluded.docker(['images', '--all', '--format', format])).trim()).toBe('hello:1');
    } finally {
      await secluded.stop();
    }
  });

  test('tare run lets it pull too, and leaves no name of a port', async (context) => {
    await requireComponent(context, 'docker');
    for (const time of ['first', 'second']) {
      const port = await freePort();
      const args = ['run', project, '--engine', 'docker', '-p', `${port}:8000`, '--healthcheck', '/healthz'];
      const { code, stderr } = await runTare([...args, '--stop-after-healthcheck', '--verbose'], engine());
      expect(code, `${time}: ${stderr}`).toBe(0);
      expect(stderr).not.toContain('as an archive');
      expect((await images()).filter((line) => !line.startsWith('<none>'))).toEqual([
        'localhost/tare-run/fastapi-hello:latest <none>',
      ]);
      expect((await docker?.docker(['ps', '--all', '--quiet']))?.trim()).toBe('');
      await editOneLine();
    }
  });

  test('that does not answer is said before anything is built', async () => {
    const options = { env: { DOCKER_HOST: `unix://${join(dir, 'nobody')}` } };
    const output = join(dir, 'never');
    const error = await failingBuild(project, ['--load=docker', '-o', `oci:${output}`], options);
    expect(error).toMatchObject({ code: 'ENGINE_MISSING', exit: 1 });
    expect(await readdir(dir)).not.toContain('never');
    const wrong = await failingBuild(project, ['--load=rkt'], options);
    expect(wrong).toMatchObject({ code: 'USAGE', exit: 2 });
  });
});

describe('podman', () => {
  /** Storage of their own, so that nothing of the machine's is touched, anew where a test wants it empty. */
  let place = 'storage';
  const storage = () => [
    '--root',
    join(dir, place),
    '--runroot',
    join(dir, `${place}-run`),
    '--storage-driver',
    'overlay',
  ];
  const podman = (args: readonly string[]) => mustRun('/usr/bin/podman', [...storage(), ...args]);
  const names = async () =>
    (await podman(['images', '--all', '--format', '{{.Repository}}:{{.Tag}}'])).trim().split('\n');
  const engine = async (): Promise<TareOptions> => {
    const bin = await putProgram(join(dir, 'bin'), 'podman', `exec /usr/bin/podman ${storage().join(' ')} "$@"`);
    return { env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } };
  };

  test('has the image as it calls its own, and after an edit asks for the application alone', async (context) => {
    await requireComponent(context, 'podman');
    const first = await load(['-t', 'hello:1', '--load=podman'], await engine());
    expect(first).toMatchObject({ engine: 'podman', reference: 'localhost/hello:1', by: 'registry' });
    expect(first.layers.present).toBe(0);
    expect(await names()).toEqual(['localhost/hello:1']);
    await editOneLine();
    const second = await load(['-t', 'hello:1', '--load=podman'], await engine());
    expect(second).toMatchObject({ by: 'registry', layers: { present: second.layers.total - 1 } });
    expect(second.bytes).toBeLessThan(100_000);
    expect((await names()).filter((name) => !name.startsWith('<none>'))).toEqual(['localhost/hello:1']);
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
    const plain = ['--network', 'host', '--security-opt', 'seccomp=unconfined', ...limits];
    const through = ['--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
    const said = await podman([
      ...through,
      'run',
      '--rm',
      ...plain,
      'hello:1',
      'python',
      '-c',
      'import hello.badge as b; print(b.EDIT)',
    ]);
    expect(said.trim()).toBe(String(edits));
  });

  test('is as it was before where Ctrl-C comes in the middle', async (context) => {
    await requireComponent(context, 'podman');
    place = 'empty';
    const running = startTare(['build', project, '-t', 'broken:1', '--load=podman'], await engine());
    await waitForChild(running.pid, 'pull');
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
    expect(await names()).toEqual(['']);
  });
});

describe('containerd', () => {
  test('has the image by its whole name, after an edit asks for the application alone, and runs it', async (context) => {
    await requireComponent(context, 'docker', 'ctr');
    const env = { CONTAINERD_ADDRESS: docker?.containerd };
    const ctr = (args: readonly string[]) => mustRun('ctr', args, { env: { ...process.env, ...env } });
    const first = await load(['-t', 'hello:1', '--load=containerd'], { env });
    expect(first).toMatchObject({ engine: 'containerd', reference: 'docker.io/library/hello:1', by: 'registry' });
    await editOneLine();
    const second = await load(['-t', 'hello:1', '--load=containerd'], { env });
    expect(second).toMatchObject({ by: 'registry', layers: { present: second.layers.total - 1 } });
    expect(second.bytes).toBeLessThan(100_000);
    expect((await ctr(['images', 'ls', '--quiet'])).trim()).toBe('docker.io/library/hello:1');
    const command = ['python', '-c', 'import hello.badge as b; print(b.EDIT)'];
    const said = await ctr(['run', '--rm', 'docker.io/library/hello:1', `load-${process.pid}`, ...command]);
    expect(said.trim()).toBe(String(edits));
  });
});

/** Waits until a process has a child with this word among its arguments (proc(5)). */
async function waitForChild(pid: number, word: string): Promise<void> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; ) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children
      .trim()
      .split(' ')
      .filter((one) => one !== '')) {
      const words = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
      if (words.split('\0').includes(word)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no child did ${word}`);
}
