import { describe, expect, test } from 'vitest';
import { makeRoot, program, type RootSpec, site } from '../../../test/support/inspected-root.ts';
import { verifyImage } from '../verify.ts';

function codesOf(spec: RootSpec): readonly string[] {
  return verifyImage(makeRoot(spec)).findings.map(({ severity, code }) => `${severity} ${code}`);
}

const command = (...words: readonly string[]): RootSpec => ({ config: { command: words } });

const tools = {
  'opt/venv/bin/uvicorn': { mode: 0o755, shebang: '/opt/venv/bin/python' },
  'opt/venv/bin/gunicorn': { mode: 0o755, shebang: '/opt/venv/bin/python' },
  'usr/bin/tini': program(),
  'usr/bin/sh': program(),
  [`${site}/uvicorn/__init__.py`]: '',
  [`${site}/uvicorn/__main__.py`]: '',
  [`${site}/gunicorn/__init__.py`]: '',
  'app/src/api/__init__.py': '',
};

describe('the command', () => {
  test.for([
    ['python', '-m', 'main'],
    ['python', '-u', '-W', 'ignore', 'main.py', 'gone'],
    ['/opt/venv/bin/python', '/app/main.py'],
    ['python', '-c', 'import gone'],
    ['uvicorn', 'main:app', '--host', '0.0.0.0'],
    ['uvicorn', '--app-dir', 'src', 'api:app'],
    ['python', '-m', 'uvicorn', 'main:app'],
    ['gunicorn', '-b', 'localhost:8000', '--chdir=src', 'api:create_app("x")'],
    ['tini', '--', 'uvicorn', 'main:app'],
    ['sh', '-c', 'exec gone'],
    ['serve'],
  ])('%j is sound', (words) => {
    expect(codesOf({ files: tools, ...command(...words) })).toEqual([]);
  });

  test.for([
    [['gone'], 'command-missing'],
    [['/usr/bin/gone'], 'command-missing'],
    [['./gone.sh'], 'command-missing'],
    [['tini', '--', 'gone'], 'command-missing'],
    [['/app/main.py'], 'command-not-executable'],
    [['/app'], 'command-not-executable'],
    [['python', '-m', 'gone.sub'], 'command-module-missing'],
    [['python', '-m', 'gunicorn'], 'command-module-missing'],
    [['python', 'gone.py'], 'command-module-missing'],
    [['uvicorn', 'api:app'], 'command-module-missing'],
    [['uvicorn', 'main.inner:app'], 'command-module-missing'],
    [['gunicorn', '-k', 'uvicorn.workers.UvicornWorker', 'main:app'], 'command-module-missing'],
    [[''], 'command-missing'],
  ] as const)('%j is not', ([words, code]) => {
    expect(codesOf({ files: tools, ...command(...words) })).toEqual([`error ${code}`]);
  });

  test('is found by PATH in its order, and by what is executable', () => {
    const env = [{ name: 'PATH', value: '/app:/opt/venv/bin' }];
    const files = { ...tools, 'app/uvicorn': '' };
    expect(codesOf({ files, config: { env, command: ['uvicorn', 'main:app'] } })).toEqual([]);
  });

  test('need not be there, which is told', () => {
    expect(codesOf(command())).toEqual(['warning command-empty']);
  });

  test('without any Python cannot import', () => {
    const files = {
      'usr/bin/uvicorn': program(),
      'usr/lib/libc.so.6': { elf: {} },
      'lib64/ld-linux-x86-64.so.2': { elf: {} },
    };
    const found = codesOf({ bare: true, files, config: { command: ['uvicorn', 'main:app'], user: '0', workdir: '' } });
    expect(found).toContain('error python-missing');
  });
});

describe('the user', () => {
  test.for([
    ['', ['warning home-unwritable', 'warning user-is-root']],
    ['1000:1000', []],
    ['web:web', []],
    ['4711', ['warning home-unwritable', 'warning user-unknown']],
    ['nobody-here', ['error user-unknown', 'warning home-unwritable']],
  ] as const)('%s', ([user, expected]) => {
    expect(codesOf({ config: { user } })).toEqual(expected);
  });

  test('must be able to write to /tmp and should to its home, and have its working folder', () => {
    const files = {
      tmp: { type: 'directory', mode: 0o755 },
      'home/web': { type: 'directory', mode: 0o755 },
    } as const;
    expect(codesOf({ files, config: { workdir: '/srv', command: ['serve'] } })).toEqual([
      'error tmp-unwritable',
      'error workdir-missing',
      'warning home-unwritable',
    ]);
  });

  test('cannot write below a folder that it may not enter', () => {
    expect(codesOf({ files: { home: { type: 'directory', mode: 0o700 } } })).toEqual(['warning home-unwritable']);
  });

  test('has HOME of the configuration', () => {
    const env = [
      { name: 'PATH', value: '/opt/venv/bin' },
      { name: 'HOME', value: '/tmp' },
    ];
    expect(codesOf({ config: { user: '4711', env } })).toEqual(['warning user-unknown']);
  });
});
