import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { createContext } from '../../src/api/context.ts';
import { describePlace } from '../../src/api/image/described.ts';
import { installerExceptions } from '../../src/compare/exceptions.data.ts';
import { compareFiles } from '../../src/compare/same-files.ts';
import type { DescribedImage } from '../../src/inspect/describe.ts';
import { openCache } from '../../src/store/cache.ts';
import { startBuildkit, type TestBuildkit } from '../support/buildkit.ts';
import { runTare } from '../support/cli.ts';
import { requireComponent } from '../support/components.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { makeTemporaryDir, sharedCacheDir } from '../support/paths.ts';
import { startPythonRegistry } from '../support/python-images.ts';
import type { TestRegistry } from '../support/registry.ts';
import { writeUserRegistries } from '../support/user-registries.ts';

const base = 'docker.io/library/python:3.13-slim-trixie';
let dir: string;
let surroundings: Promise<Surroundings> | undefined;

interface Surroundings {
  readonly registry: TestRegistry;
  readonly buildkit: TestBuildkit;
  readonly env: Readonly<Record<string, string>>;
}

/** A registry that stands in for Docker's with the base, and a BuildKit that asks it. */
async function start(context: TestContext): Promise<Surroundings> {
  const registry = await startPythonRegistry(context, 'slim');
  const buildkit = await startBuildkit({ registry: registry.host });
  const user = await writeUserRegistries(join(dir, 'user'), { 'docker.io': registry.host });
  return { registry, buildkit, env: { ...user, ...buildkit.env, BUILDKIT_HOST: buildkit.address } };
}

beforeAll(async () => {
  dir = await makeTemporaryDir('equality');
});
afterAll(async () => {
  const started = await surroundings?.catch(() => undefined);
  await started?.buildkit.stop();
  await started?.registry.stop();
  await rm(dir, { recursive: true, force: true });
});

async function build(project: string, args: readonly string[], layout: string, env: Surroundings['env']) {
  const { code, stderr } = await runTare(['build', project, '--platform', platform, '-o', `oci:${layout}`, ...args], {
    env,
  });
  if (code !== 0) throw new Error(`tare build ${args.join(' ')} ended with ${code}\n${stderr}`);
  const context = createContext({ cacheDir: sharedCacheDir });
  const image = await describePlace(`oci:${layout}`, {}, openCache(sharedCacheDir), context);
  await rm(layout, { recursive: true });
  return image;
}

const platform = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;

/** Files of the application by path, with their content. */
function applicationOf({ files }: DescribedImage): readonly string[] {
  return files
    .filter(({ path }) => path.startsWith('app/'))
    .map((file) => `${file.path} ${file.sha256 ?? file.linkTarget}`);
}

describe.each(['fastapi-hello', 'ultralytics-serving'])('%s on the same base', (name) => {
  test('Dockerfiles of the plan hold the distributions and files of the direct image', {
    timeout: 1_800_000,
  }, async (context) => {
    await requireComponent(context, 'buildkit');
    surroundings ??= start(context);
    const { env } = await surroundings;
    const example = (await readExamples()).find((one) => one.name === name);
    if (example === undefined) throw new Error(`no example \`${name}\``);
    const project = join(dir, name);
    await mkdir(project);
    await copyExample(example, project);
    const direct = await build(project, ['--base', `docker://${base}`], join(dir, 'image'), env);
    for (const variant of ['venv', 'uv']) {
      const other = await build(project, ['--engine', 'buildctl', '--variant', variant], join(dir, 'image'), env);
      expect(other.base.layers).toBe(direct.base.layers);
      const { distributions, sameFiles, differences } = compareFiles(direct, other, installerExceptions);
      expect(differences.filter(({ reason }) => reason === undefined)).toEqual([]);
      // What is excused is there on both sides, but for the mark of what was asked for by name.
      const lacking = differences.filter(({ kind, path = '' }) => kind !== 'content' && !path.endsWith('/REQUESTED'));
      expect(lacking).toEqual([]);
      expect(distributions).toBe(direct.distributions.length);
      expect(sameFiles).toBeGreaterThan(20 * differences.length);
      expect(applicationOf(other)).toEqual(applicationOf(direct));
      expect(applicationOf(direct).length).toBeGreaterThan(5);
    }
  });
});
