import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { markerEnvironment } from './marker.ts';
import { parsePylock, selectFromPylock } from './pylock.ts';

const hex = (digit: string): string => digit.repeat(64);
const wheel = (name: string, digit = 'a'): string =>
  `{ name = "${name}-py3-none-any.whl", url = "https://index.example/${name}-py3-none-any.whl", size = 10, hashes = { sha256 = "${hex(digit)}" } }`;

const head = 'lock-version = "1.0"\ncreated-by = "test"\n';
const sample = `${head}requires-python = ">=3.11"
environments = ["sys_platform == 'linux'"]
extras = ["fast"]
dependency-groups = ["dev", "main"]
default-groups = ["main"]

[[packages]]
name = "Zope.Interface"
version = "7.0"
index = "https://index.example/simple"
sdist = { name = "zope.interface-7.0.tar.gz", url = "https://index.example/zope.interface-7.0.tar.gz", hashes = { sha256 = "${hex('b')}" } }
wheels = [${wheel('zope_interface-7.0')}]

[[packages]]
name = "speed"
version = "1"
marker = "'fast' in extras"
wheels = [${wheel('speed-1')}]

[[packages]]
name = "tool"
version = "2"
marker = "'dev' in dependency_groups and python_version >= '3.12'"
wheels = [${wheel('tool-2')}]

[[packages]]
name = "core"
version = "3"
marker = "'main' in dependency_groups"
archive = { path = "wheels/core-3-py3-none-any.whl", hashes = { sha256 = "${hex('c')}" } }

[[packages]]
name = "repo"
vcs = { type = "git", url = "https://git.example/repo.git", commit-id = "abc", subdirectory = "x" }

[[packages]]
name = "here"
directory = { path = "libs/here", editable = true }
`;

const environment = markerEnvironment({ python: '3.13', architecture: 'x86_64' });

function chosen(text: string, extras: string[] = [], groups?: string[]): string[] {
  const selection = { environment, extras, ...(groups === undefined ? {} : { groups }) };
  return selectFromPylock(parsePylock(text, 'pylock.toml'), selection).map(({ name, version }) => `${name} ${version}`);
}

describe('pylock.toml', () => {
  test('extras and groups choose; default groups where none are named', () => {
    expect(chosen(sample)).toEqual(['core 3', 'here ', 'repo ', 'zope-interface 7.0']);
    expect(chosen(sample, ['Fast'], ['dev'])).toEqual(['here ', 'repo ', 'speed 1', 'tool 2', 'zope-interface 7.0']);
  });

  test('files, sources, index and place of an entry', () => {
    const found = selectFromPylock(parsePylock(sample, 'pylock.toml'), { environment, extras: [] });
    expect(found).toMatchObject([
      {
        source: { kind: 'path', path: 'wheels/core-3-py3-none-any.whl' },
        files: [{ filename: 'core-3-py3-none-any.whl', kind: 'wheel' }],
      },
      { source: { kind: 'directory', path: 'libs/here', editable: true }, files: [] },
      { source: { kind: 'git', url: 'https://git.example/repo.git', commit: 'abc', subdirectory: 'x' } },
      {
        index: 'https://index.example/simple',
        because: { file: 'pylock.toml', line: 9 },
        hashes: [`sha256:${hex('a')}`, `sha256:${hex('b')}`],
        files: [
          { filename: 'zope_interface-7.0-py3-none-any.whl', size: 10, kind: 'wheel', sha256: `sha256:${hex('a')}` },
          { filename: 'zope.interface-7.0.tar.gz', kind: 'sdist' },
        ],
      },
    ]);
  });

  test('a local file may lack a hash, as uv writes those of find-links', () => {
    const text = `${head}[[packages]]\nname = "a"\nversion = "1"\nwheels = [{ url = "file:///w/a-1-py3-none-any.whl", hashes = {} }]`;
    const [found] = selectFromPylock(parsePylock(text, 'pylock.toml'), { environment, extras: [] });
    expect(found).toMatchObject({
      hashes: [],
      files: [{ filename: 'a-1-py3-none-any.whl', url: 'file:///w/a-1-py3-none-any.whl' }],
    });
  });

  test.each([
    ['lock-version = ', 'TOML_INVALID'],
    ['', 'LOCK_VERSION_UNKNOWN'],
    ['lock-version = "2.0"', 'LOCK_VERSION_UNKNOWN'],
    ['lock-version = 1', 'LOCK_VERSION_UNKNOWN'],
    [`${head}packages = 3`, 'LOCK_INVALID'],
    [`${head}[[packages]]\nversion = "1"`, 'LOCK_INVALID'],
    [`${head}[[packages]]\nname = "a"`, 'LOCK_INVALID'],
    [`${head}[[packages]]\nname = "a b"\nwheels = [${wheel('a-1')}]`, 'PACKAGE_NAME_INVALID'],
    [`${head}[[packages]]\nname = "a"\nwheels = [${wheel('a-1')}]\ndirectory = { path = "." }`, 'LOCK_INVALID'],
    [
      `${head}[[packages]]\nname = "a"\nwheels = [{ name = "../a-1-py3-none-any.whl", hashes = { sha256 = "${hex('a')}" } }]`,
      'LOCK_INVALID',
    ],
    [
      `${head}[[packages]]\nname = "a"\nwheels = [{ name = "a-1-py3-none-any.whl", hashes = { md5 = "1" } }]`,
      'LOCK_HASH_MISSING',
    ],
    [
      `${head}[[packages]]\nname = "a"\nwheels = [{ name = "a-1-py3-none-any.whl", hashes = { sha256 = "1" } }]`,
      'DIGEST_INVALID',
    ],
    [`${head}[[packages]]\nname = "a"\nmarker = "x"\nwheels = [${wheel('a-1')}]`, 'MARKER_INVALID'],
  ])('%j: %s', (text, code) => {
    expect(() => parsePylock(text, 'pylock.toml')).toThrowError(
      expect.objectContaining({ code, where: expect.stringContaining('pylock.toml') }),
    );
  });

  test('malformed TOML names line and column', () => {
    expect(() => parsePylock('lock-version = "1.0"\na = [1,\n', 'pylock.toml')).toThrowError(
      expect.objectContaining({ code: 'TOML_INVALID', where: expect.stringMatching(/^pylock\.toml:\d+:\d+$/) }),
    );
  });

  test('what the lock does not serve is refused', () => {
    const lock = parsePylock(sample, 'pylock.toml');
    const select = (change: Partial<Parameters<typeof selectFromPylock>[1]>) => () =>
      selectFromPylock(lock, { environment, extras: [], ...change });
    expect(select({ extras: ['slow'] })).toThrowError(
      expect.objectContaining({ code: 'LOCK_EXTRA_UNKNOWN', expected: 'one of fast' }),
    );
    expect(select({ groups: ['docs'] })).toThrowError(expect.objectContaining({ code: 'LOCK_GROUP_UNKNOWN' }));
    expect(select({ environment: markerEnvironment({ python: '3.10', architecture: 'x86_64' }) })).toThrowError(
      expect.objectContaining({ code: 'LOCK_PYTHON_MISMATCH' }),
    );
    expect(select({ environment: { ...environment, sys_platform: 'darwin' } })).toThrowError(
      expect.objectContaining({ code: 'LOCK_ENVIRONMENT_MISSING' }),
    );
    const twice = parsePylock(
      `${head}[[packages]]\nname = "a"\nwheels = [${wheel('a-1')}]\n[[packages]]\nname = "A"\nwheels = [${wheel('a-2')}]`,
      'pylock.toml',
    );
    expect(() => selectFromPylock(twice, { environment, extras: [] })).toThrowError(
      expect.objectContaining({ code: 'LOCK_INVALID', where: 'pylock.toml:6' }),
    );
  });

  test('a torn or changed file: a lock, or an error of the family', () => {
    fc.assert(
      fc.property(fc.nat(sample.length), fc.nat(40), fc.string({ maxLength: 10 }), (at, cut, put) => {
        try {
          selectFromPylock(parsePylock(sample.slice(0, at) + put + sample.slice(at + cut), 'pylock.toml'), {
            environment,
            extras: [],
          });
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
