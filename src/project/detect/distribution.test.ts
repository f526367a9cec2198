import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { versionOfDescription } from '../git-describe.ts';
import { type DetectOptions, detectProject } from '../manifest.ts';
import { makeMemoryProject } from '../memory-project.ts';
import { openProject } from '../project.ts';

type Files = Readonly<Record<string, string>>;

const head = '[project]\nname = "my-shop"\nversion = "1.0"\n';
const built = (backend: string, rest = ''): string =>
  `${head}[build-system]\nrequires = []\nbuild-backend = "${backend}"\n${rest}`;
const detect = async (files: Files, options: DetectOptions = {}) =>
  await detectProject(makeMemoryProject(files), options);

/** `root: packages + modules`, or the code of the warning, or `none`. */
async function layoutOf(files: Files): Promise<string> {
  const { distribution, warnings } = await detect(files);
  if (distribution === undefined) return warnings[0]?.code ?? 'none';
  const modules = distribution.modules.length === 0 ? '' : ` + ${distribution.modules.join(' ')}`;
  return `${distribution.packageRoot}: ${distribution.packages.join(' ')}${modules}`;
}

describe('the packages, as each build system finds them', () => {
  const src = { 'src/my_shop/__init__.py': '' };
  const flat = { 'my_shop/__init__.py': '', 'tests/test_x.py': '', 'docs/conf.py': '' };

  test.each<readonly [string, string, Files, string]>([
    [
      'setuptools: src',
      built('setuptools.build_meta'),
      { ...src, 'src/other/x.py': '', 'src/single.py': '' },
      'src: my_shop other + single',
    ],
    ['setuptools: flat', built('setuptools.build_meta'), { ...flat, 'setup.py': '' }, '.: my_shop'],
    [
      'setuptools: a single module',
      built('setuptools.build_meta'),
      { 'my_shop.py': '', 'tests/x.py': '' },
      '.:  + my_shop',
    ],
    [
      'setuptools: several packages, none named',
      built('setuptools.build_meta'),
      { ...flat, 'second/x.py': '' },
      'PROJECT_LAYOUT_UNKNOWN',
    ],
    [
      'setuptools: a list',
      built(
        'setuptools.build_meta',
        '[tool.setuptools]\npackages = ["my_shop", "my_shop.sub"]\npy-modules = ["one"]\n',
      ),
      { ...flat, 'my_shop/sub/x.py': '', 'one.py': '' },
      '.: my_shop + one',
    ],
    [
      'setuptools: package-dir',
      built('setuptools.build_meta', '[tool.setuptools]\npackage-dir = {"" = "lib"}\n'),
      { 'lib/my_shop/__init__.py': '' },
      'lib: my_shop',
    ],
    [
      'setuptools: find',
      built(
        'setuptools.build_meta',
        '[tool.setuptools.packages.find]\nwhere = ["code"]\ninclude = ["my_*"]\nexclude = ["my_tests*"]\n',
      ),
      { 'code/my_shop/__init__.py': '', 'code/my_tests/__init__.py': '', 'code/other/__init__.py': '' },
      'code: my_shop',
    ],
    ['no backend named is setuptools', `${head}[build-system]\nrequires = ["setuptools"]\n`, src, 'src: my_shop'],
    ['hatchling: src', built('hatchling.build'), { ...src, 'src/other/x.py': '' }, 'src: my_shop'],
    ['hatchling: flat', built('hatchling.build'), flat, '.: my_shop'],
    [
      'hatchling: packages',
      built('hatchling.build', '[tool.hatch.build.targets.wheel]\npackages = ["src/foo", "src/bar"]\n'),
      { 'src/foo/x.py': '', 'src/bar/x.py': '' },
      'src: bar foo',
    ],
    [
      'hatchling: another name and nothing said',
      built('hatchling.build'),
      { 'app/__init__.py': '' },
      'PROJECT_LAYOUT_UNKNOWN',
    ],
    ['poetry: found by name', built('poetry.core.masonry.api'), flat, '.: my_shop'],
    [
      'poetry: packages from a folder',
      built('poetry.core.masonry.api', '[tool.poetry]\npackages = [{include = "foo", from = "lib"}]\n'),
      { 'lib/foo/x.py': '' },
      'lib: foo',
    ],
    ['flit: module', built('flit_core.buildapi', '[tool.flit.module]\nname = "foo"\n'), { 'foo.py': '' }, '.:  + foo'],
    ['flit: src', built('flit_core.buildapi'), src, 'src: my_shop'],
    ['uv: src', built('uv_build'), src, 'src: my_shop'],
    [
      'uv: flat and another name',
      built('uv_build', '[tool.uv.build-backend]\nmodule-root = ""\nmodule-name = "foo"\n'),
      { 'foo/__init__.py': '' },
      '.: foo',
    ],
    ['pdm: src', built('pdm.backend'), src, 'src: my_shop'],
    ['maturin compiles', built('maturin'), src, 'PROJECT_NEEDS_COMPILER'],
    [
      'Cython compiles',
      `${head}[build-system]\nrequires = ["setuptools", "Cython>=3"]\n`,
      { ...src, 'src/my_shop/fast.pyx': '' },
      'PROJECT_NEEDS_COMPILER',
    ],
    ['no build system', head, src, 'none'],
    ['uv is told that it is no package', `${built('hatchling.build')}[tool.uv]\npackage = false\n`, src, 'none'],
    [
      'poetry is told that it is no package',
      built('poetry.core.masonry.api', '[tool.poetry]\npackage-mode = false\n'),
      src,
      'none',
    ],
  ])('%s', async (_title, manifest, files, expected) => {
    expect(await layoutOf({ 'pyproject.toml': manifest, ...files })).toBe(expected);
  });

  test.each(['../../etc', 'a/b', 'a b', ''])('the name %o never becomes a path', async (name) => {
    const manifest = built('hatchling.build', '[tool.hatch.build.targets.wheel]\npackages = ["src/my_shop"]\n').replace(
      '"my-shop"',
      JSON.stringify(name),
    );
    await expect(detect({ 'pyproject.toml': manifest, ...src })).rejects.toMatchObject({
      code: 'PACKAGE_NAME_INVALID',
    });
  });
});

describe('a version that the build system makes', () => {
  const dynamic = (backend: string, rest: string): string =>
    `[project]\nname = "my-shop"\ndynamic = ["version"]\n[build-system]\nrequires = []\nbuild-backend = "${backend}"\n${rest}`;
  const src = { 'src/my_shop/__init__.py': '"""Shop."""\n__version__: str = "2.1"\n' };

  test.each<readonly [string, string, Files, string]>([
    [
      'setuptools attr',
      dynamic('setuptools.build_meta', '[tool.setuptools.dynamic]\nversion = {attr = "my_shop.__version__"}\n'),
      src,
      '2.1',
    ],
    [
      'setuptools attr of a tuple',
      dynamic('setuptools.build_meta', '[tool.setuptools.dynamic]\nversion = {attr = "my_shop.about.VERSION"}\n'),
      { ...src, 'src/my_shop/about.py': 'VERSION = (3, 1, 4)\n' },
      '3.1.4',
    ],
    [
      'setuptools file',
      dynamic('setuptools.build_meta', '[tool.setuptools.dynamic]\nversion = {file = "VERSION"}\n'),
      { ...src, VERSION: '4.0\n' },
      '4.0',
    ],
    ['hatch path', dynamic('hatchling.build', '[tool.hatch.version]\npath = "src/my_shop/__init__.py"\n'), src, '2.1'],
    [
      'hatch pattern',
      dynamic('hatchling.build', '[tool.hatch.version]\npath = "v.txt"\npattern = "release (?P<version>[0-9.]+)"\n'),
      { ...src, 'v.txt': 'release 5.5\n' },
      '5.5',
    ],
    ['flit', dynamic('flit_core.buildapi', ''), src, '2.1'],
    [
      'pdm',
      dynamic('pdm.backend', '[tool.pdm.version]\nsource = "file"\npath = "src/my_shop/__init__.py"\n'),
      src,
      '2.1',
    ],
  ])('%s', async (_title, manifest, files, expected) => {
    expect((await detect({ 'pyproject.toml': manifest, ...files })).distribution?.version).toBe(expected);
  });

  test('is normal as PEP 440 has it, and what is none is refused', async () => {
    const manifest = built('hatchling.build');
    expect(
      (await detect({ 'pyproject.toml': manifest.replace('"1.0"', '"v1.0.Dev"'), ...src })).distribution?.version,
    ).toBe('1.0.dev0');
    await expect(detect({ 'pyproject.toml': manifest.replace('"1.0"', '"1/../../x"'), ...src })).rejects.toMatchObject({
      code: 'VERSION_INVALID',
    });
  });

  test('one that nothing tells is an error only where it is installed, and a setting helps', async () => {
    const manifest = dynamic('hatchling.build', '[tool.hatch.version]\nsource = "code"\npath = "none.py"\n');
    await expect(detect({ 'pyproject.toml': manifest, ...src })).rejects.toMatchObject({
      code: 'PROJECT_VERSION_DYNAMIC',
      where: 'pyproject.toml:3',
      hint: expect.stringContaining('[tool.tare] version'),
    });
    expect((await detect({ 'pyproject.toml': manifest, ...src }, { version: '7' })).distribution?.version).toBe('7');
    expect(
      (await detect({ 'pyproject.toml': `${manifest}[tool.uv]\npackage = false\n`, ...src })).version,
    ).toBeUndefined();
  });

  test.each([
    ['v1.2.3-0-gabc1234', '1.2.3'],
    ['v1.2.3-4-gabc1234', '1.2.4.dev4+gabc1234'],
    ['my-shop-2.0-1-gabc1234', '2.1.dev1+gabc1234'],
    ['3.0rc1-0-gabc1234', '3.0rc1'],
    ['3.0rc1-2-gabc1234', '3.0rc1.dev2+gabc1234'],
    ['release-candidate-2-gabc1234', undefined],
  ])('git describes %s as %s', (description, expected) => {
    expect(versionOfDescription(description)).toBe(expected);
  });

  test('a git tag is read where there is one, else 0.0.0 and a warning', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tare-version-'));
    try {
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.example', ...args], {
          cwd: root,
          stdio: 'pipe',
        });
      await writeFile(
        join(root, 'pyproject.toml'),
        dynamic('hatchling.build', '[tool.hatch.version]\nsource = "vcs"\n'),
      );
      await writeFile(join(root, 'my_shop.py'), '');
      git('init', '-q');
      git('add', '-A');
      git('commit', '-q', '-m', 'x');
      const before = await detectProject(await openProject(root));
      expect(before.distribution?.version).toBe('0.0.0');
      expect(before.warnings.map(({ code }) => code)).toEqual(['PROJECT_VERSION_UNKNOWN']);
      git('tag', 'v1.4.0');
      expect((await detectProject(await openProject(root))).distribution?.version).toBe('1.4.0');
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
