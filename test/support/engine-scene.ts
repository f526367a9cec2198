import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext } from 'vitest';
import { startBuildkit, type TestBuildkit } from './buildkit.ts';
import { requireComponent } from './components.ts';
import { startDockerd, type TestDocker } from './dockerd.ts';
import { makeTemporaryDir } from './paths.ts';
import type { PythonBase } from './python-base.ts';
import { startPythonRegistry } from './python-images.ts';
import type { TestRegistry } from './registry.ts';

/** Every engine that builds, none of them the machine's own, over a registry that stands in for Docker's. */
export interface EngineScene {
  readonly dir: string;
  readonly registry: TestRegistry;
  readonly buildkit: TestBuildkit;
  readonly docker: TestDocker;
  /** For tare and for the engines' own commands. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stop: () => Promise<void>;
}

/** With `others`, its Python is there for their platforms as well. */
export async function startEngineScene(context: TestContext, others: readonly PythonBase[] = []): Promise<EngineScene> {
  await requireComponent(context, 'buildkit', 'buildx', 'docker', 'podman', 'buildah');
  const registry = await startPythonRegistry(context, undefined, others);
  const dir = await makeTemporaryDir('engine-scene');
  const started: { readonly stop: () => Promise<void> }[] = [registry];
  const stop = async (): Promise<void> => {
    for (const one of started.reverse()) await one.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const buildkit = await startBuildkit({ registry: registry.host });
    started.push(buildkit);
    const docker = await startDockerd({ mirror: registry.mirror });
    started.push(docker);
    const env = {
      ...buildkit.env,
      DOCKER_HOST: docker.env['DOCKER_HOST'],
      ...(await containersEnvironment(dir, registry)),
    };
    return { dir, registry, buildkit, docker, env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** podman and buildah with a store of their own. */
async function containersEnvironment(dir: string, registry: TestRegistry): Promise<Readonly<Record<string, string>>> {
  const at = (name: string): string => join(dir, name);
  const rule = (prefix: string): string =>
    `[[registry]]\nprefix = "${prefix}"\nlocation = "${registry.host}"\ninsecure = true\n`;
  const own = `unqualified-search-registries = ["docker.io"]\n${rule('docker.io')}${rule(registry.host)}`;
  await writeFile(at('registries.conf'), own);
  await writeFile(
    at('storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${at('store')}"\nrunroot = "${at('run')}"\n`,
  );
  await mkdir(at('tmp'));
  return {
    CONTAINERS_REGISTRIES_CONF: at('registries.conf'),
    CONTAINERS_STORAGE_CONF: at('storage.conf'),
    TMPDIR: at('tmp'),
  };
}
