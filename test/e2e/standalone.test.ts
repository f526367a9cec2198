import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import * as v from 'valibot';
import { writePythonArchive } from '../support/archive-maker.ts';
import { copyDownloads } from '../support/cache-copy.ts';
import { buildImage, failingBuild, runTare } from '../support/cli.ts';
import { requireComponent } from '../support/components.ts';
import { expectAnswers, runContainer } from '../support/container.ts';
import { copyExample, readExamples, writeProject } from '../support/example.ts';
import { readLayout, readRootfs } from '../support/image.ts';
import { makeTemporaryDir, temporaryDir } from '../support/paths.ts';
import { requirePythonArchive, serveFiles } from '../support/python-archive.ts';
import { writeUserRegistries } from '../support/user-registries.ts';

const platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

const planSchema = v.object({
  targets: v.array(
    v.object({
      python: v.object({
        version: v.string(),
        fullVersion: v.optional(v.string()),
        abi: v.string(),
        interpreter: v.string(),
        prefix: v.string(),
      }),
      base: v.object({
        provider: v.string(),
        suite: v.string(),
        packages: v.array(v.object({ name: v.string() })),
        archive: v.optional(
          v.object({ filename: v.string(), sha256: v.string(), because: v.object({ rule: v.string() }) }),
        ),
      }),
      systemPackages: v.array(v.object({ name: v.string() })),
      wheels: v.array(v.object({ filename: v.string() })),
      layers: v.array(v.object({ kind: v.string(), title: v.string() })),
    }),
  ),
});

async function planOf(project: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
  const printed = await runTare(['plan', project, '--json', '--platform', platform, ...args], { env });
  if (printed.code !== 0) throw new Error(printed.stderr);
  const [target] = v.parse(planSchema, JSON.parse(printed.stdout)).targets;
  if (target === undefined) throw new Error('a plan without a target');
  return { ...target, text: printed.stdout };
}

/** Nothing of this machine says where archives are. */
const unconfigured = { UV_PYTHON_INSTALL_MIRROR: '', UV_NO_CONFIG: '1' };
const asScript = ['--entrypoint', 'main.py'];
const script = { 'main.py': 'import ssl, sqlite3, sys\nprint(sys.version_info[:2], sys.prefix)\n' };

let dir: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('standalone');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** `examples/fastapi-hello` for Python 3.12, with the archive at an address. */
async function fastapiProject(url: string) {
  const example = (await readExamples()).find(({ name }) => name === 'fastapi-hello');
  if (example === undefined) throw new Error('no example');
  const project = join(dir, 'fastapi-hello');
  await copyExample(example, project);
  const settings = ['[project]', 'name = "fastapi-hello"', 'version = "1"', 'requires-python = "==3.12.*"'];
  settings.push(
    'dynamic = ["dependencies"]',
    '',
    '[tool.setuptools.dynamic]',
    'dependencies = { file = "requirements.in" }',
  );
  settings.push('', '[tool.tare.standalone]', `archive = "${url}"`, '');
  await writeFile(join(project, '.python-version'), '3.12\n');
  await writeFile(join(project, 'pyproject.toml'), settings.join('\n'));
  return { example, project };
}

async function served(context: TestContext) {
  const archive = await requirePythonArchive(context);
  const files = Object.fromEntries(
    [archive.filename, 'SHA256SUMS'].map((name) => [`/python/${name}`, join(archive.folder, name)]),
  );
  return { archive, server: await serveFiles(files) };
}

describe('an application for a Python that no Debian suite has', () => {
  test('is built from an archive on a server, is verified, and answers', async (context) => {
    await requireComponent(context, 'namespaces');
    const { archive, server } = await served(context);
    const { example, project } = await fastapiProject(`${server.url}/python/`);
    const layout = join(dir, 'image');
    const report = await buildImage(project, ['--platform', platform, '-o', `oci:${layout}`]);
    const plan = await planOf(project);
    expect(plan.python).toEqual({
      version: '3.12',
      fullVersion: archive.fullVersion,
      abi: 'cp312',
      interpreter: '/opt/python/bin/python3.12',
      prefix: '/opt/venv',
    });
    expect(plan.base).toMatchObject({ provider: 'standalone', suite: 'trixie' });
    expect(plan.base.packages.filter(({ name }) => name.includes('python'))).toEqual([]);
    expect(plan.base.archive).toMatchObject({ filename: archive.filename, sha256: `sha256:${archive.sha256}` });
    expect(plan.base.archive?.because.rule).toContain('`SHA256SUMS`');
    expect(plan.text).not.toContain(server.url);
    expect(plan.wheels.some(({ filename }) => filename.includes('-cp312-cp312-'))).toBe(true);
    const bases = plan.layers.filter(({ kind }) => kind === 'base').map(({ title }) => title);
    expect(bases).toEqual(['Debian trixie without Python', 'standalone Python']);

    const [image] = (await readLayout(layout)).values();
    if (image === undefined) throw new Error('no image');
    const root = await readRootfs(layout, image);
    expect(root.has('opt/python/bin/python3.12')).toBe(true);
    expect(root.get('opt/venv/bin/python')).toMatchObject({ linkTarget: '/opt/python/bin/python3.12' });
    const unwanted =
      /^(?:usr\/bin\/python|opt\/python\/(?:include|bin\/pip|lib\/python3\.12\/(?:idlelib|ensurepip|tkinter|site-packages)))/;
    expect([...root.keys()].filter((path) => unwanted.test(path))).toEqual([]);
    expect(report.platforms[0]?.layers.filter(({ kind }) => kind === 'base')).toHaveLength(2);

    const running = await runContainer(layout, example.expectation, ['--engine', 'namespaces']);
    try {
      await expectAnswers(running.url, example.expectation.container.requests, example.source);
    } finally {
      await running.process.stop();
    }
  });

  test('gets from Debian the library that a module of the archive is linked to and does not bring', async (context) => {
    const { folder } = await requirePythonArchive(context);
    const project = await writeProject(await temporaryDir('standalone-crypt'), script);
    const plan = await planOf(project, { TARE_PYTHON: '3.12', TARE_PYTHON_ARCHIVE: folder }, asScript);
    const all = [...plan.base.packages, ...plan.systemPackages].map(({ name }) => name);
    expect(all).toContain('libcrypt1');
  });

  test("comes from uv's mirror of Pythons, and is remembered without network", async (context) => {
    await requireComponent(context, 'uv');
    const archive = await requirePythonArchive(context);
    const release = /\+(\d{8})-/.exec(archive.filename)?.[1] ?? '';
    const path = `/pythons/${release}`;
    const server = await serveFiles({
      [`${path}/${archive.filename}`]: join(archive.folder, archive.filename),
      [`${path}/SHA256SUMS`]: join(archive.folder, 'SHA256SUMS'),
    });
    const project = await writeProject(await temporaryDir('standalone-uv'), {
      ...script,
      '.python-version': `${archive.fullVersion}\n`,
      'uv.toml': `python-install-mirror = "${server.url}/pythons"\n`,
    });
    // Only a release that uv knows of is looked for.
    if (archive.fullVersion !== '3.12.1') context.skip('needs CPython 3.12.1');
    const cacheDir = await copyDownloads(await temporaryDir('standalone-cache'));
    const env = { TARE_CACHE_DIR: cacheDir, TARE_BYTECODE: 'none' };
    const first = await planOf(project, env, asScript);
    expect(first.base.archive).toMatchObject({ filename: archive.filename, sha256: `sha256:${archive.sha256}` });
    expect(first.base.archive?.because.rule).toContain('python-install-mirror');
    const asked = server.asked.length;
    const { text } = await planOf(project, env, [...asScript, '--offline']);
    expect(JSON.parse(text)).toEqual(JSON.parse(first.text));
    expect(server.asked.length).toBe(asked);
  });

  test('is the same image again, and the same layer for every application', async (context) => {
    const { folder } = await requirePythonArchive(context);
    const env = { TARE_PYTHON: '3.12', TARE_PYTHON_ARCHIVE: folder };
    const digests: (string | undefined)[] = [];
    for (const text of [script['main.py'], `${script['main.py']}print("two")\n`]) {
      const project = await writeProject(await temporaryDir('standalone-same'), { 'main.py': text });
      const cacheDir = await temporaryDir('standalone-cache');
      const out = [
        '-o',
        `oci:${join(project, '..', `${cacheDir.split('/').at(-1)}-image`)}`,
        '--entrypoint',
        'main.py',
      ];
      await copyDownloads(cacheDir);
      // A base that was unpacked at another place.
      await rm(join(cacheDir, 'tools'), { recursive: true, force: true });
      const report = await buildImage(project, ['--platform', platform, ...out], { env, cacheDir });
      const archive = report.platforms[0]?.layers.filter(({ kind }) => kind === 'base').at(-1);
      digests.push(archive?.digest);
    }
    expect(digests[0]).toBeDefined();
    expect(digests[0]).toBe(digests[1]);
  });
});

describe('an archive that cannot be taken', () => {
  const build = async (files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) => {
    const project = await writeProject(await temporaryDir('standalone-error'), files);
    const noImages = await writeUserRegistries(project, { 'docker.io': undefined });
    return failingBuild(project, ['--platform', platform], { env: { ...unconfigured, ...noImages, ...env } });
  };
  const with312 = { ...script, '.python-version': '3.12\n' };

  test('nothing configured: the choices that there are', async () => {
    const error = await build(with312);
    expect(error).toMatchObject({ code: 'PYTHON_UNSUPPORTED', actual: '3.12', where: '.python-version:1' });
    expect(error.expected).toContain('3.13 (Debian trixie)');
    for (const choice of ['[tool.tare.standalone] archive', '--base oci:DIR', '--python 3.13']) {
      expect(error.hint).toContain(choice);
    }
  });

  test('a bound of the project is not answered with another Python', async () => {
    const pyproject = '[project]\nname = "bound"\nversion = "1"\nrequires-python = "==3.12.*"\n';
    const error = await build({ ...script, 'pyproject.toml': pyproject });
    expect(error).toMatchObject({ code: 'PYTHON_UNSUPPORTED', where: 'pyproject.toml:4' });
    expect(error.hint).not.toContain('--python');
  });

  test('`base = "standalone"` without a place for archives', async () => {
    expect(await build(script, { TARE_BASE: 'standalone' })).toMatchObject({ code: 'PYTHON_ARCHIVE_MISSING' });
  });

  test('`base = "debian"` keeps to Debian', async () => {
    const env = { TARE_BASE: 'debian', TARE_PYTHON_ARCHIVE: '/nowhere' };
    expect(await build(with312, env)).toMatchObject({ code: 'PYTHON_UNSUPPORTED' });
  });

  test('a Python that Debian has comes from Debian, wherever archives are', async () => {
    const project = await writeProject(await temporaryDir('standalone-debian'), script);
    expect((await planOf(project, { TARE_PYTHON_ARCHIVE: '/nowhere' }, asScript)).base.provider).toBe('debian');
  });

  test('another Python, another processor, another C library', async () => {
    const folder = await temporaryDir('standalone-archives');
    const program = { needed: ['libc.so.6'], interpreter: '/lib64/ld-linux-x86-64.so.2' };
    const own = process.arch === 'arm64' ? 183 : 62;
    const foreign = own === 62 ? 183 : 62;
    for (const [spec, expected] of [
      [{ python: '3.11', elf: { ...program, machine: own } }, /that the project allows: 3\.12/],
      [{ elf: { ...program, machine: foreign } }, /a Python for (?:amd64|arm64)/],
      [{ elf: { ...program, machine: own, interpreter: '/lib/ld-musl-x86_64.so.1' } }, /glibc/],
    ] as const) {
      const { file } = await writePythonArchive(folder, spec, 'python.tar.gz');
      const error = await build(with312, { TARE_PYTHON_ARCHIVE: file });
      expect(error).toMatchObject({ code: 'PYTHON_ARCHIVE_MISMATCH', where: 'python.tar.gz' });
      expect(error.expected).toMatch(expected);
    }
  });

  test('a server that says no hash, and one that says another', async () => {
    const folder = await temporaryDir('standalone-archives');
    const filename = `cpython-3.12.7+20241016-${machine}-unknown-linux-gnu-install_only.tar.gz`;
    const { file } = await writePythonArchive(folder, {}, filename);
    await writeFile(join(folder, 'wrong'), `${'a'.repeat(64)}  ${filename}\n`);
    const bare = await serveFiles({ [`/${filename}`]: file });
    const wrong = await serveFiles({ [`/${filename}`]: file, [`/${filename}.sha256`]: join(folder, 'wrong') });
    const options = { TARE_CACHE_DIR: join(folder, 'cache') };
    for (const server of [bare, wrong]) {
      const place = { TARE_PYTHON_ARCHIVE: `${server.url}/${encodeURIComponent(filename)}` };
      expect(await build(with312, { ...options, ...place })).toMatchObject({ code: 'PYTHON_ARCHIVE_HASH' });
    }
  });
});
