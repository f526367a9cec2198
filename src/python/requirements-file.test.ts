import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { markerEnvironment } from './marker.ts';
import { renderRequirement } from './requirement.ts';
import { isPinnedAndHashed, type RequirementsFile, readRequirementsFile } from './requirements-file.ts';

const hash = (digit: string): string => `sha256:${digit.repeat(64)}`;
const environment = markerEnvironment({ python: '3.13', architecture: 'x86_64' });

async function read(
  files: Readonly<Record<string, string>> | string,
  env: Record<string, string> = {},
): Promise<RequirementsFile> {
  const all: Readonly<Record<string, string>> = typeof files === 'string' ? { 'requirements.txt': files } : files;
  return readRequirementsFile(async (path) => all[path], 'requirements.txt', env);
}

function shown(file: RequirementsFile): string[] {
  return file.requirements.map(({ requirement, location, because }) => {
    const text = requirement === undefined ? location : renderRequirement(requirement);
    return `${because.file}:${because.line} ${text}`;
  });
}

describe('readRequirementsFile', () => {
  test('comments, continuations, markers, extras and addresses', async () => {
    const file = await read(
      [
        '\uFEFF# a comment',
        'fastapi[standard]==0.115.0 \\',
        `    --hash=${hash('a')} \\`,
        `    --hash ${hash('b')}  # why`,
        '',
        "tomli>=2 ; python_version < '3.11'  # old",
        'name @ https://files.example/name-1.0-py3-none-any.whl#sha256=0',
        'https://files.example/x/other-2.0-py3-none-any.whl',
        'git+https://git.example/a.git@main#egg=Some_Thing',
        './vendor/local-1.0-py3-none-any.whl',
        'wheels/with_extra-1.0-py3-none-any.whl[fast] ; os_name == "posix"',
        './folder',
        'held \\',
        '# ends it',
        'last',
      ].join('\r\n'),
    );
    expect(shown(file)).toEqual([
      'requirements.txt:2 fastapi[standard]==0.115.0',
      "requirements.txt:6 tomli>=2 ; python_version < '3.11'",
      'requirements.txt:7 name @ https://files.example/name-1.0-py3-none-any.whl#sha256=0',
      'requirements.txt:8 other @ https://files.example/x/other-2.0-py3-none-any.whl',
      'requirements.txt:9 some-thing @ git+https://git.example/a.git@main#egg=Some_Thing',
      'requirements.txt:10 local @ ./vendor/local-1.0-py3-none-any.whl',
      "requirements.txt:11 with-extra[fast] @ wheels/with_extra-1.0-py3-none-any.whl ; os_name == 'posix'",
      'requirements.txt:12 ./folder',
      'requirements.txt:13 held',
      'requirements.txt:15 last',
    ]);
    expect(file.requirements[0]?.hashes).toEqual([hash('a'), hash('b')]);
  });

  test('includes are relative to the including file, constraints stay apart', async () => {
    const file = await read({
      'requirements.txt': '-r requirements/base.txt\n--constraint=constraints.txt\n-c ../outside.txt\na',
      'requirements/base.txt': '-r deeper/more.txt\nb',
      'requirements/deeper/more.txt': 'c\n-r../last.txt',
      'requirements/last.txt': 'd',
      'constraints.txt': 'a<2',
      '../outside.txt': 'b<3',
    });
    expect(shown(file)).toEqual([
      'requirements/deeper/more.txt:1 c',
      'requirements/last.txt:1 d',
      'requirements/base.txt:2 b',
      'requirements.txt:4 a',
    ]);
    expect(file.constraints.map(({ text }) => text)).toEqual(['a<2', 'b<3']);
    expect(file.files).toEqual([
      'requirements.txt',
      'requirements/base.txt',
      'requirements/deeper/more.txt',
      'requirements/last.txt',
      'constraints.txt',
      '../outside.txt',
    ]);
  });

  test('options, with variables put in but not shown', async () => {
    const file = await read(
      {
        'requirements.txt':
          '-r sub/x.txt\n-i https://${USER}:${TOKEN}@index.example/simple\n--extra-index-url "https://b.example/simple/"\n--no-index\n--pre\n--require-hashes\n--no-binary a,b\n--only-binary=:all:\n--trusted-host b.example\n--prefer-binary\n${MISSING}',
        'sub/x.txt': '-f wheels\n--find-links https://links.example/',
      },
      { USER: 'me', TOKEN: 's3cret', MISSING: 'found' },
    );
    expect(file.options).toEqual({
      indexUrl: 'https://me:s3cret@index.example/simple',
      extraIndexUrls: ['https://b.example/simple/'],
      findLinks: ['sub/wheels', 'https://links.example/'],
      noIndex: true,
      noBinary: ['a', 'b'],
      onlyBinary: [':all:'],
      pre: true,
      preferBinary: true,
      requireHashes: true,
      trustedHosts: ['b.example'],
    });
    expect(file.requirements.map(({ text }) => text)).toEqual(['${MISSING}']);
    expect(file.requirements[0]?.requirement?.name).toBe('found');
  });

  test('editable folders and repositories', async () => {
    const file = await read('-e .\n--editable=./lib[a]\n-e git+https://git.example/x.git#egg=x');
    expect(file.requirements.map(({ editable, location }) => [editable, location])).toEqual([
      [true, '.'],
      [true, './lib'],
      [true, 'git+https://git.example/x.git#egg=x'],
    ]);
  });

  test.each([
    ['-r requirements.txt', 'REQUIREMENTS_CYCLE', 'requirements.txt:1'],
    ['\n-r gone.txt', 'REQUIREMENTS_MISSING', 'requirements.txt:2'],
    ['-r https://x.example/r.txt', 'REQUIREMENTS_REMOTE', 'requirements.txt:1'],
    ['\n\n--nonsense', 'REQUIREMENTS_OPTION_UNKNOWN', 'requirements.txt:3'],
    ['a -q', 'REQUIREMENTS_OPTION_UNKNOWN', 'requirements.txt:1'],
    ['--index-url', 'REQUIREMENTS_OPTION_UNKNOWN', 'requirements.txt:1'],
    ['a==1 --hash=sha256:12', 'REQUIREMENTS_HASH_INVALID', 'requirements.txt:1'],
    ['a==1 --hash=md5:12', 'REQUIREMENTS_HASH_INVALID', 'requirements.txt:1'],
    ['a==1 -r other.txt', 'REQUIREMENTS_INVALID', 'requirements.txt:1'],
    ['-f "x', 'REQUIREMENTS_INVALID', 'requirements.txt:1'],
    ['a\n\nb >= x', 'REQUIREMENT_INVALID', 'requirements.txt:3'],
    ['a ; python_version > 3', 'REQUIREMENT_INVALID', 'requirements.txt:1'],
    ['./a ; python_version > 3', 'MARKER_INVALID', 'requirements.txt:1'],
    ['-e', 'REQUIREMENTS_OPTION_UNKNOWN', 'requirements.txt:1'],
    ['<html>', 'REQUIREMENT_INVALID', 'requirements.txt:1'],
  ])('%j: %s at %s', async (text, code, where) => {
    await expect(read(text)).rejects.toMatchObject({ code, where });
  });

  test('a cycle over several files names them, and includes that multiply end', async () => {
    await expect(read({ 'requirements.txt': '-r a/b.txt', 'a/b.txt': '-c ../requirements.txt' })).rejects.toMatchObject(
      {
        code: 'REQUIREMENTS_CYCLE',
        message: expect.stringContaining('requirements.txt → a/b.txt → requirements.txt'),
      },
    );
    const doubling = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`${index}.txt`, `-r ${index + 1}.txt\n-r ${index + 1}.txt`]),
    );
    await expect(read({ ...doubling, 'requirements.txt': '-r 0.txt', '40.txt': 'a' })).rejects.toMatchObject({
      code: 'REQUIREMENTS_CYCLE',
    });
  });

  test('random text: a file, or an error of the family', async () => {
    const line = fc.oneof(fc.string(), fc.stringMatching(/^[-a-z@:/.#\\$={}[\];"' ]{0,40}$/));
    await fc.assert(
      fc.asyncProperty(fc.array(line), async (lines) => {
        try {
          isPinnedAndHashed(await read(lines.join('\n')), environment);
        } catch (error) {
          if (!isTareError(error)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('isPinnedAndHashed', () => {
  const pinned = (name: string, version: string, digit = 'a'): string => `${name}==${version} --hash=${hash(digit)}`;

  test('a lock: distributions sorted, lines whose marker does not hold left out', async () => {
    const file = await read(
      [
        pinned('b', '2'),
        pinned('A', '1'),
        `${'old==1'} ; python_version < '3.9'`,
        `name @ https://h.example/name-3-py3-none-any.whl --hash=${hash('c')}`,
        pinned('b', '2.0', 'd'),
      ].join('\n'),
    );
    const result = isPinnedAndHashed(file, environment);
    expect(result).toMatchObject({
      pinned: true,
      distributions: [
        {
          name: 'a',
          version: '1',
          hashes: [hash('a')],
          source: { kind: 'index' },
          because: { file: 'requirements.txt', line: 2 },
        },
        { name: 'b', version: '2', hashes: [hash('a'), hash('d')] },
        {
          name: 'name',
          version: '3',
          files: [{ filename: 'name-3-py3-none-any.whl', sha256: hash('c'), kind: 'wheel' }],
          source: { kind: 'url' },
        },
      ],
    });
  });

  test.each([
    ['a>=1', 'not pinned', 1],
    [`${pinned('a', '1')}\na==1.*`, 'not pinned', 2],
    [`${pinned('a', '1')}\nb==1`, 'no hash', 2],
    [`b==1 --hash=sha512:${'a'.repeat(128)}`, 'SHA-256', 1],
    [`${pinned('a', '1')}\n${pinned('a', '2')}`, 'pinned to 1 and to 2', 2],
    ['-e .', 'worked on', 1],
    ['./folder', 'no name', 1],
  ])('%j is no lock: %s', async (text, reason, line) => {
    expect(isPinnedAndHashed(await read(text), environment)).toMatchObject({
      pinned: false,
      because: { file: 'requirements.txt', line, rule: expect.stringContaining(reason) },
    });
  });
});
