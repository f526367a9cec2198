import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import * as v from 'valibot';
import { runTare } from '../support/cli.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples, writeProject } from '../support/example.ts';
import { freePort } from '../support/http.ts';
import { alpineFiles, distrolessFiles, pushLayout, pushMadeBase } from '../support/made-bases.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { requirePythonBase } from '../support/python-base.ts';
import { registryPassword, registryUser, startRegistry, type TestRegistry } from '../support/registry.ts';
import { writeUserRegistries } from '../support/user-registries.ts';

const row = v.object({
  base: v.string(),
  state: v.picklist(['compared', 'unreachable', 'login', 'missing', 'failed']),
  python: v.optional(v.string()),
  os: v.optional(v.string()),
  libc: v.optional(v.string()),
  packed: v.optional(v.number()),
  unpacked: v.optional(v.number()),
  isEstimate: v.optional(v.boolean()),
  created: v.optional(v.string()),
  wheels: v.optional(
    v.object({ total: v.number(), missing: v.array(v.object({ name: v.string(), reason: v.string() })) }),
  ),
  toAdd: v.optional(v.object({ packages: v.array(v.string()), size: v.number() })),
  note: v.optional(v.string()),
  chosenBecause: v.optional(v.object({ rule: v.string() })),
});
const reportSchema = v.object({ python: v.string(), platform: v.string(), rows: v.array(row) });
type Row = v.InferOutput<typeof row>;

let dir: string;
let env: Readonly<Record<string, string>>;
const started: (() => Promise<void>)[] = [];
/** Registries by what is wrong with them. */
let places: { readonly open: string; readonly down: string; readonly login: string; readonly silent: string };

beforeAll(async () => {
  dir = await makeTemporaryDir('bases');
});
afterAll(async () => {
  for (const stop of started) await stop();
  await rm(dir, { recursive: true, force: true });
});

/** A registry with the look-alikes, found in place of Docker's and Google's, and three that give nothing. */
async function openScene(context: TestContext): Promise<void> {
  await requireComponent(context, 'skopeo', 'registry');
  if (started.length > 0) return;
  const slim = await requirePythonBase(context, '3.13', 'trixie');
  const open = await startNoted();
  const login = await startNoted({ auth: 'password' });
  const silent = await startSilent();
  for (const tag of ['3.13', '3.13-slim']) await pushLayout(slim.layout, `${open}/library/python:${tag}`);
  await pushMadeBase(`${open}/library/python:3.13-alpine`, alpineFiles);
  await pushMadeBase(`${open}/distroless/python3-debian13:latest`, distrolessFiles);
  await pushLayout(slim.layout, `${login}/team/python:3.13`, `${registryUser}:${registryPassword}`);
  places = { open, down: `127.0.0.1:${await freePort()}`, login, silent };
  env = await writeUserRegistries(dir, { 'docker.io': open, 'gcr.io': open });
}

async function startNoted(options: Parameters<typeof startRegistry>[0] = {}): Promise<string> {
  const registry: TestRegistry = await startRegistry(options);
  started.push(registry.stop);
  return registry.host;
}

/** Takes connections, and says nothing. */
async function startSilent(): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  started.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}

async function basesOf(project: string, args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) {
  const result = await runTare(['bases', project, '--json', '--progress', 'none', ...args], {
    env: { ...env, ...more },
  });
  expect(result.code, result.stderr).toBe(0);
  const { rows, python } = v.parse(reportSchema, JSON.parse(result.stdout));
  const find = (base: string): Row => {
    const found = rows.find((one) => one.base === base);
    if (found === undefined) throw new Error(`no row ${base} among ${rows.map((one) => one.base).join(', ')}`);
    return found;
  };
  return { rows, python, find };
}

describe.each(['fastapi-hello', 'ultralytics-serving'])('%s', (name) => {
  test('every base is a row, and what does not answer says why', async (context) => {
    await openScene(context);
    const example = (await readExamples()).find((one) => one.name === name);
    if (example === undefined) throw new Error(`no example ${name}`);
    const project = join(dir, name);
    await copyExample(example, project);
    const platform = ['--platform', 'linux/amd64'];
    const planned = await runTare(['plan', project, ...platform, '--json', '--progress', 'none']);
    expect(planned.code, planned.stderr).toBe(0);
    const named = [places.down, places.login, places.silent].flatMap((host) => ['--base', `${host}/team/python:3.13`]);
    const { rows, find } = await basesOf(project, [...platform, ...named]);
    expect(rows.map((one) => one.base)).toEqual([
      'Debian trixie',
      'python:3.13',
      'python:3.13-slim',
      'python:3.13-alpine',
      'gcr.io/distroless/python3-debian13',
      `${places.down}/team/python:3.13`,
      `${places.login}/team/python:3.13`,
      `${places.silent}/team/python:3.13`,
    ]);

    const total = find('Debian trixie').wheels?.total ?? 0;
    expect(total).toBeGreaterThan(20);
    const packages = packagesOf(planned.stdout);
    expect(find('Debian trixie')).toMatchObject({
      state: 'compared',
      libc: 'glibc 2.41',
      wheels: { total, missing: [] },
      toAdd: { packages },
      chosenBecause: { rule: expect.stringContaining('Debian trixie has it') },
    });
    expect(rows.filter((one) => one.chosenBecause !== undefined)).toHaveLength(1);
    const slim = find('python:3.13-slim');
    expect(slim).toMatchObject({ os: 'Debian GNU/Linux 13 (trixie)', libc: 'glibc 2.41', wheels: { missing: [] } });
    expect(slim.python).toMatch(/^3\.13\.\d+$/);
    expect(slim.unpacked ?? 0).toBeGreaterThan(slim.packed ?? Number.POSITIVE_INFINITY);
    // What a slim image has beside the core need not be added there.
    expect(packages).toEqual(expect.arrayContaining([...(slim.toAdd?.packages ?? ['nothing is known'])]));

    const alpine = find('python:3.13-alpine');
    expect(alpine).toMatchObject({ python: '3.13.9', libc: 'musl', note: 'tare does not build on musl' });
    const missing = alpine.wheels?.missing ?? [];
    // What is pure fits everywhere.
    expect(missing.length).toBeLessThan(total);
    if (name === 'ultralytics-serving')
      expect(missing).toContainEqual({ name: 'opencv-python', reason: 'no musllinux wheel' });
    expect(find('gcr.io/distroless/python3-debian13')).toMatchObject({ python: '3.13.5', wheels: { missing: [] } });

    expect(find(`${places.down}/team/python:3.13`)).toMatchObject({
      state: 'unreachable',
      note: expect.stringContaining('cannot be reached: the connection was refused'),
    });
    expect(find(`${places.login}/team/python:3.13`)).toMatchObject({
      state: 'login',
      note: `wants a login: tare login ${places.login}`,
    });
    expect(find(`${places.silent}/team/python:3.13`)).toMatchObject({
      state: 'unreachable',
      note: 'did not answer within 10 s',
    });
  });
});

/** Of the one target of a plan. */
function packagesOf(json: string): readonly string[] {
  const system = v.object({ name: v.string() });
  const plan = v.parse(v.object({ targets: v.array(v.object({ systemPackages: v.array(system) })) }), JSON.parse(json));
  return plan.targets.flatMap((target) => target.systemPackages.map((one) => one.name)).sort();
}

test('another Python, and the images of the configuration', async (context) => {
  await openScene(context);
  const project = await writeProject(join(dir, 'plain'), {
    'main.py': 'print(1)\n',
    'tare.toml': `entrypoint = "main.py"\nbases = ["${places.open}/library/python:3.13-slim"]\n`,
  });
  const { rows, python, find } = await basesOf(project, ['--python', '3.12', '--platform', 'linux/amd64']);
  expect(python).toBe('3.12');
  expect(rows.map((one) => one.base)).not.toContain('Debian trixie');
  // Docker's image is the one for a Python that Debian lacks, even where it is not there.
  expect(find('python:3.12-slim')).toMatchObject({ state: 'missing', note: 'not there' });
  expect(find('python:3.12-slim').chosenBecause?.rule).toContain('no Debian suite has Python 3.12');
  expect(find(`${places.open}/library/python:3.13-slim`).note).toBe('has Python 3.13, and the project wants 3.12');
});

test('as text, with what is known without a look at any layer', async (context) => {
  await openScene(context);
  const project = await writeProject(join(dir, 'quick'), {
    'main.py': 'print(1)\n',
    'tare.toml': 'entrypoint = "main.py"\n',
  });
  const cacheDir = join(dir, 'empty-cache');
  const args = ['bases', project, '--quick', '--python', '3.12', '--base', `${places.open}/library/python:3.13-slim`];
  const result = await runTare([...args, '--progress', 'none'], { env, cacheDir });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stdout).toContain('python:3.12-slim *');
  expect(result.stdout).toContain('its layers were not looked into: leave out `--quick`');
  const markdown = await runTare([...args, '--markdown', '--progress', 'none'], { env, cacheDir });
  expect(markdown.stdout).toMatch(/^\| base \| Python \| system \|.*\n\| --- \|/);
});
