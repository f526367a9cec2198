import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildReport, buildImage, runTare, startTare } from '../support/cli.ts';
import { mustRun, runCommand, startCommand } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { expectAnswers, waitUntilHealthy } from '../support/container.ts';
import { startDockerd, type TestDocker } from '../support/dockerd.ts';
import { copyExample, type Example, readExamples, writeProject } from '../support/example.ts';
import { assertPortFree, freePort, request } from '../support/http.ts';
import { makeTemporaryDir, temporaryDir } from '../support/paths.ts';
import { startRegistry } from '../support/registry.ts';

/** Starting Python on a loaded machine. Milliseconds. */
const patience = 60_000;

let dir: string;
let project: string;
let layout: string;
let example: Example;
let report: BuildReport;

beforeAll(async () => {
  dir = await makeTemporaryDir('engines');
  example = (await readExamples()).find((one) => one.name === 'fastapi-hello') as Example;
  project = join(dir, 'fastapi-hello');
  layout = join(dir, 'image');
  await copyExample(example, project);
  report = await buildImage(project, ['--platform', 'linux/amd64,linux/arm64', '-o', `oci:${layout}`]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const hostImage = () =>
  report.platforms.find((one) => one.platform === `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`);

/** On the network of the host the service has the port that the image says. */
async function expectService(process: ReturnType<typeof startCommand>): Promise<void> {
  await waitUntilHealthy('http://127.0.0.1:8000/healthz', process, patience);
  await expectAnswers('http://127.0.0.1:8000', example.expectation.container.requests, example.source);
}

describe('registry', () => {
  test('skopeo copies the layout to a registry and back, digests kept', async (context) => {
    await requireComponent(context, 'skopeo', 'registry');
    const registry = await startRegistry();
    try {
      const there = `docker://${registry.host}/hello:1`;
      const back = join(dir, 'back');
      const plain = ['copy', '--all', '--preserve-digests'];
      await mustRun('skopeo', [...plain, '--dest-tls-verify=false', `oci:${layout}`, there]);
      await mustRun('skopeo', [...plain, '--src-tls-verify=false', there, `oci:${back}`]);
      const manifest = await request(`http://${registry.host}/v2/hello/manifests/1`, {
        headers: { accept: 'application/vnd.oci.image.index.v1+json' },
      });
      expect(JSON.parse(manifest.body.toString('utf8'))).toMatchObject({
        manifests: report.platforms.map((one) => ({ digest: one.digest })),
      });
    } finally {
      await registry.stop();
    }
  });
});

describe('docker 20.10', () => {
  let docker: TestDocker | undefined;
  afterAll(async () => docker?.stop());

  test('loads the archive, runs it, and gives the same layers', async (context) => {
    await requireComponent(context, 'docker');
    docker ??= await startDockerd();
    const archive = join(dir, 'image.tar');
    await buildImage(project, ['-o', `docker-archive:${archive}`]);
    const loaded = await docker.docker(['load', '-i', archive]);
    const name = /Loaded image(?: ID)?: (\S+)/.exec(loaded)?.[1] ?? '';
    const inspected: unknown = JSON.parse(await docker.docker(['image', 'inspect', name]));
    expect(inspected).toMatchObject([{ RootFS: { Layers: hostImage()?.layers.map((layer) => layer.diffId) } }]);
    await assertPortFree(8000);
    const running = startCommand(
      '/usr/bin/docker',
      ['run', '--rm', '--network', 'host', '--name', 'hello', name],
      docker,
    );
    try {
      await expectService(running);
      const { stdout } = await runCommand(
        '/usr/bin/docker',
        ['exec', 'hello', 'python', '-c', 'import os; print(os.getuid())'],
        docker,
      );
      expect(stdout.trim()).toBe('65532');
    } finally {
      // A container that has ended is an answer that `running` has given already.
      await runCommand('/usr/bin/docker', ['stop', '--time', '10', 'hello'], docker);
      await running.finished;
    }
  });

  test('tare run --engine docker answers on the port that was asked for', async (context) => {
    await requireComponent(context, 'docker');
    docker ??= await startDockerd();
    const port = await freePort();
    const running = startTare(['run', layout, '--engine', 'docker', '-p', `${port}:8000`, '--rm'], docker);
    try {
      await waitUntilHealthy(`http://127.0.0.1:${port}/healthz`, running, patience);
    } finally {
      await running.stop();
    }
    expect((await docker.docker(['ps', '-aq'])).trim()).toBe('');
  });
});

describe('podman and buildah', () => {
  /** podman's own limits are higher than a root without CAP_SYS_RESOURCE may set; lower ones may be set by anybody. */
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
  /** Storage of their own, so that nothing of the machine's is touched. */
  const storage = () => ['--root', join(dir, 'storage'), '--runroot', join(dir, 'run'), '--storage-driver', 'vfs'];
  const podman = () => [...storage(), '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];

  test('podman runs the layout', async (context) => {
    await requireComponent(context, 'podman');
    await assertPortFree(8000);
    const pulled = (await mustRun('podman', [...podman(), 'pull', '-q', `oci:${layout}`])).trim();
    const args = [
      'run',
      '--rm',
      '--name',
      'hello',
      '--network',
      'host',
      '--security-opt',
      'seccomp=unconfined',
      ...limits,
      pulled,
    ];
    const running = startCommand('podman', [...podman(), ...args]);
    try {
      await expectService(running);
    } finally {
      await runCommand('podman', [...podman(), 'stop', '--time', '10', 'hello']);
      await running.finished;
    }
  });

  test('buildah takes the layout as a base', async (context) => {
    await requireComponent(context, 'buildah');
    const container = (await mustRun('buildah', [...storage(), 'from', `oci:${layout}`])).trim();
    try {
      const config: unknown = JSON.parse(await mustRun('buildah', [...storage(), 'inspect', container]));
      expect(config).toMatchObject({ OCIv1: { config: { User: '65532:65532', WorkingDir: '/app' } } });
    } finally {
      await mustRun('buildah', [...storage(), 'rm', container]);
    }
  });
});

describe('tare run', () => {
  for (const engine of ['runc', 'namespaces'] as const) {
    describe(engine, () => {
      /** A program without dependencies that does what its arguments say. */
      const script = [
        'import os, signal, sys, time',
        'print("uid", os.getuid(), "value", os.environ.get("VALUE"), flush=True)',
        'if os.path.exists("/data/in"): open("/data/out", "w").write(open("/data/in").read().upper())',
        'if os.environ.get("WAIT"):',
        '    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))',
        '    print("waiting", flush=True)',
        '    time.sleep(600)',
        'sys.exit(int(os.environ.get("CODE", "0")))',
      ];
      const makeScript = async (place: string) =>
        writeProject(join(place, 'job'), {
          'job.py': `${script.join('\n')}\n`,
          'requirements.txt': '',
          '.python-version': '3.13\n',
        });

      test('gives the exit code, the variables and the folders', async (context) => {
        await requireComponent(context, engine, 'root');
        const place = await temporaryDir('run');
        const job = await makeScript(place);
        const data = join(place, 'data');
        await writeProject(data, { in: 'quiet' });
        await mustRun('chmod', ['777', data]);
        const args = [
          '--entrypoint',
          'job.py',
          '--engine',
          engine,
          '--rm',
          '-e',
          'CODE=42',
          '-e',
          'VALUE=a b',
          '-v',
          `${data}:/data`,
        ];
        const ended = await runTare(['run', job, ...args]);
        expect(ended.code, ended.stderr).toBe(42);
        expect(ended.stdout).toBe('uid 65532 value a b\n');
        expect(await mustRun('cat', [join(data, 'out')])).toBe('QUIET');
      });

      test('passes the signal on', async (context) => {
        await requireComponent(context, engine);
        const job = await makeScript(await temporaryDir('run'));
        const running = startTare(['run', job, '--entrypoint', 'job.py', '--engine', engine, '--rm', '-e', 'WAIT=1']);
        await running.says(/waiting/, patience);
        expect((await running.stop()).code).toBe(7);
      });

      test('says so where the health check never answers well', async (context) => {
        await requireComponent(context, engine);
        const args = ['--engine', engine, '-p', `${await freePort()}:8000`, '--healthcheck', '/nowhere'];
        const ended = await runTare(['run', layout, ...args, '--stop-after-healthcheck'], { timeout: 180_000 });
        expect(ended.code).toBe(1);
        expect(ended.stderr).toMatch(/error\[[A-Z_]+\]: .*\/nowhere/);
      });
    });
  }
});
