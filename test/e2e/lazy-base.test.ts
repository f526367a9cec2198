import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import * as v from 'valibot';
import { failingBuild, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { writeProject } from '../support/example.ts';
import { pushLayout } from '../support/made-bases.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { requirePythonBase } from '../support/python-base.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { writeUserRegistries } from '../support/user-registries.ts';
import { readLayout } from '../../src/store/read-layout.ts';

interface Scene {
  readonly dir: string;
  readonly registry: TestRegistry;
  /** An application for Python 3.12, which no Debian suite has. */
  readonly project: string;
  /** Digests of the layers of `python:3.12-slim`. */
  readonly ofBase: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cacheDir: string;
}

const build = v.object({
  digest: v.string(),
  output: v.string(),
  pushed: v.optional(v.object({ uploaded: v.number(), mounted: v.number() })),
});

/** `python:3.12-slim` in a registry that the user's own configuration names in place of Docker's. */
async function openScene(context: TestContext): Promise<Scene> {
  await requireComponent(context, 'skopeo', 'registry');
  const base = await requirePythonBase(context, '3.12', 'trixie');
  const dir = await makeTemporaryDir('lazy-base');
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  await pushLayout(base.layout, `${registry.host}/library/python:3.12-slim`);
  const project = await writeProject(join(dir, 'shop'), {
    'main.py': 'import sys\nprint("python", sys.version_info[:2])\n',
    'tare.toml': 'entrypoint = "main.py"\npython = "3.12"\n',
  });
  const { layers } = await readLayout(base.layout);
  const env = {
    ...(await writeUserRegistries(dir, { 'docker.io': registry.host })),
    UV_PYTHON_INSTALL_MIRROR: '',
    UV_NO_CONFIG: '1',
  };
  const ofBase = layers.map((layer) => layer.descriptor.digest);
  return { dir, registry, project, ofBase, env, cacheDir: join(dir, 'cache') };
}

async function buildFrom({ project, env, cacheDir }: Scene, ...args: readonly string[]) {
  const result = await runTare(['build', project, '--json', '--progress', 'none', ...args], { env, cacheDir });
  expect(result.code, result.stderr).toBe(0);
  return { ...v.parse(build, JSON.parse(result.stdout)), stderr: result.stderr };
}

/** Requests for layers of the base, from here on. */
function watchLayers({ registry, ofBase }: Pick<Scene, 'registry' | 'ofBase'>): () => readonly string[] {
  const before = registry.log().length;
  const isOfLayer = (line: string): boolean => line.startsWith('GET ') && ofBase.some((one) => line.includes(one));
  return () => registry.log().slice(before).filter(isOfLayer);
}

async function removeBlobs(cacheDir: string, digests: readonly string[]): Promise<void> {
  for (const digest of digests) await rm(join(cacheDir, 'v1/blobs/sha256', digest.slice('sha256:'.length)));
}

describe('a Python that no Debian suite has', () => {
  test('comes with Docker’s image of it, wherever the user finds those, and the plan says why', async (context) => {
    const scene = await openScene(context);
    const { project, env, cacheDir } = scene;
    const planned = await runTare(['plan', project, '--json', '--progress', 'none'], { env, cacheDir });
    expect(planned.code, planned.stderr).toBe(0);
    const base = v.object({ provider: v.string(), because: v.object({ rule: v.string() }) });
    const plan = v.parse(v.object({ targets: v.array(v.object({ base })) }), JSON.parse(planned.stdout));
    expect(plan.targets[0]?.base.provider).toBe('image');
    expect(plan.targets[0]?.base.because.rule).toContain('no Debian suite has Python 3.12');
    expect(plan.targets[0]?.base.because.rule).toContain('python:3.12-slim');
  });

  test('and where that cannot be had, says what there is and what was tried', async (context) => {
    const scene = await openScene(context);
    await scene.registry.stop();
    const error = await failingBuild(scene.project, [], scene);
    expect(error).toMatchObject({ code: 'PYTHON_UNSUPPORTED', actual: '3.12' });
    expect(error.message).toMatch(/`python:3\.12-slim` cannot be had: the registry .* cannot be reached/);
    expect(error.hint).toContain('[tool.tare.standalone] archive');
  });
});

describe('layers of a base', () => {
  test('are mounted and not fetched where all is known of them, and nothing of the image stays here', async (context) => {
    const scene = await openScene(context);
    const { registry, project, ofBase, cacheDir } = scene;
    const first = await buildFrom(scene, '-t', `${registry.host}/team/shop:1`, '--push');
    expect(first).toMatchObject({ output: 'none', pushed: { mounted: ofBase.length } });
    expect(await readdir(project)).not.toContain('.tare');
    // What is known of them is there, they are not: another machine that has this cache's records.
    await removeBlobs(cacheDir, ofBase);
    await writeFile(join(project, 'main.py'), 'print("edited")\n');
    const fetched = watchLayers(scene);
    const second = await buildFrom(scene, '-t', `${registry.host}/team/other:1`, '--push');
    expect(second.pushed?.mounted).toBeGreaterThanOrEqual(ofBase.length);
    expect(second.digest).not.toBe(first.digest);
    expect(fetched()).toEqual([]);
    const ran = await runTare(['run', `docker://${registry.host}/team/other:1`, '--engine', 'runc'], scene);
    expect(ran.stdout, ran.stderr).toContain('edited');
  });

  test('go from registry to registry and never touch the disk', async (context) => {
    const scene = await openScene(context);
    const target = await startRegistry();
    onTestFinished(() => target.stop());
    const fetched = watchLayers(scene);
    const pushed = await buildFrom(scene, '--bytecode', 'none', '-t', `${target.host}/team/shop:1`, '--push');
    // Once to see what is in them, for the build and for its verification, and once to copy them.
    expect(fetched()).toHaveLength(2 * scene.ofBase.length);
    expect(pushed.pushed?.mounted).toBe(0);
    const kept = await readdir(join(scene.cacheDir, 'v1/blobs/sha256'));
    expect(kept.filter((name) => scene.ofBase.includes(`sha256:${name}`))).toEqual([]);
    const raw = await mustRun('skopeo', [
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${target.host}/team/shop:1`,
    ]);
    const { layers } = v.parse(v.object({ layers: v.array(v.object({ digest: v.string() })) }), JSON.parse(raw));
    expect(layers.map((one) => one.digest)).toEqual(expect.arrayContaining([...scene.ofBase]));
    // The same image as one that is written here, whose layers had to come.
    const written = await buildFrom(scene, '--bytecode', 'none', '-o', `oci:${join(scene.dir, 'out')}`);
    expect(written.digest).toBe(pushed.digest);
  });

  test('are as they were when they were last asked for, without a network', async (context) => {
    const scene = await openScene(context);
    const online = await buildFrom(scene);
    await scene.registry.stop();
    const offline = await buildFrom(scene, '--offline');
    expect(offline.digest).toBe(online.digest);
    expect(offline.stderr).toContain('taken as it was when it was last asked for');
    await removeBlobs(scene.cacheDir, scene.ofBase);
    const error = await failingBuild(scene.project, ['--offline', '-o', `oci:${join(scene.dir, 'new')}`], scene);
    expect(error.code).toBe('OFFLINE_MISSING');
  });
});

describe('a build that is pushed', () => {
  test('brings an image up to date that an earlier build left, so that `tare push` never pushes an older one', async (context) => {
    const scene = await openScene(context);
    const { registry, project } = scene;
    await buildFrom(scene, '--bytecode', 'none');
    await writeFile(join(project, 'main.py'), 'print("newer")\n');
    const pushed = await buildFrom(scene, '--bytecode', 'none', '-t', `${registry.host}/team/shop:1`, '--push');
    expect(pushed.output).toMatch(/^oci:.*image$/);
    const again = await runTare(['push', project, `${registry.host}/team/shop:1`, '--json'], scene);
    expect(JSON.parse(again.stdout)).toMatchObject({ digest: pushed.digest, isUnchanged: true });
  });

  test('leaves nothing to push or run again, and that is said', async (context) => {
    const scene = await openScene(context);
    const { registry, project } = scene;
    await buildFrom(scene, '--bytecode', 'none', '-t', `${registry.host}/team/shop:1`, '--push');
    const again = await runTare(['push', project, `${registry.host}/team/shop:2`], scene);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('neither is it an OCI image layout, nor was one built there');
    expect(again.stderr).toContain('is in its registry alone');
    await expect(stat(join(project, '.tare'))).rejects.toThrow(/ENOENT/);
  });
});
