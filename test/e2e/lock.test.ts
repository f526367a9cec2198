import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage, failingBuild, runTare, type TareOptions } from '../support/cli.ts';
import { type DebSpec, makeDeb, type MadeDeb } from '../support/deb-maker.ts';
import { type ArchiveKey, makeArchiveKey } from '../support/debian-mirror.ts';
import { makeWheel, type WheelFile } from '../support/make-wheel.ts';
import { makeTemporaryDir, sharedCacheDir } from '../support/paths.ts';
import { requirePythonArchive, serveFiles } from '../support/python-archive.ts';
import { realCore, type ServedArchive, startArchive } from '../support/served-archive.ts';
import { indexEnvironment, type SimpleIndex, startSimpleIndex } from '../support/simple-index.ts';

const wheel = (name: string, version: string, requires: readonly string[] = []): WheelFile =>
  makeWheel({ name, version, requires, files: { [`${name}.py`]: `version = '${version}'\n` } });
const greet = wheel('greet', '1.0', ['words']);
const words = wheel('words', '1.0');
const newGreet = wheel('greet', '2.0', ['words']);
const newWords = wheel('words', '2.0');
const more = wheel('more', '1.0');

/** A Debian package with one file. */
const deb = (name: string, version: string, more_: Partial<DebSpec> = {}): MadeDeb =>
  makeDeb({
    name,
    version,
    architecture: 'all',
    data: [{ name: `./usr/share/${name}/text`, bytes: version }],
    ...more_,
  });
const charts = deb('charts', '1.0-1', { fields: { Depends: 'charts-data (= 1.0-1)' } });
const chartsData = deb('charts-data', '1.0-1');
const fonts = deb('fonts', '1.0-1+deb13u1');
const newCharts = deb('charts', '1.1-1', { fields: { Depends: 'charts-data (= 1.1-1)' } });
const newChartsData = deb('charts-data', '1.1-1');

let key: ArchiveKey;
let archive: ServedArchive;
let index: SimpleIndex;
let newIndex: SimpleIndex;
let core: readonly MadeDeb[];
let folder: string;
let project: string;
let made = 0;

const dates = ['Sat, 21 Nov 2026 09:15:44 UTC', 'Sun, 22 Nov 2026 09:15:44 UTC'];

/** What the mirror has, the old state or a newer one in which old files are gone. */
async function publish(state: 'old' | 'new'): Promise<void> {
  archive.files.clear();
  const date = dates[state === 'old' ? 0 : 1] ?? '';
  const own = state === 'old' ? [charts, chartsData] : [newCharts, newChartsData];
  const netbase = core.find((one) => one.spec.name === 'netbase') as MadeDeb;
  const newer = deb('netbase', '99.1', { data: [{ name: './etc/services', bytes: 'https 443/tcp\n' }] });
  const debs = state === 'old' ? core : [...core.filter((one) => one !== netbase), newer];
  await archive.publish(
    archive.main,
    { codename: 'trixie', debs: [...debs, ...own], date, architecture: 'amd64' },
    key,
  );
  await archive.publish(archive.security, { codename: 'trixie-security', debs: [fonts], date }, key);
}

beforeAll(async () => {
  folder = await makeTemporaryDir('lock');
  [key, archive, core] = await Promise.all([makeArchiveKey(), startArchive(), realCore('amd64')]);
  index = await startSimpleIndex([greet, words, more]);
  newIndex = await startSimpleIndex([greet, words, newGreet, newWords, more]);
});
afterAll(async () => {
  await Promise.all([archive.stop(), index.stop(), newIndex.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** A cache that nothing is in. */
const emptyCache = (): string => join(folder, `cache-${++made}`);

const options = (cacheDir: string, at: SimpleIndex = index, env: Record<string, string> = {}): TareOptions => ({
  cacheDir,
  env: { ...indexEnvironment(at.url), ...env },
});

async function makeProject(requirements = 'greet\n', settings = ''): Promise<string> {
  const dir = join(folder, `shop-${++made}`, 'shop');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'main.py'), 'import greet\nprint(greet.version)\n');
  await writeFile(join(dir, 'requirements.txt'), requirements);
  await writeFile(join(folder, 'archive.asc'), key.publicKey);
  const lines = [
    'name = "shop"',
    'platforms = ["linux/amd64"]',
    'entrypoint = "main.py"',
    'system-packages = ["charts", "fonts"]',
    'system-policy = "depends"',
    settings,
    '[debian]',
    `mirror = "${archive.main}"`,
    `security-mirror = "${archive.security}"`,
    `keys = ["${join(folder, 'archive.asc')}"]`,
  ];
  await writeFile(join(dir, 'tare.toml'), `${lines.join('\n')}\n`);
  return dir;
}

const readLock = (dir: string) => readFile(join(dir, 'tare.lock'), 'utf8');

async function lock(dir: string, args: readonly string[], given: TareOptions) {
  const result = await runTare(['lock', dir, '--json', ...args], given);
  const report: unknown = JSON.parse(result.stdout);
  return { ...result, report };
}

/** What a build says of the files of its lock. */
const buildLocked = async (dir: string, args: readonly string[], given: TareOptions) => {
  const result = await runTare(['build', dir, '--json', ...args], given);
  expect(result.code, result.stderr).toBe(0);
  const { digest, lock: use } = JSON.parse(result.stdout) as {
    digest: string;
    lock?: { state: string; sources: { source: string; files: number }[] };
  };
  return {
    digest,
    stderr: result.stderr,
    state: use?.state,
    sources: use?.sources.map(({ source, files }) => `${files} ${source}`),
  };
};

describe('tare.lock', () => {
  const first = emptyCache.bind(undefined);
  let cache: string;
  let digest: string;
  let text: string;

  beforeAll(async () => {
    cache = first();
    await publish('old');
    project = await makeProject();
    const written = await lock(project, [], options(cache));
    expect(written.code, written.stderr).toBe(0);
    expect(written.report).toMatchObject({
      state: 'created',
      targets: [{ platform: 'linux/amd64', system: 3, wheels: 2 }],
    });
    text = await readLock(project);
    digest = (await buildImage(project, ['--locked', '-o', `oci:${join(folder, 'image')}`], options(cache))).digest;
  });

  test('names no address and no folder of the machine, and is the same when it is written again', async () => {
    expect(text).not.toMatch(/https?:|127\.0\.0\.1/);
    expect(text).not.toContain(folder);
    expect((await lock(project, [], options(cache))).report).toMatchObject({ state: 'unchanged', changes: [] });
    expect(await readLock(project)).toBe(text);
    await rm(join(project, 'tare.lock'));
    await lock(project, [], options(cache));
    expect(await readLock(project)).toBe(text);
  });

  test('does not come into being by a build, nor does it change the image', async () => {
    const other = await makeProject();
    const built = await buildImage(other, [], options(cache));
    await expect(readLock(other)).rejects.toThrow(/ENOENT/);
    expect(built.digest).toBe(digest);
  });

  test('gives the same image from an empty cache, when index and mirror have moved on', async () => {
    await publish('new');
    // The old files are still there, as for some time after a fix: the index speaks of the new ones alone.
    for (const one of [...core, charts, chartsData]) archive.files.set(`${archive.main}/${one.filename}`, one.bytes);
    archive.forget();
    const built = await buildLocked(project, [], options(emptyCache(), newIndex));
    expect(built).toMatchObject({ digest, state: 'unchanged' });
    expect(built.sources).toEqual(['2 index', `${core.length + 2} mirror`, '1 security mirror']);
    expect(archive.asked().filter((address) => !address.endsWith('.deb'))).toEqual([]);
  });

  test('whose old packages are gone is built from a snapshot', async () => {
    await publish('new');
    const old = [charts, chartsData, ...core.filter((one) => one.spec.name === 'netbase')];
    for (const one of old) archive.files.set(`${archive.old}/${one.filename}`, one.bytes);
    const env = { TARE_DEBIAN_SNAPSHOT: archive.old };
    const built = await buildLocked(project, ['--locked'], options(emptyCache(), newIndex, env));
    expect(built.digest).toBe(digest);
    expect(built.sources).toContain('3 snapshot');
  });

  test('whose old packages are gone is built from an image of the same lock', async () => {
    await publish('new');
    const built = await buildLocked(
      project,
      ['--locked', '--base-from', join(folder, 'image')],
      options(emptyCache(), newIndex),
    );
    expect(built.digest).toBe(digest);
    expect(built.sources).toContain(`${core.length + 3} base-from`);
  });

  test('whose packages are gone everywhere is an error that names them and both ways out', async () => {
    await publish('new');
    const error = await failingBuild(project, [], options(emptyCache(), newIndex));
    expect(error).toMatchObject({ exit: 1, code: 'LOCKED_FILES_GONE' });
    expect(error.message).toMatch(/netbase_/);
    expect(error.hint).toMatch(/TARE_DEBIAN_SNAPSHOT.*--base-from/);
  });

  test('lends nothing from an image that was made of other packages', async () => {
    await publish('new');
    const other = await makeProject();
    const image = join(folder, 'other-image');
    await buildImage(other, ['-o', `oci:${image}`], options(emptyCache(), newIndex));
    const error = await failingBuild(project, ['--base-from', image], options(emptyCache(), newIndex));
    expect(error).toMatchObject({ code: 'BASE_FROM_OTHER', where: image });
  });

  test('takes no layer from an image that is damaged', async () => {
    await publish('new');
    const damaged = join(folder, 'damaged');
    await cp(join(folder, 'image'), damaged, { recursive: true });
    const blobs = join(damaged, 'blobs', 'sha256');
    const sizes = await Promise.all(
      (await readdir(blobs)).map(async (name) => ({ name, size: (await stat(join(blobs, name))).size })),
    );
    const [largest] = sizes.toSorted((left, right) => right.size - left.size);
    await rm(join(blobs, largest?.name ?? ''));
    await writeFile(join(blobs, largest?.name ?? ''), Buffer.alloc(largest?.size ?? 0));
    const error = await failingBuild(project, ['--base-from', damaged], options(emptyCache(), newIndex));
    expect(error).toMatchObject({ code: 'DOWNLOAD_HASH_MISMATCH', where: expect.stringContaining(damaged) });
  });

  test('whose wheel the index has no more is an error that names it', async () => {
    await publish('old');
    const without = await startSimpleIndex([words, newGreet]);
    try {
      const error = await failingBuild(project, [], options(emptyCache(), without));
      expect(error).toMatchObject({ code: 'LOCKED_WHEEL_GONE', where: 'tare.lock' });
      expect(error.message).toContain('greet');
    } finally {
      await without.stop();
    }
  });

  test('whose wheel is another file on the index is an error that says so', async () => {
    await publish('old');
    const rebuilt = makeWheel({ name: 'greet', version: '1.0', files: { 'greet.py': "version = '1.0 again'\n" } });
    const other = await startSimpleIndex([words, rebuilt]);
    try {
      const error = await failingBuild(project, [], options(emptyCache(), other));
      expect(error).toMatchObject({ code: 'LOCKED_WHEEL_GONE', expected: `sha256:${greet.sha256}` });
      expect(error.message).toMatch(/greet 1\.0.*no file with the hash of the lock/);
    } finally {
      await other.stop();
    }
  });

  test('is checked without a network', async () => {
    archive.files.clear();
    const good = await lock(project, ['--check', '--offline'], options(emptyCache()));
    expect([good.code, good.stderr]).toEqual([0, '']);
    const changed = await makeProject('greet\nmore\n');
    await writeFile(join(changed, 'tare.lock'), text);
    const bad = await lock(changed, ['--check', '--offline'], options(emptyCache()));
    expect(bad.code).toBe(1);
    expect(bad.report).toMatchObject({
      error: { code: 'IMAGE_LOCK_STALE', message: expect.stringContaining('`requirements.txt` changed') },
    });
    expect(await readLock(changed)).toBe(text);
  });

  test('missing or stale fails under --locked; --frozen uses it as it is', async () => {
    await publish('old');
    const bare = await makeProject();
    for (const flag of ['--locked', '--frozen']) {
      expect(await failingBuild(bare, [flag], options(cache))).toMatchObject({ code: 'IMAGE_LOCK_MISSING' });
    }
    const changed = await makeProject('greet\nmore\n', 'exclude-system-packages = ["charts-doc"]');
    await writeFile(join(changed, 'tare.lock'), text);
    const stale = await failingBuild(changed, ['--locked'], options(cache));
    expect(stale).toMatchObject({ code: 'IMAGE_LOCK_STALE', exit: 1 });
    expect(await failingBuild(changed, ['--frozen', '--platform', 'linux/arm64'], options(cache))).toMatchObject({
      code: 'IMAGE_LOCK_TARGET_MISSING',
    });
    const frozen = await buildLocked(changed, ['--frozen'], options(cache));
    expect(frozen.state).toBe('unchanged');
    expect(await readLock(changed)).toBe(text);
    expect((await runTare(['build', changed, '--locked', '--frozen'], options(cache))).code).toBe(2);
  });

  test('that is stale is brought up to date by a build, and what still holds does not move', async () => {
    await publish('new');
    const changed = await makeProject('greet\nmore\n');
    await writeFile(join(changed, 'tare.lock'), text);
    const built = await buildLocked(changed, [], options(cache, newIndex));
    expect(built.state).toBe('updated');
    expect(built.stderr).toMatch(/`tare\.lock` was brought up to date: `requirements\.txt` changed/);
    const now = await readLock(changed);
    expect(now).toContain('name = "more"');
    expect(now).toContain(greet.filename);
    expect(now).not.toContain(newGreet.filename);
    expect(now).toContain(charts.filename);
    expect(now.split('[[target.system]]')[0]).toBe(
      text
        .split('[[target.system]]')[0]
        ?.replace(/dependencies = .*/, /dependencies = .*/.exec(now)?.[0] ?? '')
        .replace(/wheels = "sha.*/, /wheels = "sha.*/.exec(now)?.[0] ?? ''),
    );
  });

  test('is upgraded by name: what must move along does, and nothing else', async () => {
    await publish('new');
    const one = await makeProject();
    await writeFile(join(one, 'tare.lock'), text);
    const given = options(cache, newIndex);
    const wheels = await lock(one, ['--upgrade', 'words'], given);
    expect(wheels.report).toMatchObject({
      changes: [{ kind: 'wheel', name: 'words', from: '1.0', to: '2.0', bytes: newWords.bytes.length }],
      bytes: newWords.bytes.length,
    });
    const packages = await lock(one, ['--upgrade', 'charts'], given);
    expect(packages.report).toMatchObject({
      changes: [
        { kind: 'system', name: 'charts', from: '1.0-1', to: '1.1-1' },
        { kind: 'system', name: 'charts-data', from: '1.0-1', to: '1.1-1' },
      ],
    });
    const base = await runTare(['lock', one, '--upgrade', 'netbase'], given);
    expect(base.stdout).toMatch(/base {2}netbase {2}\S+ → 99\.1/);
    const unknown = await lock(one, ['--upgrade', 'nothing'], given);
    expect(unknown.report).toMatchObject({ error: { code: 'IMAGE_LOCK_NAME_UNKNOWN' } });
  });

  test('is upgraded as a whole: package by package, and how many bytes that moves', async () => {
    await publish('new');
    const one = await makeProject();
    await writeFile(join(one, 'tare.lock'), text);
    const { report } = await lock(one, ['--upgrade'], options(cache, newIndex));
    const { changes, bytes } = report as { changes: { name: string; bytes: number }[]; bytes: number };
    expect(changes.map((change) => change.name)).toEqual(['netbase', 'charts', 'charts-data', 'greet', 'words']);
    expect(bytes).toBe(changes.reduce((sum, change) => sum + change.bytes, 0));
    expect((await lock(one, ['--check'], options(cache, newIndex))).code).toBe(0);
  });

  test('of an image as base notices another image', async () => {
    await publish('old');
    const one = await makeProject('greet\n');
    await writeFile(join(one, 'tare.toml'), 'platforms = ["linux/amd64"]\nentrypoint = "main.py"\n');
    const base = (name: string) => ['--base', `oci:${join(folder, name)}`];
    const written = await lock(one, base('image'), options(cache));
    expect(written.report).toMatchObject({ state: 'created', targets: [{ base: 0, wheels: 2 }] });
    expect(await readLock(one)).not.toContain(folder);
    await buildLocked(one, ['--locked', ...base('image')], options(cache, newIndex));
    await buildImage(await makeProject('more\n'), ['-o', `oci:${join(folder, 'another')}`], options(cache));
    expect(await failingBuild(one, ['--locked', ...base('another')], options(cache))).toMatchObject({
      code: 'IMAGE_LOCK_STALE',
      message: expect.stringContaining('the base image changed'),
    });
    expect(await failingBuild(one, ['--frozen', ...base('another')], options(cache))).toMatchObject({
      code: 'IMAGE_LOCK_BASE_OTHER',
    });
  });

  test('of a standalone Python gives the same image from wherever the archive is', async (context) => {
    const python = await requirePythonArchive(context);
    const one = await makeProject();
    const settings = 'platforms = ["linux/amd64"]\nentrypoint = "main.py"\npython = "3.12"\n';
    await writeFile(join(one, 'tare.toml'), settings);
    const places = await Promise.all(
      ['one', 'two'].map(async (place) => {
        const files = [python.filename, 'SHA256SUMS'].map((name) => [`/${place}/${name}`, join(python.folder, name)]);
        return `${(await serveFiles(Object.fromEntries(files))).url}/${place}/`;
      }),
    );
    const [first, second] = places.map((place) => ({ TARE_PYTHON_ARCHIVE: place }));
    const written = await lock(one, [], options(sharedCacheDir, index, first));
    expect(written.code, written.stderr).toBe(0);
    const content = await readLock(one);
    expect(content).toContain(python.filename);
    expect(content).not.toMatch(/https?:/);
    const fresh = await buildLocked(one, ['--locked'], options(sharedCacheDir, index, first));
    const again = await buildLocked(one, ['--locked'], options(emptyCache(), newIndex, second));
    expect(again.digest).toBe(fresh.digest);
    expect(await readLock(one)).toBe(content);
  });

  test('of another project, or damaged, is refused in words', async () => {
    await publish('old');
    const other = await makeProject();
    const write = (content: string) => writeFile(join(other, 'tare.lock'), content);
    await write(text.replace('project = "shop"', 'project = "office"'));
    expect((await failingBuild(other, ['--locked'], options(cache))).message).toMatch(/`office`.*`shop`/);
    expect(await failingBuild(other, ['--frozen'], options(cache))).toMatchObject({ code: 'IMAGE_LOCK_FOREIGN' });
    await write(text.replace('version = 1', 'version = 9'));
    expect(await failingBuild(other, [], options(cache))).toMatchObject({ code: 'IMAGE_LOCK_NEWER' });
    await write(`<<<<<<< HEAD\n${text}=======\n${text}>>>>>>> other\n`);
    expect(await failingBuild(other, [], options(cache))).toMatchObject({ code: 'IMAGE_LOCK_CONFLICT' });
    await write(text.slice(0, 700));
    expect(await failingBuild(other, [], options(cache))).toMatchObject({ code: 'IMAGE_LOCK_INVALID' });
  });
});
