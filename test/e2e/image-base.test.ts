import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import type { BaseCache, BaseImage } from '../../src/base-image/base-image.ts';
import { readBaseSources } from '../../src/base-image/base-sources.ts';
import { assertGlibc } from '../../src/base-image/libc.ts';
import { suiteOf } from '../../src/base-image/os-release.ts';
import { assertPython } from '../../src/base-image/pythons.ts';
import { readBaseImage } from '../../src/base-image/read-base.ts';
import { readAptSources } from '../../src/debian/apt-sources.ts';
import { validateLayout } from '../../src/oci/validate.ts';
import { openCache } from '../../src/store/cache.ts';
import { writeLayout } from '../../src/store/layout.ts';
import { readLayout } from '../../src/store/read-layout.ts';
import { writeRootfs } from '../../src/store/rootfs.ts';
import { makeBaseImage, pythonProgram, quietContext as quiet, slimFiles } from '../support/base-maker.ts';
import { copyDownloads } from '../support/cache-copy.ts';
import { buildImage, failingBuild } from '../support/cli.ts';
import { mustRun } from '../support/command.ts';
import { writeProject } from '../support/example.ts';
import { makeTemporaryDir } from '../support/paths.ts';
import { type PythonBase, requirePythonBase } from '../support/python-base.ts';

function cacheIn(dir: string): BaseCache {
  const cache = openCache(dir);
  return {
    read: (key) => cache.readRecord('base-facts', key),
    write: (key, value) => cache.writeRecord('base-facts', key, value),
    temporary: () => cache.temporary(),
  };
}

const chroot = (root: string, ...command: readonly string[]) =>
  mustRun('/usr/sbin/chroot', [root, ...command], { env: { PATH: '/usr/local/bin:/usr/bin:/sbin', LC_ALL: 'C' } });

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

let dir: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('image-base');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface OpenedBase {
  readonly made: PythonBase;
  readonly base: BaseImage;
}

const opened = new Map<string, OpenedBase>();

/** The look-alike of a suite, read once. */
async function open(context: TestContext, suite: PythonBase['suite']): Promise<OpenedBase> {
  const made = await requirePythonBase(context, '3.12', suite);
  const known = opened.get(suite) ?? {
    made,
    base: await readBaseImage(await readLayout(made.layout), cacheIn(dir), quiet),
  };
  opened.set(suite, known);
  return known;
}

for (const suite of ['bookworm', 'trixie'] as const) {
  describe(`an image like python:3.12-slim on ${suite}`, () => {
    test('is a valid layout', async (context) => {
      const { made } = await open(context, suite);
      expect(await validateLayout(made.layout)).toEqual([]);
    });

    test('has the packages that dpkg says, in its order of versions and names', async (context) => {
      const { made, base } = await open(context, suite);
      const format = '${db:Status-Abbrev}|${Package}|${Version}|${Architecture}\n';
      const printed = await chroot(made.root, 'dpkg-query', '--show', `--showformat=${format}`);
      const theirs = lines(printed).filter((line) => line.startsWith('ii'));
      expect(theirs.length).toBeGreaterThan(70);
      const ours = base.database.packages.map((one) => `ii |${one.name}|${one.version}|${one.architecture}`);
      expect(ours.toSorted()).toEqual(theirs.toSorted());
      expect(base.database.kind).toBe('dpkg');
      expect(base.hasApt).toBe(true);
    });

    test('has the Python that runs in it', async (context) => {
      const { made, base } = await open(context, suite);
      const found = assertPython(base, '3.12');
      const script = 'import sys, sysconfig; print("%d.%d.%d" % sys.version_info[:3], sys.prefix, sys.executable)';
      const printed = await chroot(made.root, found.interpreter, '-B', '-c', script);
      expect(`${found.fullVersion} ${found.prefix} ${found.interpreter}`).toBe(printed.trim());
      expect(base.pythons).toHaveLength(1);
    });

    test('has the C library that ldd speaks of, and the suite that its os-release names', async (context) => {
      const { made, base } = await open(context, suite);
      const [first = ''] = lines(await chroot(made.root, 'ldd', '--version'));
      expect(first.endsWith(` ${assertGlibc(base)}`)).toBe(true);
      expect(suiteOf(base)).toBe(suite);
    });

    test('searches libraries where ldconfig does', async (context) => {
      const { made, base } = await open(context, suite);
      const printed = await chroot(made.root, '/sbin/ldconfig', '--verbose', '-N', '-X');
      const folders = lines(printed).flatMap((line) => /^(\/[^:]+):/.exec(line)?.[1] ?? []);
      const real = folders.map((folder) => base.tree.resolve(folder)?.path);
      expect(base.loaderFolders.slice(0, 3)).toEqual([...new Set(real)].slice(0, 3));
      for (const folder of real) expect(base.loaderFolders).toContain(folder);
    });

    test('every file is as it is on disk', async (context) => {
      const { made, base } = await open(context, suite);
      const listed = await mustRun('find', [made.root, '-mindepth', '1', '-printf', '%P\\0%y\\0%m\\0%l\\0%s\\0']);
      const fields = listed.split('\0');
      const facts = new Map(base.tree.entries().map((one) => [one.path, one]));
      let count = 0;
      for (let at = 0; at + 4 < fields.length; at += 5) {
        const [path = '', type, mode = '', target, size] = fields.slice(at, at + 5);
        const one = facts.get(path);
        const kind = type === 'l' ? 'symlink' : type === 'd' ? 'directory' : 'file';
        expect(one?.type, path).toBe(kind);
        if (kind === 'symlink') expect(one?.linkTarget, path).toBe(target);
        else expect(one?.mode.toString(8), path).toBe(mode);
        if (kind === 'file') expect(one?.size, path).toBe(Number(size));
        count++;
      }
      expect(facts.size).toBe(count);
      expect(count).toBeGreaterThan(5000);
    });

    test("asks the archive that this machine's apt asks", async (context) => {
      const { base } = await open(context, suite);
      const sources = readBaseSources(base);
      const { mirror } = await readAptSources('/etc/apt');
      expect(sources.map((source) => [source.uri, source.suite])).toEqual([
        [mirror, suite],
        [mirror, `${suite}-updates`],
      ]);
    });
  });
}

const project = {
  'pyproject.toml': '[project]\nname = "on-a-base"\nversion = "1"\ndependencies = ["markupsafe==3.0.3"]\n',
  'main.py': 'print("hello")\n',
};
const entry = ['--entrypoint', 'main.py'];

/** What must work in an image with the packages `libmagic1` and `libmagic-mgc`. */
const appScript = `
import ctypes, ctypes.util, getpass, markupsafe._speedups, os, sys
magic = ctypes.CDLL('libmagic.so.1')
magic.magic_open.restype = ctypes.c_void_p
magic.magic_load.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
cookie = magic.magic_open(0)
print('%d.%d' % sys.version_info[:2], getpass.getuser(), ctypes.util.find_library('magic'), magic.magic_load(cookie, None))
`;

describe('an application on an image like python:3.12-slim', () => {
  for (const policy of ['needed', 'depends'] as const) {
    test(`--system-policy ${policy}: base layers stay, libraries load, apt goes on`, async (context) => {
      const { made, base } = await open(context, 'bookworm');
      const work = await mkdtemp(join(dir, 'build-'));
      const source = await writeProject(join(work, 'app'), project);
      const layout = join(work, 'image');
      const flags = ['--base', `oci:${made.layout}`, '--system-policy', policy, '--system-package', 'libmagic1'];
      const report = await buildImage(source, [...entry, ...flags, '-o', `oci:${layout}`]);

      const [built] = report.platforms;
      const digests = base.layers.map((layer) => layer.descriptor.digest);
      expect(built?.layers.slice(0, digests.length).map((layer) => layer.digest)).toEqual(digests);
      expect(built?.layers.slice(digests.length).map((layer) => layer.kind)).not.toContain('base');
      expect(await validateLayout(layout)).toEqual([]);
      const image = await readLayout(layout);
      for (const { descriptor } of image.layers) expect(descriptor.mediaType).toMatch(/^application\/vnd\.oci\./);

      const root = join(work, 'root');
      await writeRootfs(image, root, quiet);
      // As engines do; `find_library` runs `ldconfig` with it.
      await mustRun('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3']);
      const user = ['--userspec=65532:65532', root, 'env', 'HOME=/home/nonroot', '/opt/venv/bin/python', '-B', '-c'];
      const printed = await mustRun('/usr/sbin/chroot', [...user, appScript], { env: { PATH: '/usr/bin:/sbin' } });
      expect(printed.trim()).toBe('3.12 nonroot libmagic.so.1 0');

      const listed = (await chroot(root, 'dpkg-query', '--show', '--showformat=${Package}\n')).split('\n');
      expect(listed.includes('libmagic1')).toBe(policy === 'depends');
      const again = await readBaseImage(image, cacheIn(join(work, 'cache')), quiet);
      const magic = again.database.packages.find((one) => one.name === 'libmagic1');
      expect(magic?.record).toBe(policy === 'depends' ? 'status' : 'status.d');
      expect(again.hasApt).toBe(true);

      // As a Dockerfile that begins with this image would do.
      await cp('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true });
      await chroot(root, 'apt-get', 'update', '-q');
      await chroot(root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-qy', 'file');
      expect(await chroot(root, 'dpkg', '--audit')).toBe('');
      expect(await chroot(root, 'file', '--brief', '/etc/hostname')).toContain('text');
    });
  }

  test('the same base and packages give the same image', async (context) => {
    const { made } = await open(context, 'bookworm');
    const source = await writeProject(await mkdtemp(join(dir, 'same-')), project);
    const flags = [...entry, '--base', `oci:${made.layout}`, '--system-package', 'libmagic1'];
    const first = await buildImage(source, [...flags, '-o', `oci:${join(dir, 'same-first')}`]);
    const cache = await copyDownloads(join(dir, 'same-cache'));
    const second = await buildImage(source, [...flags, '-o', `oci:${join(dir, 'same-second')}`], { cacheDir: cache });
    expect(second.digest).toBe(first.digest);
  });

  test('a Python that the base has not is refused, saying what it has', async (context) => {
    const { made } = await open(context, 'bookworm');
    const source = await writeProject(await mkdtemp(join(dir, 'python-')), project);
    const failed = await failingBuild(source, [...entry, '--base', `oci:${made.layout}`, '--python', '3.13']);
    expect(failed.code).toMatch(/^(?:PYTHON_UNSUPPORTED|BASE_PYTHON_MISSING)$/);
    expect(failed.exit).toBe(1);
    expect(failed.stderr).toContain('3.12');
  });
});

describe('a base that cannot be used', () => {
  test.each([
    {
      name: 'musl',
      code: 'BASE_MUSL',
      files: { 'lib/ld-musl-x86_64.so.1': pythonProgram('musl'), 'usr/bin/python3.12': pythonProgram('musl') },
      args: [],
    },
    {
      name: 'a broken database',
      code: 'BASE_DATABASE_BROKEN',
      files: { ...slimFiles, 'var/lib/dpkg/status': 'Package: x\nStatus: install reinstreq half-installed\n' },
      args: [],
    },
    {
      name: 'Ubuntu, where a package is to be added',
      code: 'BASE_SUITE_UNKNOWN',
      files: { ...slimFiles, 'usr/lib/os-release': 'ID=ubuntu\nVERSION_CODENAME=noble\n' },
      args: ['--system-package', 'libmagic1'],
    },
  ])('$name', async ({ code, files, args }) => {
    const work = await mkdtemp(join(dir, 'bad-'));
    const image = await makeBaseImage(work, [files]);
    const layout = join(work, 'layout');
    await writeLayout(layout, [image], quiet);
    const source = await writeProject(join(work, 'app'), { 'main.py': 'print(1)\n', 'requirements.txt': '' });
    const flags = ['--base', `oci:${layout}`, '--platform', 'linux/amd64', ...args];
    const failed = await failingBuild(source, [...entry, ...flags]);
    expect([failed.code, failed.exit]).toEqual([code, 1]);
  });
});
