import { describe, expect, test } from 'vitest';
import { makeRoot, program, type RootSpec, site } from '../../../test/support/inspected-root.ts';
import { bytecodeMagicOf } from '../bytecode-magic.ts';
import { verifyImage } from '../verify.ts';

function codesOf(spec: RootSpec): readonly string[] {
  return verifyImage(makeRoot(spec)).findings.map(({ severity, code, path }) =>
    `${severity} ${code} ${path ?? ''}`.trim(),
  );
}

test('nothing is found in a sound image', () => {
  expect(verifyImage(makeRoot())).toMatchObject({
    findings: [],
    python: '3.13',
    checked: { distributions: 1, links: 2 },
  });
});

describe('links', () => {
  test('must lead somewhere in the environment and the application, should elsewhere', () => {
    expect(
      codesOf({
        files: {
          'opt/venv/bin/python3': '-> python',
          'opt/venv/bin/tool': '-> ../lib/gone',
          'app/current': '-> current',
          'usr/share/man/x': '-> ../gone',
        },
      }),
    ).toEqual([
      'error link-dangling /app/current',
      'error link-dangling /opt/venv/bin/tool',
      'warning link-dangling /usr/share/man/x',
    ]);
  });

  test('may lead to what is there at run time', () => {
    const files = { 'etc/mtab': '-> ../proc/mounts', 'app/out': '-> /dev/stdout', 'var/run': '-> /run' };
    expect(codesOf({ files })).toEqual([]);
  });
});

describe('scripts', () => {
  const script = (shebang: string) => ({ 'opt/venv/bin/tool': { mode: 0o755, shebang } });

  test.for([
    ['/opt/venv/bin/python', []],
    ['/usr/bin/env python', []],
    ['/usr/bin/env -S A=b python -u', []],
    ['/tmp/build/venv/bin/python3', ['error shebang-missing /opt/venv/bin/tool']],
    ['/usr/bin/env python3.9', ['error shebang-missing /opt/venv/bin/tool']],
    ['/usr/bin/env ruby', ['warning shebang-missing /opt/venv/bin/tool']],
    ['/bin/bash', ['warning shebang-missing /opt/venv/bin/tool']],
    ['/usr/bin/python3.9', ['error shebang-missing /opt/venv/bin/tool']],
    ['python', ['error shebang-missing /opt/venv/bin/tool']],
    ['/opt/venv', ['error shebang-missing /opt/venv/bin/tool']],
    ['', ['error shebang-missing /opt/venv/bin/tool']],
  ] as const)('%s', ([shebang, expected]) => {
    expect(codesOf({ files: script(shebang) })).toEqual(expected);
  });

  test('that start the image have to run, whatever they are written in', () => {
    const config = { command: ['tool'] };
    expect(codesOf({ files: script('/bin/bash'), config })).toEqual(['error shebang-missing /opt/venv/bin/tool']);
  });

  test('of the system are told only, and those that nobody runs are not looked at', () => {
    const files = {
      'usr/bin/c_rehash': { mode: 0o755, shebang: '/usr/bin/perl' },
      'usr/share/doc/example': { mode: 0o755, shebang: '/usr/bin/perl' },
      [`${site}/shop/data.sh`]: { shebang: '/bin/zsh' },
    };
    expect(codesOf({ files })).toEqual(['warning shebang-missing /usr/bin/c_rehash']);
  });

  test('of more than 127 bytes are told', () => {
    const folder = `opt/${'x'.repeat(130)}`;
    const files = { [`${folder}/python3.13`]: program(), ...script(`/${folder}/python3.13`) };
    expect(codesOf({ files })).toEqual(['warning shebang-long /opt/venv/bin/tool']);
  });
});

describe('entry points', () => {
  const points = `${site}/shop-1.0.dist-info/entry_points.txt`;

  test('of commands that are installed must have their module', () => {
    expect(codesOf({ files: { [`${site}/shop/cli.py`]: {} } })).toEqual([`error entry-point-missing /${points}`]);
  });

  test('of other groups, and without a script, are told', () => {
    const text =
      '[console_scripts]\nother = shop.gone:main\n[pytest11]\nshop = shop.plugin\n[words]\nx = not a reference!\n';
    expect(codesOf({ files: { [points]: text } })).toEqual([
      `warning entry-point-missing /${points}`,
      `warning entry-point-missing /${points}`,
    ]);
  });

  test.for(['shop/cli.pyc', 'shop/cli.cpython-313-x86_64-linux-gnu.so', 'shop/cli/__init__.py', 'shop/cli/inner.py'])(
    'are satisfied by %s',
    (path) => {
      const file = path.endsWith('.pyc') ? { bytecodeMagic: bytecodeMagicOf('3.13') ?? 0 } : '';
      expect(codesOf({ files: { [`${site}/shop/cli.py`]: {}, [`${site}/${path}`]: file } })).toEqual([]);
    },
  );

  test('that cannot be read are told', () => {
    expect(codesOf({ files: { [points]: 'serve = shop.cli:main\n' } })).toEqual([
      `warning entry-point-invalid /${points}`,
    ]);
  });

  test('are found through .pth files, too', () => {
    const files = {
      [`${site}/shop/cli.py`]: {},
      [`${site}/shop/__init__.py`]: {},
      'app/src/shop/cli.py': '',
      [`${site}/dev.pth`]: '/app/src\n',
    };
    expect(codesOf({ files })).toEqual([]);
  });
});

describe('bytecode', () => {
  const pyc = (version: string) => ({ bytecodeMagic: bytecodeMagicOf(version) ?? 0 });

  test('without its source must be that of the Python', () => {
    const files = { 'app/lib.pyc': pyc('3.12'), 'app/good.pyc': pyc('3.13'), 'app/empty.pyc': { size: 0 } };
    expect(codesOf({ files })).toEqual(['error bytecode-wrong /app/empty.pyc', 'error bytecode-wrong /app/lib.pyc']);
  });

  test('beside its source is compiled again, and for another Python never read', () => {
    const files = {
      'app/__pycache__/main.cpython-313.pyc': pyc('3.12'),
      'app/__pycache__/main.cpython-313.opt-1.pyc': pyc('3.13'),
      'app/__pycache__/main.cpython-312.pyc': pyc('3.12'),
      'app/main.pyc': pyc('3.9'),
    };
    expect(codesOf({ files })).toEqual(['warning bytecode-stale /app/__pycache__/main.cpython-313.pyc']);
  });

  test('an image that was compiled for another interpreter is refused', () => {
    const labelled = (magic: string) => ({ config: { labels: { 'tare.bytecode.magic': magic } } });
    expect(codesOf(labelled(String(bytecodeMagicOf('3.13'))))).toEqual([]);
    expect(codesOf(labelled(String(bytecodeMagicOf('3.12'))))).toEqual(['error bytecode-wrong']);
    expect(codesOf(labelled('nonsense'))).toEqual(['error bytecode-wrong']);
  });
});

describe('permissions', () => {
  test('set-uid and writable for everybody are errors in the application and told in the system', () => {
    const files = {
      'usr/bin/su': { ...program(), mode: 0o4755 },
      'app/run.py': { mode: 0o666 },
      'app/uploads': { type: 'directory', mode: 0o777 },
      'var/cache': { type: 'directory', mode: 0o777 },
      'var/tmp': { type: 'directory', mode: 0o1777 },
      'run/lock': { type: 'directory', mode: 0o777 },
    } as const;
    expect(codesOf({ files })).toEqual([
      'error world-writable /app/run.py',
      'error world-writable /app/uploads',
      'warning set-id /usr/bin/su',
      'warning world-writable /var/cache',
    ]);
  });
});
