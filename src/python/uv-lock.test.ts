import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { markerEnvironment } from './marker.ts';
import { parseUvLock, selectFromUvLock, type UvLockSelection } from './uv-lock.ts';

const hex = (digit: string): string => digit.repeat(64);

function entry(name: string, version: string, more = ''): string {
  return `
[[package]]
name = "${name}"
version = "${version}"
source = { registry = "https://index.example/simple" }
${more}
sdist = { url = "https://index.example/${name}-${version}.tar.gz", hash = "sha256:${hex('b')}", size = 3 }
wheels = [{ url = "https://index.example/${name}-${version}-py3-none-any.whl", hash = "sha256:${hex('a')}", size = 5 }]
`;
}

const sample = `version = 1
revision = 3
requires-python = ">=3.11"
resolution-markers = ["python_full_version >= '3.13'", "python_full_version < '3.13'"]
conflicts = [[{ package = "app", extra = "cpu" }, { package = "app", extra = "gpu" }]]

[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "web", extra = ["standard"] },
    { name = "windows", marker = "sys_platform == 'win32'" },
    { name = "forked", version = "1.0", source = { registry = "https://index.example/simple" }, marker = "python_full_version < '3.13'" },
    { name = "forked", version = "2.0", source = { registry = "https://index.example/simple" }, marker = "python_full_version >= '3.13'" },
    { name = "torch", version = "2.0", source = { registry = "https://index.example/simple" }, marker = "extra == 'extra-3-app-gpu'" },
    { name = "torch", version = "2.0+cpu", source = { registry = "https://index.example/simple" }, marker = "extra == 'extra-3-app-cpu'" },
    { name = "member" },
]

[package.optional-dependencies]
cpu = [{ name = "numbers" }]
gpu = [{ name = "numbers" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]
lint = [{ name = "ruff" }]

[package.metadata]
requires-dist = [
    { name = "forked", specifier = ">=1" },
    { name = "member", editable = "libs/member" },
    { name = "numbers", marker = "extra == 'cpu'" },
    { name = "numbers", marker = "extra == 'gpu'" },
    { name = "torch", specifier = ">=2" },
    { name = "web", extras = ["standard"], specifier = ">=1" },
    { name = "windows", marker = "sys_platform == 'win32'" },
]
provides-extras = ["cpu", "gpu"]

[package.metadata.requires-dev]
dev = [{ name = "pytest", specifier = ">=8" }]
lint = [{ name = "ruff" }]
${entry('web', '1.5', 'dependencies = [{ name = "cycle" }]\noptional-dependencies = { standard = [{ name = "fast" }], all = [{ name = "never" }] }')}
${entry('cycle', '1', 'dependencies = [{ name = "web" }]')}
${entry('fast', '1')}
${entry('never', '1')}
${entry('windows', '1')}
${entry('forked', '1.0', 'resolution-markers = ["python_full_version < \'3.13\'"]')}
${entry('forked', '2.0', 'resolution-markers = ["python_full_version >= \'3.13\'"]')}
${entry('torch', '2.0')}
${entry('torch', '2.0+cpu')}
${entry('numbers', '1')}
${entry('pytest', '8', 'dependencies = [{ name = "forked" }]')}
${entry('ruff', '1')}

[[package]]
name = "member"
source = { editable = "libs/member" }
dependencies = [{ name = "from-git" }, { name = "from-url" }, { name = "from-path" }, { name = "from-folder" }]

[[package]]
name = "from-git"
version = "1"
source = { git = "https://git.example/x.git?subdirectory=y&rev=main#0123abc" }

[[package]]
name = "from-url"
version = "1"
source = { url = "https://files.example/from_url-1-py3-none-any.whl" }
wheels = [{ url = "https://files.example/from_url-1-py3-none-any.whl", hash = "sha256:${hex('c')}" }]

[[package]]
name = "from-path"
version = "1"
source = { path = "wheels/from_path-1-py3-none-any.whl" }
wheels = [{ filename = "from_path-1-py3-none-any.whl", hash = "sha256:${hex('d')}" }]

[[package]]
name = "from-folder"
version = "1"
source = { registry = "wheels" }
wheels = [{ path = "from_folder-1-py3-none-any.whl" }]
`;

const environment = markerEnvironment({ python: '3.13', architecture: 'x86_64' });
const lock = parseUvLock(sample, 'uv.lock');

function select(change: Partial<UvLockSelection> = {}): string[] {
  return selectFromUvLock(lock, { environment, extras: [], groups: [], ...change }).map(
    ({ name, version }) => `${name} ${version}`,
  );
}

const core = [
  'cycle 1',
  'fast 1',
  'forked 2.0',
  'from-folder 1',
  'from-git 1',
  'from-path 1',
  'from-url 1',
  'member ',
  'web 1.5',
];

describe('selectFromUvLock', () => {
  test('walks from the project through markers, extras and cycles, and leaves the project itself out', () => {
    expect(select()).toEqual(core);
  });

  test('forks by Python, also where a dependency names no version', () => {
    const older = markerEnvironment({ python: '3.12', architecture: 'x86_64' });
    expect(select({ environment: older, groups: ['dev'] })).toContain('forked 1.0');
    expect(select({ groups: ['dev'] })).toContain('forked 2.0');
  });

  test('development groups only when asked for', () => {
    expect(select({ includeDev: true })).toEqual([...core, 'pytest 8'].sort());
    expect(select({ groups: ['Lint'] })).toEqual([...core, 'ruff 1'].sort());
  });

  test('extras that exclude each other choose their own version', () => {
    expect(select({ extras: ['cpu'] })).toEqual([...core, 'numbers 1', 'torch 2.0+cpu'].sort());
    expect(select({ extras: ['GPU'] })).toEqual([...core, 'numbers 1', 'torch 2.0'].sort());
    expect(() => select({ extras: ['cpu', 'gpu'] })).toThrowError(
      expect.objectContaining({ code: 'LOCK_CONFLICT', message: expect.stringContaining('`cpu` and extra `gpu`') }),
    );
  });

  test('sources, files and place', () => {
    const found = new Map(
      selectFromUvLock(lock, { environment, extras: [], groups: [] }).map((each) => [String(each.name), each]),
    );
    expect(found.get('from-git')?.source).toEqual({
      kind: 'git',
      url: 'https://git.example/x.git',
      commit: '0123abc',
      subdirectory: 'y',
    });
    expect(found.get('from-url')).toMatchObject({
      source: { kind: 'url' },
      files: [{ filename: 'from_url-1-py3-none-any.whl' }],
    });
    expect(found.get('from-path')).toMatchObject({
      source: { kind: 'path' },
      files: [{ path: 'wheels/from_path-1-py3-none-any.whl' }],
    });
    expect(found.get('from-folder')).toMatchObject({
      files: [{ path: 'wheels/from_folder-1-py3-none-any.whl' }],
      hashes: [],
    });
    expect(found.get('member')?.source).toEqual({ kind: 'directory', path: 'libs/member', editable: true });
    expect(found.get('web')).toMatchObject({
      extras: ['standard'],
      index: 'https://index.example/simple',
      because: {
        file: 'uv.lock',
        line: sample.slice(0, sample.indexOf('name = "web"\nversion')).split('\n').length - 1,
      },
      files: [
        {
          filename: 'web-1.5-py3-none-any.whl',
          sha256: `sha256:${hex('a')}`,
          size: 5,
          kind: 'wheel',
          url: 'https://index.example/web-1.5-py3-none-any.whl',
        },
        { filename: 'web-1.5.tar.gz', kind: 'sdist' },
      ],
    });
  });

  test.each([
    [{ extras: ['nope'] }, 'LOCK_EXTRA_UNKNOWN'],
    [{ groups: ['nope'] }, 'LOCK_GROUP_UNKNOWN'],
    [{ root: 'web' }, 'LOCK_ROOT_UNKNOWN'],
    [{ environment: markerEnvironment({ python: '3.10', architecture: 'x86_64' }) }, 'LOCK_PYTHON_MISMATCH'],
  ] satisfies [Partial<UvLockSelection>, string][])('%j: %s', (change, code) => {
    expect(() => select(change)).toThrowError(expect.objectContaining({ code, where: 'uv.lock' }));
  });

  test('a virtual root, another member as root, and a lock without a project', () => {
    expect(select({ root: 'member' })).toEqual(['from-folder 1', 'from-git 1', 'from-path 1', 'from-url 1']);
    const script = parseUvLock(
      `version = 1\n[manifest]\nrequirements = [{ name = "fast" }]\n${entry('fast', '1')}`,
      'x.lock',
    );
    expect(selectFromUvLock(script, { environment, extras: [], groups: [] })).toMatchObject([{ name: 'fast' }]);
    const virtual = parseUvLock(
      `version = 1\n[[package]]\nname = "app"\nsource = { virtual = "." }\ndependencies = [{ name = "fast" }]\n${entry('fast', '1')}`,
      'uv.lock',
    );
    expect(selectFromUvLock(virtual, { environment, extras: [], groups: [] })).toMatchObject([{ name: 'fast' }]);
    const members = parseUvLock(
      'version = 1\n[[package]]\nname = "a"\nsource = { editable = "a" }\n[[package]]\nname = "b"\nsource = { virtual = "b" }',
      'uv.lock',
    );
    expect(() => selectFromUvLock(members, { environment, extras: [], groups: [] })).toThrowError(
      expect.objectContaining({ code: 'LOCK_ROOT_UNKNOWN', expected: 'one of a, b' }),
    );
  });
});

describe('parseUvLock', () => {
  const app = 'version = 1\n[[package]]\nname = "app"\nsource = { virtual = "." }\n';
  test.each([
    ['version = 2', 'LOCK_VERSION_UNKNOWN'],
    ['', 'LOCK_VERSION_UNKNOWN'],
    ['version = 1\npackage = 1', 'LOCK_INVALID'],
    ['version = 1\n[[package]]\nname = "a"', 'LOCK_INVALID'],
    [`version = 1\na = ${'['.repeat(5000)}`, 'TOML_INVALID'],
    ['version = 1\n"__proto__" = 1', 'TOML_INVALID'],
    [`${app}dependencies = [{ name = "gone" }]`, 'LOCK_INVALID'],
    [`${app}dependencies = [{ name = "x", marker = "bad" }]`, 'MARKER_INVALID'],
    [
      `${app}dependencies = [{ name = "x" }]\n[[package]]\nname = "x"\nsource = { carrier-pigeon = "y" }`,
      'LOCK_INVALID',
    ],
    [
      `${app}dependencies = [{ name = "x" }]\n[[package]]\nname = "x"\nsource = { registry = "https://h.example" }\nwheels = [{ url = "https://h.example/x-1-py3-none-any.whl", hash = "md5:1" }]`,
      'LOCK_HASH_MISSING',
    ],
    [`${app}dependencies = [{ name = "x" }]\n${entry('x', '1')}${entry('x', '2')}`, 'LOCK_INVALID'],
    [
      `${app}dependencies = [{ name = "x", version = "1" }, { name = "x", version = "2" }]\n${entry('x', '1')}${entry('x', '2')}`,
      'LOCK_CONFLICT',
    ],
  ])('%j: %s', (text, code) => {
    expect(() => selectFromUvLock(parseUvLock(text, 'uv.lock'), { environment, extras: [], groups: [] })).toThrowError(
      expect.objectContaining({ code }),
    );
  });

  test('a torn or changed file: a lock, or an error of the family', () => {
    fc.assert(
      fc.property(fc.nat(sample.length), fc.nat(60), fc.string({ maxLength: 10 }), (at, cut, put) => {
        try {
          selectFromUvLock(parseUvLock(sample.slice(0, at) + put + sample.slice(at + cut), 'uv.lock'), {
            environment,
            extras: ['cpu'],
            groups: ['dev'],
          });
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
      { numRuns: 200 },
    );
  });
});
