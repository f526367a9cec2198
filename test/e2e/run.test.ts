import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../support/command.ts';
import { type ComponentName, hasComponent, requireComponent } from '../support/components.ts';
import { startDockerd, type TestDocker } from '../support/dockerd.ts';
import { freePort } from '../support/http.ts';
import { imageRunner, imageRunnerPlatform, type ImageRunner, reportOf } from '../support/image-runner.ts';
import { makeNodeImage, type NodeImage } from '../support/node-image.ts';
import { makeTemporaryDir } from '../support/paths.ts';

let dir: string;
let image: NodeImage;
let docker: TestDocker | undefined;
let runner: ImageRunner;

beforeAll(async () => {
  dir = await makeTemporaryDir('run');
  await chmod(dir, 0o755);
  image = await makeNodeImage(dir);
  if (await hasComponent('docker')) docker = await startDockerd();
  runner = imageRunner(dir, image, docker?.env ?? {});
});

afterAll(async () => {
  if (docker !== undefined) {
    // The engine leaves the network namespace of its containers mounted.
    const execRoot = join(dirname(String(docker.env['DOCKER_HOST']).replace('unix://', '')), 'exec');
    await runCommand('umount', [join(execRoot, 'netns/default')]);
    await docker.stop();
  }
  if (await hasComponent('podman')) await runCommand('podman', ['rmi', '--force', image.configDigest]);
  await rm(dir, { recursive: true, force: true });
});

const start: ImageRunner['start'] = (...args) => runner.start(...args);

async function run(...args: Parameters<ImageRunner['start']>): Promise<CommandResult> {
  return (await start(...args)).finished;
}

async function fetchText(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

const engines: readonly { readonly engine: string; readonly needs: readonly ComponentName[] }[] = [
  { engine: 'namespaces', needs: ['root', 'namespaces'] },
  { engine: 'runc', needs: ['runc'] },
  { engine: 'docker', needs: ['docker'] },
  { engine: 'podman', needs: ['podman'] },
];

describe.each(engines)('$engine', ({ engine, needs }) => {
  test('gives the process the user, environment and folders of the image, and nothing of the host', async (context) => {
    await requireComponent(context, ...needs);
    const data = join(dir, `data-${engine}`);
    await mkdir(data);
    await writeFile(join(data, 'in.txt'), 'from the host');
    await chown(data, 65532, 65532);
    const result = await run(engine, {
      env: { ADDED: 'it\'s "more"\nthan one line', OTHER: '$HOME #x', GREETING: 'changed' },
      volumes: [{ source: data, target: '/data', readOnly: false }],
    });
    const facts = reportOf(result);
    expect(facts).toMatchObject({ uid: 65532, gid: 65532, cwd: '/app', umask: 0o22 });
    expect(facts).toMatchObject({ tmp: 'written', home: 'written', null: 'written', shm: 'written', hosts: true });
    expect(facts).toMatchObject({ data: 'from the host', dataWritten: 'written' });
    expect(facts.groups.every((group: number) => group === 65532)).toBe(true);
    expect(facts.status).toMatchObject({ NoNewPrivs: '1', CapEff: '0000000000000000', CapPrm: '0000000000000000' });
    // docker and podman add these themselves.
    const { HOSTNAME: _hostname, container: _container, TERM: _term, ...env } = facts.env;
    expect(env).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/app',
      GREETING: 'changed',
      ADDED: 'it\'s "more"\nthan one line',
      OTHER: '$HOME #x',
    });
    expect(await readFile(join(data, 'out.txt'), 'utf8')).toBe('x');
    expect(result.code).toBe(0);
    expect(await readdir(join(dir, 'cache/run'))).toEqual([]);
  });

  test('mounts a folder read-only where asked', async (context) => {
    await requireComponent(context, ...needs);
    const data = join(dir, `read-only-${engine}`);
    await mkdir(data);
    await writeFile(join(data, 'in.txt'), 'here');
    await chmod(data, 0o777);
    const facts = reportOf(await run(engine, { volumes: [{ source: data, target: '/data', readOnly: true }] }));
    expect(facts).toMatchObject({ data: 'here', dataWritten: 'EROFS' });
  });

  test('returns the exit code of the process', async (context) => {
    await requireComponent(context, ...needs);
    expect((await run(engine, { command: ['exit', '42'] })).code).toBe(42);
    expect((await run(engine, { command: ['exit', '1'] })).code).toBe(1);
  });

  test('passes signals on and returns what the process makes of them', async (context) => {
    await requireComponent(context, ...needs);
    const running = await start(engine, { command: ['wait'] });
    await running.says(/ready/);
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) {
      running.child.kill(signal);
      await running.says(new RegExp(`got ${signal}`));
    }
    running.child.kill('SIGTERM');
    const result = await running.finished;
    expect(result.code).toBe(7);
    expect(result.stdout.match(/got SIGINT/g)).toHaveLength(1);
  });

  test('gives standard input to the process', async (context) => {
    await requireComponent(context, ...needs);
    const result = await run(engine, { command: ['echo'], interactive: true }, { input: 'said to it\n' });
    expect(result).toMatchObject({ code: 0, stdout: 'said to it\n' });
  });

  test('waits for the health check, answers on the host port and stops when asked', async (context) => {
    await requireComponent(context, ...needs);
    const [host, inside] = [await freePort(), await freePort()];
    const result = await run(engine, {
      command: ['serve', String(inside)],
      env: { LISTEN: engine === 'podman' ? '0.0.0.0' : '127.0.0.1' },
      ports: [{ host, container: inside }],
      healthcheck: { path: '/healthz', timeoutSeconds: 30, port: host },
      stopAfterHealthcheck: true,
    });
    expect(result.stderr).toContain(`info: http://127.0.0.1:${host}/healthz answers with status 200`);
    expect(result.stdout).toContain('listening');
    expect(result.code).toBe(0);
  });

  test('keeps running after the health check until it is asked to end', async (context) => {
    await requireComponent(context, ...needs);
    const [host, inside] = [await freePort(), await freePort()];
    const running = await start(engine, {
      command: ['serve', String(inside)],
      env: { LISTEN: engine === 'podman' ? '0.0.0.0' : '127.0.0.1' },
      ports: [{ host, container: inside }],
      healthcheck: { path: '/healthz', timeoutSeconds: 30, port: host },
    });
    await running.says(/answers with status 200/);
    expect(await fetchText(host, '/')).toBe(`hello from ${inside}`);
    running.child.kill('SIGTERM');
    const result = await running.finished;
    expect(result.code).toBe(143);
    await expect(fetchText(host, '/')).rejects.toThrow('ECONNREFUSED');
  });

  test('tells how the container ended before the health check answered, with what it said', async (context) => {
    await requireComponent(context, ...needs);
    const port = await freePort();
    const result = await run(engine, {
      command: ['fail', 'no database'],
      healthcheck: { path: '/healthz', timeoutSeconds: 30, port },
    });
    expect(result.stderr).toContain('error[HEALTHCHECK_EXITED]: the container ended with exit code 3');
    expect(result.stderr).toContain('cannot go on: no database');
  });

  test('gives up on a health check in time and leaves nothing running', async (context) => {
    await requireComponent(context, ...needs);
    const port = await freePort();
    const running = await start(engine, {
      command: ['serve', String(port)],
      env: { LISTEN: engine === 'podman' ? '0.0.0.0' : '127.0.0.1' },
      ports: [{ host: port, container: port }],
      healthcheck: { path: '/wrong', timeoutSeconds: 3, port },
    });
    const result = await running.finished;
    expect(result.stderr).toContain('error[HEALTHCHECK_TIMEOUT]');
    await expect(fetchText(port, '/')).rejects.toThrow('ECONNREFUSED');
  });

  test('ends the process when tare is killed', async (context) => {
    await requireComponent(context, ...needs);
    const port = await freePort();
    const running = await start(engine, {
      command: ['serve', String(port)],
      env: { LISTEN: engine === 'podman' ? '0.0.0.0' : '127.0.0.1' },
      ports: [{ host: port, container: port }],
    });
    await running.says(/listening/);
    running.child.kill('SIGKILL');
    await running.finished;
    await expect
      .poll(() => fetchText(port, '/').catch((error: Error) => error.message), { timeout: 15_000 })
      .toContain('ECONNREFUSED');
  });
});

test.for(engines.slice(0, 2))(
  '$engine names a command that the image does not have',
  async ({ engine, needs }, context) => {
    await requireComponent(context, ...needs);
    const config = { ...image.config, entrypoint: [], cmd: ['/nowhere/program'] };
    const result = await run(engine, { image: { layoutDir: dir, platform: imageRunnerPlatform, config } });
    expect(result.stderr).toContain('error[COMMAND_NOT_FOUND]');
    expect(result.stderr).toContain('/nowhere/program');
  },
);

test.for(engines.slice(0, 2))('$engine gives the process a terminal', async ({ engine, needs }, context) => {
  await requireComponent(context, ...needs);
  const running = await start(
    engine,
    { interactive: true, tty: true },
    { through: ['sh', '-c', 'exec script -qec "$*" /dev/null', 'sh'] },
  );
  const facts = reportOf(await running.finished);
  expect(facts).toMatchObject({ tty: true, uid: 65532 });
});

test('a process that a signal ends gives 128 and the number of the signal', async (context) => {
  await requireComponent(context, 'namespaces');
  const result = await run('namespaces', { command: ['abort'] });
  expect(result.code).toBe(137);
  expect(result.stderr).toContain('"signal":"SIGKILL"');
});

test('an image of a machine that nothing emulates is refused', async () => {
  const result = await run('namespaces', { image: { layoutDir: dir, platform: 'linux/s390x', config: image.config } });
  expect(result.stderr).toContain('error[PLATFORM_NOT_RUNNABLE]: an image for linux/s390x');
});

describe('without root', () => {
  const through = ['setpriv', '--reuid', '65533', '--regid', '65533', '--clear-groups'];

  test('a user namespace serves', async (context) => {
    await requireComponent(context, 'root', 'namespaces');
    const cacheDir = join(dir, 'cache-of-another');
    await mkdir(cacheDir);
    await chown(cacheDir, 65533, 65533);
    const result = await run('namespaces', {}, { through, cacheDir });
    const facts = reportOf(result);
    expect(facts).toMatchObject({
      uid: 65532,
      gid: 65532,
      cwd: '/app',
      home: 'written',
      tmp: 'written',
      null: 'written',
    });
    expect(facts.status).toMatchObject({ NoNewPrivs: '1', CapEff: '0000000000000000' });
    expect(result.code).toBe(0);
    expect(await readdir(join(cacheDir, 'run'))).toEqual([]);
  });

  test('and gets its signals', async (context) => {
    await requireComponent(context, 'root', 'namespaces');
    const cacheDir = join(dir, 'cache-of-another-3');
    await mkdir(cacheDir);
    await chown(cacheDir, 65533, 65533);
    const running = await start('namespaces', { command: ['wait'] }, { through, cacheDir });
    await running.says(/ready/);
    running.child.kill('SIGUSR2');
    await running.says(/got SIGUSR2/);
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(7);
  });

  test('and ends with tare', async (context) => {
    await requireComponent(context, 'root', 'namespaces');
    const cacheDir = join(dir, 'cache-of-another-2');
    await mkdir(cacheDir);
    await chown(cacheDir, 65533, 65533);
    const port = await freePort();
    const running = await start('namespaces', { command: ['serve', String(port)] }, { through, cacheDir });
    await running.says(/listening/);
    running.child.kill('SIGKILL');
    await running.finished;
    await expect
      .poll(() => fetchText(port, '/').catch((error: Error) => error.message), { timeout: 15_000 })
      .toContain('ECONNREFUSED');
  });
});

test('a port in use is named before anything starts', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address !== 'string' ? address.port : 0;
  const result = await run(undefined, { ports: [{ host: port, container: 8000 }] });
  server.close();
  expect(result.stderr).toContain(`error[PORT_IN_USE]: port ${port} of 127.0.0.1 is in use`);
  expect(result.stdout).toBe('');
});
