import { join } from 'node:path';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { startBuildkit } from '../support/buildkit.ts';
import { failingBuild, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { type EngineScene, startEngineScene } from '../support/engine-scene.ts';
import { copyExample, type Example, readExamples, writeProject } from '../support/example.ts';
import { requireForeignPythonBase } from '../support/foreign-python-base.ts';
import { readLayout, readRootfs } from '../support/image.ts';
import { temporaryDir } from '../support/paths.ts';
import { startPythonRegistry } from '../support/python-images.ts';

const both = ['linux/amd64', 'linux/arm64'];
const foreign = 'linux/arm64';

/** A project that needs nothing but Python. */
const plainProject = {
  'main.py': 'import platform\nprint(platform.machine())\n',
  'tare.toml': 'entrypoint = "main.py"\npython = "3.13"\n',
};

let opened: Promise<EngineScene> | undefined;
const openScene = (context: TestContext): Promise<EngineScene> => (opened ??= startScene(context));
afterAll(async () => (await opened?.catch(() => undefined))?.stop());

async function startScene(context: TestContext): Promise<EngineScene> {
  if (process.arch !== 'x64') context.skip('needs a machine that runs foreign programs');
  return startEngineScene(context, [await requireForeignPythonBase(context)]);
}

async function copyHello(dir: string): Promise<{ readonly project: string; readonly example: Example }> {
  const project = join(dir, 'fastapi-hello');
  const example = (await readExamples()).find((one) => one.name === 'fastapi-hello') as Example;
  await copyExample(example, project);
  return { project, example };
}

async function build(project: string, args: readonly string[], { env, buildkit }: EngineScene) {
  const result = await runTare(['build', project, '--json', ...args], {
    env: { ...env, BUILDKIT_HOST: buildkit.address },
  });
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

/** Runs the image of the layout under the emulator and asks it what `expect.json` says. */
async function expectForeignAnswers(layout: string, { expectation, source }: Example): Promise<void> {
  const args = ['--engine', 'runc', '--platform', foreign];
  const container = await runContainer(layout, expectation, args, { patience: 240_000 });
  try {
    await expectAnswers(container.url, expectation.container.requests, source);
  } finally {
    await container.process.stop();
  }
}

/** Paths of the image for each platform. */
async function pathsOf(layout: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const [platform, image] of await readLayout(layout)) {
    const paths = [...(await readRootfs(layout, image)).keys()];
    found.set(platform, paths.toSorted());
  }
  return found;
}

/** Processors that the extension modules of the wheels are for. */
function machinesOf(paths: readonly string[] = []): ReadonlySet<string> {
  return new Set(
    paths.flatMap((path) => /\/site-packages\/.*\.cpython-313-(\w+)-linux-gnu\.so$/.exec(path)?.[1] ?? []),
  );
}

test('the base is there for both platforms', { timeout: 1_200_000 }, async (context) => {
  const { registry } = await openScene(context);
  const image = `docker://${registry.host}/library/python:3.13-slim-trixie`;
  for (const architecture of ['amd64', 'arm64']) {
    const seen = await mustRun('skopeo', ['--override-arch', architecture, 'inspect', '--tls-verify=false', image]);
    expect(JSON.parse(seen)).toMatchObject({ Architecture: architecture });
  }
});

/** Builds the example by buildx for both platforms, and sees that each image has its own wheels. */
async function buildBoth(variant: string, dir: string, scene: EngineScene) {
  const { project, example } = await copyHello(dir);
  const layout = join(dir, 'both');
  const args = ['--engine', 'buildx', '--builder', scene.buildkit.builder, '--platform', both.join(',')];
  const report = await build(project, [...args, '--variant', variant, '-o', `oci:${layout}`], scene);
  expect(report.platforms.map((one: { readonly platform: string }) => one.platform)).toEqual(both);
  const images = await readLayout(layout);
  expect([...images.keys()]).toEqual(both);
  for (const one of report.platforms) expect(images.get(one.platform)?.digest).toBe(one.digest);
  const paths = await pathsOf(layout);
  expect(machinesOf(paths.get('linux/amd64'))).toEqual(new Set(['x86_64']));
  expect(machinesOf(paths.get('linux/arm64'))).toEqual(new Set(['aarch64']));
  return { project, example, layout, paths };
}

test('as `uv`, one build by buildx makes an image for each platform, and that for the other answers', {
  timeout: 1_200_000,
}, async (context) => {
  const scene = await openScene(context);
  const { example, layout } = await buildBoth('uv', await temporaryDir('platforms-uv'), scene);
  await expectForeignAnswers(layout, example);
});

test('as `venv`, one by buildctl for the other platform alone has the same files, and answers', {
  timeout: 1_200_000,
}, async (context) => {
  const scene = await openScene(context);
  const dir = await temporaryDir('platforms-venv');
  const { project, example, paths } = await buildBoth('venv', dir, scene);
  const layout = join(dir, 'foreign');
  const args = ['--engine', 'buildctl', '--variant', 'venv', '--platform', foreign];
  const report = await build(project, [...args, '-o', `oci:${layout}`], scene);
  expect(report).toMatchObject({ engine: { name: 'buildctl' }, variant: 'venv', platforms: [{ platform: foreign }] });
  const alone = await pathsOf(layout);
  expect([...alone.keys()]).toEqual([foreign]);
  expect(alone.get(foreign)).toEqual(paths.get(foreign));
  await expectForeignAnswers(layout, example);
});

describe('one build for two platforms', () => {
  test('buildx pushes an index over both, and nothing comes here', async (context) => {
    const scene = await openScene(context);
    const project = await writeProject(await temporaryDir('platforms-push'), plainProject);
    const name = `${scene.registry.host}/team/plain:1`;
    const args = ['--engine', 'buildx', '--builder', scene.buildkit.builder, '--platform', both.join(',')];
    const report = await build(project, [...args, '-t', name, '--push', '--insecure'], scene);
    expect(report).toMatchObject({ pushed: { reference: name }, output: 'none', platforms: [] });
    const digest = await mustRun('skopeo', ['inspect', '--tls-verify=false', '--raw', `docker://${name}`]);
    const index: { readonly manifests: readonly { readonly platform: { readonly architecture: string } }[] } =
      JSON.parse(digest);
    expect(index.manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
    for (const architecture of ['amd64', 'arm64']) {
      const choice = ['--override-arch', architecture, 'inspect', '--tls-verify=false'];
      const seen = JSON.parse(await mustRun('skopeo', [...choice, `docker://${name}`]));
      expect(seen).toMatchObject({ Architecture: architecture, Digest: report.digest });
    }
  });

  test('docker is given the image of its own platform', async (context) => {
    const scene = await openScene(context);
    const project = await writeProject(await temporaryDir('platforms-load'), plainProject);
    const args = ['--engine', 'buildx', '--builder', scene.buildkit.builder, '--platform', both.join(',')];
    const report = await build(project, [...args, '-t', 'plain:1', '--load'], scene);
    expect(report.loaded).toEqual({ engine: 'docker', reference: 'plain:1' });
    const inspect = ['image', 'inspect', '--format', '{{.Architecture}}', 'plain:1'];
    expect(await scene.docker.docker(inspect)).toContain('amd64');
  });
});

describe('a builder that runs programs of its own platform alone', () => {
  test('docker without BuildKit would make an image of its own platform', async (context) => {
    const { env } = await openScene(context);
    const project = await writeProject(await temporaryDir('platforms-legacy'), plainProject);
    const args = ['--engine', 'docker', '--platform', foreign];
    const error = await failingBuild(project, args, { env: { ...env, DOCKER_BUILDKIT: '0' } });
    expect(error).toMatchObject({ code: 'PLATFORM_NOT_BUILDABLE', expected: foreign, actual: 'linux/amd64' });
    expect(error.hint).toMatch(/DOCKER_BUILDKIT/);
  });

  test('is told before anything is built, with what would have it', async (context) => {
    await requireComponent(context, 'root', 'buildkit', 'buildx');
    const registry = await startPythonRegistry(context, 'slim');
    const own = await startBuildkit({ registry: registry.host, isEmulating: false });
    try {
      const project = await writeProject(await temporaryDir('platforms-none'), plainProject);
      const env = { ...own.env, BUILDKIT_HOST: own.address };
      for (const engine of [['buildx', '--builder', own.builder], ['buildctl']]) {
        for (const platforms of [foreign, both.join(',')]) {
          const error = await failingBuild(project, ['--engine', ...engine, '--platform', platforms], { env });
          expect(error).toMatchObject({ code: 'PLATFORM_NOT_BUILDABLE', exit: 1, expected: foreign });
          expect(error.message).toMatch(/cannot run programs for linux\/arm64/);
          expect(error.actual).toContain('linux/amd64');
          expect(error.hint).toMatch(/qemu-user-static/);
        }
      }
    } finally {
      await own.stop();
      await registry.stop();
    }
  });
});
