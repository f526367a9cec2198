import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { writeOutput } from '../../src/store/output.ts';
import { startBuildkit } from '../support/buildkit.ts';
import { errorReportSchema, runTare } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { requireComponent } from '../support/components.ts';
import { startDockerd } from '../support/dockerd.ts';
import { copyExample, readExamples } from '../support/example.ts';
import { makeTemporaryDir, sharedCacheDir } from '../support/paths.ts';
import { startRegistry } from '../support/registry.ts';
import { startPythonRegistry } from '../support/python-images.ts';
import { makeTinyImage, type TinyEntry } from '../support/tiny-image.ts';
import { writeUserRegistries } from '../support/user-registries.ts';

const { signal } = new AbortController();
const size = v.pipe(v.number(), v.integer(), v.minValue(0));
const named = v.object({
  name: v.string(),
  images: v.array(v.nullable(v.object({ version: v.string(), bytes: size }))),
  changedFiles: v.optional(size),
});
const comparisonSchema = v.object({
  images: v.array(
    v.object({
      name: v.string(),
      digest: v.string(),
      platform: v.string(),
      base: v.object({ name: v.string() }),
      size: v.nullable(size),
      unpackedSize: size,
      hiddenSize: size,
      layers: size,
      python: v.nullable(v.string()),
      distributions: size,
      packages: size,
      parts: v.record(v.string(), size),
    }),
  ),
  differences: v.object({
    distributions: v.array(named),
    packages: v.array(named),
    folders: v.array(
      v.object({
        path: v.string(),
        images: v.array(v.nullable(v.object({ bytes: size, files: size, onlyHere: size }))),
        changedFiles: size,
      }),
    ),
  }),
});

const site = 'usr/lib/python3.13/site-packages';
const base: readonly TinyEntry[] = [
  { name: 'usr/bin/python3.13', content: 'python', mode: 0o755 },
  { name: 'etc/os-release', content: 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n' },
  {
    name: 'var/lib/dpkg/status.d/libone',
    content: 'Package: libone\nArchitecture: amd64\nVersion: 1-2\nInstalled-Size: 3\n',
  },
];
const wheel = (version: string, module: string): readonly TinyEntry[] => [
  { name: `${site}/shop/__init__.py`, content: module },
  {
    name: `${site}/shop-${version}.dist-info/RECORD`,
    content: `shop/__init__.py,,\nshop-${version}.dist-info/RECORD,,\n`,
  },
];
const left: readonly TinyEntry[] = [
  { name: 'wheels/shop-1.0-py3-none-any.whl', content: 'w'.repeat(5000) },
  { name: 'app/main.py', content: 'import shop' },
];

let dir: string;
const place = (name: string) => `oci:${join(dir, name)}`;

beforeAll(async () => {
  dir = await makeTemporaryDir('compare');
  const blobs = join(dir, 'blobs');
  const layers = {
    one: [base, left, [{ name: 'wheels/.wh.shop-1.0-py3-none-any.whl' }, ...wheel('1.0', 'a = 1')]],
    other: [base, [...wheel('1.1', 'a = 2'), { name: 'app/main.py', content: 'import shop' }]],
    patched: [base, [...wheel('1.1', 'a = 3'), { name: 'app/main.py', content: 'import shop' }]],
  };
  for (const [name, entries] of Object.entries(layers)) {
    const image = await makeTinyImage(blobs, entries);
    await writeOutput({ kind: 'oci', path: join(dir, name) }, [image], { refName: `${name}:1`, signal });
    await writeOutput({ kind: 'docker-archive', path: join(dir, `${name}.tar`) }, [image], {
      refName: `${name}:1`,
      signal,
    });
  }
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** `tare compare ARGS --json`, which must succeed. */
async function compare(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
  const { code, stdout, stderr } = await runTare(['compare', '--json', ...args], { cwd: dir, env });
  if (code !== 0) throw new Error(`tare compare ended with ${code}\n${stderr}`);
  return v.parse(comparisonSchema, JSON.parse(stdout));
}

describe('images that exist', () => {
  test('what is in one and not in the other, with what a later layer hid', async () => {
    const { images, differences } = await compare([place('one'), place('other')]);
    expect(
      images.map(({ base: { name }, layers, hiddenSize, python }) => ({ name, layers, hiddenSize, python })),
    ).toEqual([
      { name: 'Debian GNU/Linux 13 (trixie)', layers: 3, hiddenSize: 5000, python: '3.13' },
      { name: 'Debian GNU/Linux 13 (trixie)', layers: 2, hiddenSize: 0, python: '3.13' },
    ]);
    expect(differences.distributions).toMatchObject([
      { name: 'shop', images: [{ version: '1.0' }, { version: '1.1' }] },
    ]);
    expect(differences.packages).toEqual([]);
    const paths = differences.folders.map(({ path }) => path);
    expect(paths).toContain(`/${site}/shop`);
    expect(paths).not.toContain('/wheels');
    expect(paths).not.toContain('/app');
  });

  test('the same version with another content is told', async () => {
    const { differences } = await compare([place('other'), place('patched')]);
    expect(differences.distributions).toMatchObject([{ name: 'shop', changedFiles: 1 }]);
    expect(differences.folders.map(({ path, changedFiles }) => [path, changedFiles])).toEqual([[`/${site}/shop`, 1]]);
  });

  test('a layout and an archive of one image are equal; of what is not packed no packed size is told', async () => {
    const { images, differences } = await compare([place('one'), 'one.tar']);
    expect(differences).toEqual({ distributions: [], packages: [], folders: [] });
    expect(images.map(({ size: packed }) => typeof packed)).toContain('number');
    expect(images[0]?.unpackedSize).toBe(images[1]?.unpackedSize);
  });

  test('text, Markdown and a picture say the same', async () => {
    const svg = join(dir, 'sizes.svg');
    const text = await runTare(['compare', place('one'), place('other'), '--svg', svg], { cwd: dir });
    expect(text).toMatchObject({ code: 0 });
    expect(text.stdout).toContain('1 Python package differs');
    expect(await readFile(svg, 'utf8')).toMatch(/^<svg [^>]+>[\s\S]*<\/svg>\n$/);
    const markdown = await runTare(['compare', place('one'), place('other'), '--markdown'], { cwd: dir });
    expect(markdown.stdout).toContain('| shop | 1.0 (');
  });

  test('one image alone, a platform that it has not, and no image at all are errors that help', async () => {
    const failing = async (...args: readonly string[]) => {
      const { code, stdout } = await runTare(['compare', '--json', ...args], { cwd: dir });
      return { exit: code, ...v.parse(errorReportSchema, JSON.parse(stdout)).error };
    };
    expect(await failing(place('one'))).toMatchObject({ exit: 2, code: 'USAGE' });
    expect(await failing(place('one'), place('other'), '--platform', 'linux/arm64')).toMatchObject({
      exit: 1,
      code: 'PLATFORM_MISSING',
    });
    expect(await failing(place('one'), 'nowhere.tar')).toMatchObject({ exit: 1, code: 'ARCHIVE_MISSING' });
    expect(await failing(place('one'), 'docker-daemon:--help')).toMatchObject({
      exit: 1,
      code: 'ENGINE_IMAGE_MISSING',
    });
  });
});

describe('images elsewhere', () => {
  test('in a registry', async (context) => {
    await requireComponent(context, 'registry');
    const registry = await startRegistry();
    try {
      const there = `${registry.host}/shop:1`;
      const pushed = await runTare(['push', place('one'), there], { cwd: dir });
      expect(pushed).toMatchObject({ code: 0 });
      const { images, differences } = await compare([place('one'), `docker://${there}`]);
      expect(differences).toEqual({ distributions: [], packages: [], folders: [] });
      expect(images[1]).toMatchObject({ name: `docker://${there}`, digest: images[0]?.digest });
    } finally {
      await registry.stop();
    }
  });

  test('of docker, with nothing left in the cache', async (context) => {
    await requireComponent(context, 'docker');
    const engine = await startDockerd();
    try {
      await engine.docker(['load', '-i', join(dir, 'one.tar')]);
      const env = { DOCKER_HOST: engine.env['DOCKER_HOST'], DOCKER_CONFIG: engine.env['DOCKER_CONFIG'] };
      const { images, differences } = await compare(['docker-daemon:one:1', place('one')], env);
      expect(differences).toEqual({ distributions: [], packages: [], folders: [] });
      // The engine keeps layers unpacked.
      expect(images.map(({ size: packed }) => packed === null)).toEqual([true, false]);
      expect(await mustRun('find', [join(sharedCacheDir, 'v1', 'tmp'), '-type', 'f', '-name', 'member-*'])).toBe('');
    } finally {
      await engine.stop();
    }
  });

  test('of podman', async (context) => {
    await requireComponent(context, 'podman');
    const said = await mustRun('podman', ['load', '-i', join(dir, 'other.tar')]);
    const name = /^Loaded image(?:\(s\))?: (\S+)/m.exec(said)?.[1] ?? '';
    try {
      const { differences } = await compare([`podman:${name}`, place('other')]);
      expect(differences).toEqual({ distributions: [], packages: [], folders: [] });
    } finally {
      await mustRun('podman', ['rmi', '--force', name]);
    }
  });
});

const waysSchema = v.object({
  project: v.string(),
  platform: v.string(),
  isCold: v.boolean(),
  edited: v.nullable(v.string()),
  ways: v.array(
    v.object({
      way: v.string(),
      builtBy: v.nullable(v.string()),
      time: v.nullable(size),
      editTime: v.nullable(size),
      pullSize: v.nullable(size),
      image: v.nullable(v.object({ size, unpackedSize: size, layers: size, distributions: size, packages: size })),
      problem: v.nullable(v.object({ code: v.string(), message: v.string() })),
    }),
  ),
});

/** Everything below a folder but what git keeps, with its size and time. */
const listingOf = (folder: string) =>
  mustRun('find', [folder, '-path', '*/.git', '-prune', '-o', '-printf', '%P %s %T@\\n']);

describe('ways to build a project', () => {
  let project: string;

  beforeAll(async () => {
    const hello = (await readExamples()).find((one) => one.name === 'fastapi-hello');
    if (hello === undefined) throw new Error('no example `fastapi-hello`');
    project = join(dir, 'hello');
    await mkdir(project);
    await copyExample(hello, project);
  });

  async function ways(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
    const result = await runTare(['compare', project, '--json', ...args], { env });
    if (!result.stdout.startsWith('{')) throw new Error(result.stderr);
    return { code: result.code, ...v.parse(waysSchema, JSON.parse(result.stdout)) };
  }

  test('a way that fails is a row that says why, beside those that work; the project stays as it is', async () => {
    const before = await listingOf(project);
    const env = { DOCKER_HOST: `unix://${join(dir, 'nobody')}` };
    const compared = await ways(['--variant', 'venv,direct', '--engine', 'docker', '--edit'], env);
    expect(compared).toMatchObject({ code: 1, isCold: false, edited: 'hello/main.py' });
    const [venv, direct] = compared.ways;
    expect(venv).toMatchObject({ way: 'venv', image: null, time: null, problem: { code: 'BUILDER_MISSING' } });
    expect(direct).toMatchObject({ way: 'direct', problem: null });
    // The base is not pulled again, and the edit makes one layer.
    expect(direct?.pullSize).toBeLessThan(direct?.image?.size ?? 0);
    expect(direct?.editTime).not.toBeNull();
    expect(await listingOf(project)).toBe(before);
    expect(await mustRun('find', [join(sharedCacheDir, 'run'), '-mindepth', '1', '-name', 'project'])).toBe('');
  });

  test('a Dockerfile by an engine and the direct build, side by side', { timeout: 1_800_000 }, async (context) => {
    await requireComponent(context, 'buildkit');
    const registry = await startPythonRegistry(context, 'slim');
    try {
      const buildkit = await startBuildkit({ registry: registry.host });
      try {
        const user = await writeUserRegistries(join(dir, 'user'), { 'docker.io': registry.host });
        const env = { ...user, ...buildkit.env, BUILDKIT_HOST: buildkit.address };
        const compared = await ways(['--variant', 'uv,direct', '--engine', 'buildctl', '--edit'], env);
        expect(compared.ways.map(({ problem }) => problem)).toEqual([null, null]);
        const [uv, direct] = compared.ways;
        expect(uv?.builtBy).toMatch(/^buildctl /);
        // pip came with the base.
        expect(uv?.image?.distributions).toBe((direct?.image?.distributions ?? 0) + 1);
        expect(direct?.image?.size).toBeLessThan(uv?.image?.size ?? 0);
        expect(direct?.image?.packages).toBeLessThan(uv?.image?.packages ?? 0);
      } finally {
        await buildkit.stop();
      }
    } finally {
      await registry.stop();
    }
  });

  test('what belongs to images is refused for projects, and the other way round', async () => {
    const both = await runTare(['compare', place('one'), place('other'), '--cold', '--json'], { cwd: dir });
    expect(both).toMatchObject({ code: 2 });
    const platforms = await runTare(['compare', project, '--platform', 'linux/amd64,linux/arm64', '--json']);
    expect(platforms).toMatchObject({ code: 2 });
    expect(await runTare(['compare', project, '--variant', 'plain,best'])).toMatchObject({ code: 2 });
  });
});
