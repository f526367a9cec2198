import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, type TestContext, test, vi } from 'vitest';
import * as v from 'valibot';
import { failingBuild, runTare, startTare, tareEnvironment } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { type EngineScene, startEngineScene } from '../support/engine-scene.ts';
import { copyExample, type Example, readExamples, writeProject } from '../support/example.ts';
import { makeWheel, pinned } from '../support/make-wheel.ts';
import { temporaryDir } from '../support/paths.ts';
import { indexEnvironment, startSimpleIndex } from '../support/simple-index.ts';

const reportSchema = v.object({
  engine: v.object({ name: v.string(), version: v.string() }),
  variant: v.string(),
  digest: v.optional(v.string()),
  output: v.string(),
  platforms: v.array(
    v.object({ platform: v.string(), digest: v.string(), size: v.number(), unpackedSize: v.number() }),
  ),
  pushed: v.optional(v.object({ reference: v.string() })),
  loaded: v.optional(v.object({ engine: v.string(), reference: v.string() })),
});

let scene: Promise<EngineScene> | undefined;
const openScene = (context: TestContext): Promise<EngineScene> => (scene ??= startEngineScene(context));
afterAll(async () => (await scene?.catch(() => undefined))?.stop());

/** A folder whose name holds what shells, options and lists are split at, and is long. */
const oddName = `-a, "b" $HOME='é' #${'x'.repeat(200)}`;

async function buildWith(project: string, args: readonly string[], { env }: EngineScene, more: object = {}) {
  const result = await runTare(['build', '--json', ...args, '--', project], { env: { ...env, ...more } });
  if (result.code !== 0) throw new Error(`tare build ended with ${result.code ?? result.signal}\n${result.stderr}`);
  return v.parse(reportSchema, JSON.parse(result.stdout));
}

/** A project that needs nothing but Python. */
const plainProject = {
  'main.py': 'import sys\nprint("python", sys.version_info[:2])\n',
  'tare.toml': 'entrypoint = "main.py"\npython = "3.13"\n',
};

describe('the example, in a folder with an odd name', () => {
  const engines = [
    ['buildx', ['--engine', 'buildx', '--builder', 'tare-test']],
    ['buildctl', ['--engine', 'buildctl']],
    ['docker', ['--engine', 'docker']],
    ['podman', ['--engine', 'podman']],
    ['buildah', ['--engine', 'buildah']],
  ] as const;
  test.for(engines)('built by %s it answers, and nothing is left beside the image', async ([name, args], context) => {
    const opened = await openScene(context);
    const dir = await temporaryDir(`engine-${name}`);
    const project = join(dir, oddName);
    const example = (await readExamples()).find((one) => one.name === 'fastapi-hello') as Example;
    await copyExample(example, project);
    const before = await readdir(project);
    const layout = join(dir, 'image');
    const report = await buildWith(project, [...args, '-o', `oci:${layout}`], opened, {
      ...(name === 'buildctl' ? { BUILDKIT_HOST: opened.buildkit.address } : {}),
    });
    expect(report).toMatchObject({ engine: { name }, variant: 'venv', output: `oci:${layout}` });
    expect(report.platforms).toHaveLength(1);
    expect(await readdir(project)).toEqual(before);
    expect(await readdir(join(opened.dir, 'tmp'))).toEqual([]);
    const container = await runContainer(layout, example.expectation, ['--engine', 'runc']);
    try {
      await expectAnswers(container.url, example.expectation.container.requests, example.source);
    } finally {
      await container.process.stop();
    }
  });
});

describe('where the image goes', () => {
  test('buildx pushes it, and the digest is that of the registry', async (context) => {
    const opened = await openScene(context);
    const project = await writeProject(await temporaryDir('engine-push'), plainProject);
    const name = `${opened.registry.host}/team/plain:1`;
    const args = ['--engine', 'buildx', '--builder', 'tare-test', '-t', name, '--push'];
    const report = await buildWith(project, args, opened, { SOURCE_DATE_EPOCH: '1700000000' });
    expect(report).toMatchObject({ pushed: { reference: name }, output: 'none', platforms: [] });
    const raw = await mustRun('skopeo', ['inspect', '--tls-verify=false', `docker://${name}`]);
    expect(JSON.parse(raw)).toMatchObject({ Digest: report.digest, Created: '2023-11-14T22:13:20Z' });
    const again = await buildWith(project, [...args, '--no-cache'], opened, { SOURCE_DATE_EPOCH: '1700000000' });
    expect(again.digest).toBe(report.digest);
  });

  test('docker and buildctl give it to docker, podman keeps it', async (context) => {
    const opened = await openScene(context);
    const project = await writeProject(await temporaryDir('engine-load'), plainProject);
    const env = { BUILDKIT_HOST: opened.buildkit.address };
    for (const engine of ['docker', 'buildctl', 'podman']) {
      const name = `plain-${engine}:1`;
      const report = await buildWith(project, ['--engine', engine, '-t', name, '--load'], opened, env);
      expect(report.loaded?.reference).toBe(name);
      const program = engine === 'podman' ? 'podman' : '/usr/bin/docker';
      const label = '{{index .Config.Labels "org.opencontainers.image.title"}} {{.Config.User}}';
      const said = await mustRun(program, ['image', 'inspect', '--format', label, name], {
        env: tareEnvironment({ env: opened.env }),
      });
      expect(said).toContain('65532:65532');
    }
    expect(existsSync(join(project, '.tare'))).toBe(false);
  });

  test('the builder from before BuildKit builds `plain`', async (context) => {
    const opened = await openScene(context);
    const dir = await temporaryDir('engine-legacy');
    const project = await writeProject(join(dir, oddName), plainProject);
    const layout = join(dir, 'image');
    const args = ['--engine', 'docker', '-o', `oci:${layout}`];
    const report = await buildWith(project, args, opened, { DOCKER_BUILDKIT: '0' });
    expect(report.variant).toBe('plain');
    const ran = await runTare(['run', layout, '--engine', 'runc']);
    expect(ran.stdout).toContain('python (3, 13)');
    const left = await opened.docker.docker(['ps', '-aq']);
    expect(left.trim()).toBe('');
  });
});

describe('a build that is cancelled leaves nothing', () => {
  const engines = [
    ['buildx', ['--engine', 'buildx', '--builder', 'tare-test']],
    ['docker', ['--engine', 'docker']],
    ['podman', ['--engine', 'podman']],
    ['buildah', ['--engine', 'buildah']],
  ] as const;
  test.for(engines)('%s', async ([, args], context) => {
    const opened = await openScene(context);
    const cacheDir = join(opened.dir, 'cache');
    const dir = await temporaryDir('engine-cancel');
    const wheel = makeWheel({ name: 'slow', version: '1.0', files: { 'slow.py': 'x = 1\n' } });
    const index = await startSimpleIndex([wheel]);
    try {
      const project = await writeProject(dir, {
        ...plainProject,
        'requirements.txt': pinned(wheel),
      });
      const env = { ...opened.env, ...indexEnvironment(index.url) };
      // What planning wants is in the cache then; the step waits for ever.
      const first = await runTare(['dockerfile', project], { env, cacheDir });
      expect(first.code, first.stderr).toBe(0);
      index.setFault(wheel.filename, { kind: 'stall', after: 10 });
      const building = startTare(['build', project, ...args, '--progress', 'plain'], { env, cacheDir });
      await building.says(/slow-1\.0-py3-none-any\.whl|Downloading/, 120_000);
      building.child.kill('SIGINT');
      const ended = await building.finished;
      expect(ended.code, ended.stderr).toBe(130);
      expect(await readdir(join(cacheDir, 'run'))).toEqual([]);
      expect(await readdir(join(opened.dir, 'tmp'))).toEqual([]);
      const containers = await mustRun('buildah', ['containers', '-q'], { env: tareEnvironment({ env: opened.env }) });
      expect(containers.trim()).toBe('');
      expect((await opened.docker.docker(['ps', '-aq'])).trim()).toBe('');
      // The step that waited is gone.
      await vi.waitFor(async () => expect(await index.connections()).toBe(0), 20_000);
      expect(await readdir(project)).toEqual(expect.not.arrayContaining(['.tare']));
    } finally {
      await index.stop();
    }
  });
});

describe('an engine that cannot be used', () => {
  test('says what is wrong and what to do', async (context) => {
    const opened = await openScene(context);
    const project = await writeProject(await temporaryDir('engine-absent'), plainProject);
    const empty = await temporaryDir('empty');
    await mkdir(join(empty, 'bin'));
    const cases = [
      [['--engine', 'podman'], { PATH: join(empty, 'bin') }, /no `podman` on PATH/, /apt-get install podman/],
      [['--engine', 'auto'], { PATH: join(empty, 'bin') }, /nothing here can build/, /without --engine/],
      [['--engine', 'docker'], { DOCKER_HOST: 'unix:///nowhere/s' }, /does not answer/, /DOCKER_HOST/],
      [['--engine', 'buildx', '--builder', 'nobody'], {}, /no builder `nobody`/, /buildx create/],
      [['--engine', 'buildctl'], { BUILDKIT_HOST: 'unix:///nowhere/s' }, /does not answer/, /BUILDKIT_HOST/],
      [['--engine', 'buildctl', '--builder', 'fleet'], {}, /no address/, /tcp:/],
      [['--engine', 'podman', '--builder', 'fleet'], {}, /no builders/, /buildx/],
    ] as const;
    for (const [args, env, message, hint] of cases) {
      const error = await failingBuild(project, args, { env: { ...opened.env, ...env } });
      expect(error).toMatchObject({ code: 'BUILDER_MISSING', exit: 1 });
      expect(error.message).toMatch(message);
      expect(error.hint).toMatch(hint);
    }
  });

  test('is told from one that is too old, and from a variant that asks for more', async (context) => {
    const opened = await openScene(context);
    const wheel = makeWheel({ name: 'small', version: '1.0', files: { 'small.py': 'x = 1\n' } });
    const index = await startSimpleIndex([wheel]);
    onTestFinished(() => index.stop());
    const files = { ...plainProject, 'requirements.txt': pinned(wheel) };
    const project = await writeProject(await temporaryDir('engine-old'), files);
    const env = { ...opened.env, ...indexEnvironment(index.url), DOCKER_BUILDKIT: '0' };
    const old = await failingBuild(project, ['--engine', 'docker', '--variant', 'cached'], { env });
    expect(old).toMatchObject({ code: 'BUILDER_TOO_OLD', expected: expect.stringMatching(/BuildKit|buildx/) });
    const several = ['--engine', 'docker', '--platform', 'linux/amd64,linux/arm64'];
    const two = await failingBuild(project, several, { env: { ...env, DOCKER_BUILDKIT: '1' } });
    expect(two).toMatchObject({ code: 'BUILDER_TOO_OLD', expected: expect.stringContaining('docker-container') });
    const flag = await failingBuild(project, ['--variant', 'venv'], { env: opened.env });
    expect(flag).toMatchObject({ code: 'USAGE', exit: 2 });
  });
});
