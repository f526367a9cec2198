import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DetectOptions, detectProject } from '../manifest.ts';
import { makeMemoryProject } from '../memory-project.ts';
import { convertPoetryVersion } from './poetry.ts';

const source = { 'app.py': 'x = 1\n' };
const detect = async (files: Readonly<Record<string, string>>, options: DetectOptions = {}) =>
  await detectProject(makeMemoryProject({ ...source, ...files }, '/home/me/My App'), options);
const names = (facts: { readonly dependencies: readonly { readonly value: string }[] }) =>
  facts.dependencies.map(({ value }) => value);

describe('name, version and dependencies', () => {
  const manifest = `[project]
name = "My_Shop"
version = "1.2"
dependencies = [
  "httpx>=0.27", # with a comment, ]
  'numpy ; python_version < "4"',
]
[project.optional-dependencies]
fast = ["uvloop"]
all-things = ["my-shop[fast]", "rich"]
[dependency-groups]
dev = ["pytest"]
serve = ["gunicorn", {include-group = "extra_serve"}]
extra-serve = ["uvicorn-worker"]
`;

  test('each has its file and line; extras and groups come when asked for, development groups do not', async () => {
    const facts = await detect({ 'pyproject.toml': manifest });
    expect(facts.name).toMatchObject({ value: 'my-shop', because: { file: 'pyproject.toml', line: 2 } });
    expect(facts.version).toMatchObject({ value: '1.2', because: { line: 3 } });
    expect(facts.dependencies).toMatchObject([
      { value: 'httpx>=0.27', because: { line: 5 } },
      { value: 'numpy ; python_version < "4"', because: { line: 6 } },
    ]);
    const more = await detect({ 'pyproject.toml': manifest }, { extras: ['All_Things'], groups: ['serve'] });
    expect(names(more).slice(2)).toEqual(['uvloop', 'rich', 'gunicorn', 'uvicorn-worker']);
    expect(more.dependencies.at(-1)?.because.line).toBe(14);
  });

  test('without a manifest the folder gives the name; what is configured wins', async () => {
    expect((await detect({})).name.value).toBe('my-app');
    const options = { name: 'Other.Name', version: '9' };
    const facts = await detect({ 'pyproject.toml': manifest }, options);
    expect([facts.name.value, facts.version?.value]).toEqual(['other-name', '9']);
  });

  test('Poetry: constraints, markers, extras, groups and addresses as PEP 508', async () => {
    const poetry = `[tool.poetry]
name = "shop"
version = "1.0"
[tool.poetry.dependencies]
python = "^3.11"
httpx = "^0.27.1"
uvicorn = {version = "~0.30", extras = ["standard"]}
colorama = {version = "*", platform = "win32", python = "<3.12"}
redis = {version = "5.*", optional = true}
tool = {git = "https://code.example/tool.git", tag = "v1", subdirectory = "py"}
old = [{version = "1.0", python = "<3.10"}, {version = ">=2", python = ">=3.10"}]
[tool.poetry.extras]
cache = ["redis"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
`;
    const facts = await detect({ 'pyproject.toml': poetry }, { extras: ['cache'] });
    expect(names(facts)).toEqual([
      'httpx>=0.27.1,<0.28.0',
      'uvicorn[standard]>=0.30,<0.31',
      "colorama ; python_version < '3.12' and sys_platform == 'win32'",
      'redis==5.*',
      'tool @ git+https://code.example/tool.git@v1#subdirectory=py',
      "old==1.0 ; python_version < '3.10'",
      "old>=2 ; python_version >= '3.10'",
    ]);
    expect(facts.python).toMatchObject({ specifiers: '>=3.11,<4.0', because: { line: 5 } });
    expect(names(await detect({ 'pyproject.toml': poetry }, { groups: ['dev'] }))).toContain('pytest');
    const local = poetry.replace(
      'git = "https://code.example/tool.git", tag = "v1", subdirectory = "py"',
      'path = "../tool"',
    );
    await expect(detect({ 'pyproject.toml': local })).rejects.toMatchObject({
      code: 'DEPENDENCY_NOT_CONVERTIBLE',
      where: 'pyproject.toml:10',
    });
  });

  // The tables of Poetry's documentation, "Dependency specification".
  test.each([
    ['^1.2.3', '>=1.2.3,<2.0.0'],
    ['^1.2', '>=1.2,<2.0'],
    ['^1', '>=1,<2'],
    ['^0.2.3', '>=0.2.3,<0.3.0'],
    ['^0.0.3', '>=0.0.3,<0.0.4'],
    ['^0.0', '>=0.0,<0.1'],
    ['^0', '>=0,<1'],
    ['~1.2.3', '>=1.2.3,<1.3'],
    ['~1.2', '>=1.2,<1.3'],
    ['~1', '>=1,<2'],
    ['*', ''],
    ['1.*', '==1.*'],
    ['1.2.3', '==1.2.3'],
    ['>= 1.2, != 1.3', '>=1.2,!=1.3'],
    ['>=1.2 <2', '>=1.2,<2'],
    ['^1.2 || ^2.0', '>=2.0,<3.0'],
  ])('Poetry constraint %s is %s', (constraint, expected) => {
    expect(convertPoetryVersion(constraint).replaceAll(' ', '')).toBe(expected);
  });

  test('a Pipfile is a manifest', async () => {
    const facts = await detect({
      Pipfile:
        '[packages]\nflask = "*"\nx = {version = ">=1", extras = ["a"]}\n[dev-packages]\npytest = "*"\n[requires]\npython_version = "3.12"\n',
      'Pipfile.lock': '{}',
    });
    expect(names(facts)).toEqual(['flask', 'x[a]>=1']);
    expect(facts.lock).toMatchObject({ kind: 'manifest', file: 'Pipfile' });
    expect(facts.python?.minor).toBe('3.12');
    expect(facts.warnings.map(({ code }) => code)).toEqual(['LOCK_NOT_READ']);
  });

  test('dependencies that setuptools reads from files', async () => {
    const facts = await detect(
      {
        'pyproject.toml':
          '[project]\nname = "x"\nversion = "1"\ndynamic = ["dependencies", "optional-dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {file = ["reqs.in"]}\noptional-dependencies.fast = {file = "fast.in"}\n',
        'reqs.in': '# first\nhttpx>=1 # why\n\nrich\n',
        'fast.in': 'uvloop\n',
      },
      { extras: ['fast'] },
    );
    expect(facts.dependencies).toMatchObject([
      { value: 'httpx>=1', because: { file: 'reqs.in', line: 2 } },
      { value: 'rich' },
      { value: 'uvloop' },
    ]);
    expect(facts.lock.kind).toBe('manifest');
  });
});

describe('the lock', () => {
  const project = '[project]\nname = "x"\nversion = "1"\ndependencies = ["a"]\n';

  test.each<readonly [Readonly<Record<string, string>>, string, string | undefined]>([
    [{ 'uv.lock': '', 'pylock.toml': '', 'requirements.txt': '', 'pyproject.toml': project }, 'uv', 'uv.lock'],
    [{ 'pylock.toml': '', 'requirements.txt': '' }, 'pylock', 'pylock.toml'],
    [{ 'pylock.prod.toml': '', 'requirements.txt': '' }, 'pylock', 'pylock.prod.toml'],
    [{ 'requirements.txt': '', 'pyproject.toml': project }, 'requirements', 'requirements.txt'],
    [
      { 'requirements/base.txt': '', 'requirements/production.txt': '', 'requirements/dev.txt': '' },
      'requirements',
      'requirements/production.txt',
    ],
    [{ 'requirements/dev.txt': '' }, 'none', undefined],
    [{ 'poetry.lock': '', 'pyproject.toml': project }, 'manifest', 'pyproject.toml'],
    [{}, 'none', undefined],
  ])('of %o is %s', async (files, kind, file) => {
    const { lock } = await detect(files);
    expect([lock.kind, lock.file]).toEqual([kind, file]);
  });
});

describe('the wanted Python', () => {
  const requires = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11,<3.14"\n';

  test.each<readonly [Readonly<Record<string, string>>, string | undefined, unknown]>([
    [{ '.python-version': '3.13\n', 'pyproject.toml': requires }, '3.12', { minor: '3.12', specifiers: '==3.12.*' }],
    [
      { '.python-version': '# c\ncpython-3.13.2\n3.11\n', 'pyproject.toml': requires },
      undefined,
      { minor: '3.13', exact: '3.13.2', because: { file: '.python-version', line: 2 } },
    ],
    [
      { 'pyproject.toml': requires },
      undefined,
      { specifiers: '>=3.11,<3.14', because: { file: 'pyproject.toml', line: 4 } },
    ],
    [{ 'pyproject.toml': requires.replace('>=3.11,<3.14', '==3.12.*') }, undefined, { minor: '3.12' }],
    [{ 'pyproject.toml': requires.replace('>=3.11,<3.14', '~=3.11') }, undefined, { specifiers: '~=3.11' }],
    [{ 'runtime.txt': 'python-3.11.4\n' }, undefined, { minor: '3.11', exact: '3.11.4' }],
    [{ '.python-version': '3.13t\n' }, undefined, { minor: '3.13', isFreeThreaded: true, specifiers: '==3.13.*' }],
    [{ '.python-version': '3.14.0\n' }, '3.13.1t', { minor: '3.13', exact: '3.13.1', isFreeThreaded: true }],
    [{ '.python-version': 'system\n', 'runtime.txt': 'python-3.11\n' }, undefined, { minor: '3.11' }],
  ])('of %o with %s', async (files, python, expected) => {
    expect((await detect(files, python === undefined ? {} : { python })).python).toMatchObject(expected as object);
  });

  test('nothing is said where nothing says it', async () => {
    expect((await detect({})).python).toBeUndefined();
  });
});

describe('refusals', () => {
  const bare = '[project]\nname = "x"\nversion = "1"\n';

  test.each<readonly [string, string, DetectOptions, string, string | undefined]>([
    ['broken TOML', '[project]\nname = \n', {}, 'TOML_INVALID', 'pyproject.toml:2:8'],
    ['a key twice', '[project]\nname = "x"\nname = "y"\n', {}, 'TOML_INVALID', undefined],
    ['a name that is a number', '[project]\nname = 1\n', {}, 'MANIFEST_INVALID', 'pyproject.toml:2'],
    [
      'a dependency that is a table',
      `${bare}dependencies = [\n"a",\n{}]\n`,
      {},
      'MANIFEST_INVALID',
      'pyproject.toml:6',
    ],
    ['dependencies that are a text', `${bare}dependencies = "a"\n`, {}, 'MANIFEST_INVALID', 'pyproject.toml:4'],
    ['an unknown extra', bare, { extras: ['none'] }, 'EXTRA_UNKNOWN', 'pyproject.toml'],
    ['an unknown group', bare, { groups: ['none'] }, 'GROUP_UNKNOWN', 'pyproject.toml'],
    [
      'groups in a circle',
      `${bare}[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n`,
      { groups: ['a'] },
      'MANIFEST_INVALID',
      'pyproject.toml',
    ],
  ])('%s', async (_title, text, options, code, where) => {
    await expect(detect({ 'pyproject.toml': text }, options)).rejects.toMatchObject(
      where === undefined ? { code } : { code, where },
    );
  });

  test('a folder without Python says what was looked for', async () => {
    await expect(detectProject(makeMemoryProject({ 'index.html': '' }))).rejects.toMatchObject({
      code: 'PROJECT_NOT_FOUND',
      expected: expect.stringContaining('requirements.txt'),
    });
  });

  test('any TOML gives facts or a TareError', async () => {
    const value = fc.oneof(
      fc.constantFrom('1', '"x"', '[]', '{}', '["a"]', '[{}]', 'true', '{a = 1}', '{file = "x"}', '[1, "b"]'),
      fc.string({ maxLength: 4 }),
    );
    const key = fc.constantFrom(
      'project.name',
      'project.version',
      'project.dependencies',
      'project.dynamic',
      'project.scripts',
      'project.optional-dependencies',
      'dependency-groups',
      'dependency-groups.dev',
      'build-system',
      'build-system.requires',
      'build-system.build-backend',
      'tool.poetry',
      'tool.poetry.dependencies',
      'tool.poetry.packages',
      'tool.poetry.extras',
      'tool.setuptools.packages',
      'tool.setuptools.package-dir',
      'tool.setuptools.dynamic',
      'tool.hatch.build.targets.wheel',
      'tool.hatch.version',
      'tool.uv',
      'tool.uv.package',
      'tool.fastapi.entrypoint',
      'tool.tare',
    );
    const line = fc.tuple(key, value).map(([left, right]) => `${left} = ${right}\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (lines) => {
        const outcome = await detect({ 'pyproject.toml': lines.join('') }).then(
          () => 'facts',
          (error: unknown) => (error instanceof Error ? error.name : 'other'),
        );
        expect(['facts', 'TareError']).toContain(outcome);
      }),
      { numRuns: 300 },
    );
  });
});
