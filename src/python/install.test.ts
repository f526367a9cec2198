import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MadeWheel, makeWheel } from '../../test/support/wheel-maker.ts';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { sha256 } from '../base/digest.ts';
import { type InstalledWheel, type InstallScheme, installWheel } from './install.ts';
import { readWheel, type Wheel } from './wheel.ts';
import { wheelFacts } from './wheel-facts.ts';

const scheme: InstallScheme = { prefix: '/opt/venv', pythonVersion: '3.13', uid: 7, gid: 8 };
const site = 'opt/venv/lib/python3.13/site-packages';
const newest = Date.UTC(2024, 1, 3, 4, 5, 6) / 1000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-install-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(made: MadeWheel): Promise<Wheel> {
  const { filename, bytes } = makeWheel(made);
  const file = join(folder, filename);
  await writeFile(file, bytes);
  return readWheel(file, filename);
}

async function install(made: MadeWheel): Promise<InstalledWheel> {
  return installWheel(await read(made), scheme);
}

const textOf = (entry: LayerEntry | undefined): string =>
  entry?.content?.kind === 'bytes' ? Buffer.from(entry.content.bytes).toString() : 'not held in memory';
const at = (installed: InstalledWheel, path: string): LayerEntry | undefined =>
  [...installed.entries, ...installed.scripts].find((entry) => entry.path === path);
const base64 = (text: string): string => createHash('sha256').update(text).digest('base64url');

test('lays out every scheme below the prefix', async () => {
  const installed = await install({
    files: {
      'demo/__init__.py': { data: 'x = 1\n', dos: [(10 << 9) | (1 << 5) | 1, 0] },
      'demo-1.0.data/purelib/pure.py': '',
      'demo-1.0.data/platlib/plat.so': '',
      'demo-1.0.data/headers/demo.h': '',
      'demo-1.0.data/scripts/run': '#!/bin/sh\n',
      'demo-1.0.data/data/share/demo/a.bin': '',
    },
  });
  expect(installed.entries.map(({ path, type }) => (type === 'directory' ? `${path}/` : path))).toEqual([
    'opt/',
    'opt/venv/',
    'opt/venv/bin/',
    'opt/venv/bin/run',
    'opt/venv/include/',
    'opt/venv/include/site/',
    'opt/venv/include/site/python3.13/',
    'opt/venv/include/site/python3.13/demo/',
    'opt/venv/include/site/python3.13/demo/demo.h',
    'opt/venv/lib/',
    'opt/venv/lib/python3.13/',
    `${site}/`,
    `${site}/demo/`,
    `${site}/demo-1.0.dist-info/`,
    `${site}/demo-1.0.dist-info/INSTALLER`,
    `${site}/demo-1.0.dist-info/METADATA`,
    `${site}/demo-1.0.dist-info/RECORD`,
    `${site}/demo-1.0.dist-info/WHEEL`,
    `${site}/demo/__init__.py`,
    `${site}/plat.so`,
    `${site}/pure.py`,
    'opt/venv/share/',
    'opt/venv/share/demo/',
    'opt/venv/share/demo/a.bin',
  ]);
  for (const entry of installed.entries) expect(entry).toMatchObject({ uid: 7, gid: 8 });
  expect(at(installed, `${site}/demo/__init__.py`)).toMatchObject({
    mtime: Date.UTC(1990, 0, 1) / 1000,
    mode: 0o644,
    content: { kind: 'zip', size: 6 },
  });
  expect(at(installed, 'opt')).toMatchObject({ mode: 0o755, mtime: newest });
  expect(at(installed, `${site}/demo-1.0.dist-info/INSTALLER`)).toMatchObject({ mode: 0o644, mtime: newest });
  expect(textOf(at(installed, `${site}/demo-1.0.dist-info/INSTALLER`))).toBe('tare\n');
  expect(installed.mtimeNewest).toBe(newest);
});

test('a free-threaded Python has folders of its own', async () => {
  const wheel = await read({ name: 'demo', version: '1.0', files: { 'demo/__init__.py': '' } });
  const { files } = installWheel(wheel, { ...scheme, isFreeThreaded: true });
  expect(files.map(({ path }) => path)).toContain('opt/venv/lib/python3.13t/site-packages/demo/__init__.py');
  expect(files.filter(({ path }) => path.includes('/python3.13/'))).toEqual([]);
});

test('writes RECORD for what is installed', async () => {
  const installed = await install({
    files: {
      'demo.py': 'x = 1\n',
      'demo-1.0.data/scripts/run': '#!python\n',
      'demo-1.0.data/scripts/cmd': '#!python\nreplaced by the entry point\n',
      unlisted: 'u',
    },
    info: { 'RECORD.jws': '{}' },
    entryPoints: '[console_scripts]\ncmd = demo:main\n',
    record: (lines) => [...lines.filter((line) => !line.startsWith('unlisted')), 'gone.py,,'],
  });
  const record = textOf(at(installed, `${site}/demo-1.0.dist-info/RECORD`));
  const rows = record.split('\r\n');
  expect(rows.map((row) => row.split(',', 1)[0])).toEqual([
    '../../../bin/cmd',
    '../../../bin/run',
    'demo-1.0.dist-info/INSTALLER',
    'demo-1.0.dist-info/METADATA',
    'demo-1.0.dist-info/RECORD',
    'demo-1.0.dist-info/RECORD.jws',
    'demo-1.0.dist-info/WHEEL',
    'demo-1.0.dist-info/entry_points.txt',
    'demo.py',
    'unlisted',
    '',
  ]);
  expect(rows).toContain(`../../../bin/run,sha256=${base64('#!/opt/venv/bin/python\n')},23`);
  expect(rows).toContain(`demo.py,sha256=${base64('x = 1\n')},6`);
  expect(rows).toContain(`unlisted,sha256=${base64('u')},1`);
  expect(rows).toContain('demo-1.0.dist-info/RECORD,,');
  expect(rows).toContain('demo-1.0.dist-info/RECORD.jws,,');
  expect(installed.files.map(({ path }) => path)).toHaveLength(10);
  expect(installed.files.find(({ path }) => path.endsWith('/RECORD'))?.sha256).toBe(
    `sha256:${createHash('sha256').update(record).digest('hex')}`,
  );
});

describe('scripts', () => {
  test.each([
    ['#!python\nprint()\n', '#!/opt/venv/bin/python\nprint()\n'],
    ['#!python -u\r\nprint()\r\n', '#!/opt/venv/bin/python\nprint()\r\n'],
    ['#!pythonw\nprint()\n', '#!/opt/venv/bin/python\nprint()\n'],
    ['#!python', '#!/opt/venv/bin/python\n'],
  ])('%j becomes %j', async (data, expected) => {
    const installed = await install({ files: { 'demo-1.0.data/scripts/run': { data, mode: 0o100644 } } });
    expect(at(installed, 'opt/venv/bin/run')?.mode).toBe(0o755);
    expect(textOf(at(installed, 'opt/venv/bin/run'))).toBe(expected);
  });

  test('other first lines stay', async () => {
    const installed = await install({ files: { 'demo-1.0.data/scripts/run': '#!/usr/bin/python\n' } });
    expect(at(installed, 'opt/venv/bin/run')?.content).toMatchObject({ kind: 'zip' });
  });

  test('entry points become programs of the environment', async () => {
    const installed = await install({
      entryPoints: '[console_scripts]\nb = demo.cli:App.run [x]\n[gui_scripts]\na = demo:main\n',
    });
    expect(installed.scripts).toMatchObject([
      { path: 'opt/venv/bin/a', mode: 0o755, mtime: newest, uid: 7, gid: 8 },
      { path: 'opt/venv/bin/b', mode: 0o755 },
    ]);
    expect(textOf(installed.scripts[1])).toMatch(
      /^#!\/opt\/venv\/bin\/python\nimport sys\nfrom demo\.cli import App\n[\s\S]*sys\.exit\(App\.run\(\)\)\n$/,
    );
    expect(installed.entries.some(({ path }) => path.startsWith('opt/venv/bin'))).toBe(false);
  });

  test('a prefix that no first line can hold goes through the shell', async () => {
    const wheel = await read({ entryPoints: '[console_scripts]\na = demo:main\n' });
    const installed = installWheel(wheel, { ...scheme, prefix: '/opt/my venv' });
    expect(textOf(installed.scripts[0])).toMatch(
      /^#!\/bin\/sh\n'''exec' "\/opt\/my venv\/bin\/python" "\$0" "\$@"\n' '''\n/,
    );
  });
});

test.each([
  [0o100644, 0o644],
  [0o100755, 0o755],
  [0o100600, 0o644],
  [0o100010, 0o755],
  [0o104755, 0o755],
  [0o755, 0o644],
  [0, 0o644],
])('mode %o of the archive becomes %o, as with pip', async (mode, expected) => {
  const installed = await install({ files: { 'demo/f': { data: 'x', mode } } });
  expect(at(installed, `${site}/demo/f`)?.mode).toBe(expected);
});

test('of several members for one place the last by scheme stays', async () => {
  const files = { 'demo-1.0.data/purelib/one.py': 'purelib', 'one.py': 'root' };
  const installed = await install({ files });
  expect(installed.files.find(({ path }) => path.endsWith('one.py'))).toMatchObject({ size: 7 });
});

describe('with bytecode', () => {
  const files = {
    'demo/__init__.py': 'x = 1\n',
    'demo/__pycache__/__init__.cpython-313.pyc': 'stale',
    'demo/__pycache__/__init__.cpython-311.pyc': 'of another Python',
    'demo/__pycache__/gone.cpython-313.pyc': 'without a source',
    'demo/only.pyc': 'in place of its source',
  };
  const bytes = Buffer.from('bytecode');
  const bytecode = {
    path: `${site}/demo/__pycache__/__init__.cpython-313.pyc`,
    source: `${site}/demo/__init__.py`,
    content: { kind: 'bytes', bytes } as const,
    sha256: sha256(bytes),
    size: bytes.length,
  };

  test('what the wheel brought for a source of its own gives way, the rest stays', async () => {
    const installed = installWheel(await read({ files }), scheme, [bytecode]);
    const found = installed.entries.filter(({ path }) => path.endsWith('.pyc'));
    expect(found.map(({ path }) => path.slice(site.length + 1))).toEqual([
      'demo/__pycache__/__init__.cpython-313.pyc',
      'demo/__pycache__/gone.cpython-313.pyc',
      'demo/only.pyc',
    ]);
    expect(textOf(found[0])).toBe('bytecode');
    expect(found[0]).toMatchObject({ mode: 0o644, mtime: at(installed, bytecode.source)?.mtime });
  });

  test('RECORD lists it without hash and size, as pip does', async () => {
    const installed = installWheel(await read({ files }), scheme, [bytecode]);
    const record = textOf(at(installed, `${site}/demo-1.0.dist-info/RECORD`)).split(/\r?\n/);
    expect(record).toContain('demo/__pycache__/__init__.cpython-313.pyc,,');
    expect(record.filter((line) => line.includes('cpython-311'))).toEqual([]);
    expect(installed.files.find((file) => file.path === bytecode.path)).toMatchObject({
      size: 8,
      sha256: sha256(bytes),
    });
  });
});

test('the result depends on nothing but wheel and scheme', async () => {
  const files = { 'b.py': 'b', 'a.py': 'a' };
  const one = await install({ files });
  expect(await install({ files })).toEqual(one);
  const turned = await install({ files: { 'a.py': 'a', 'b.py': 'b' } });
  expect(turned.entries.map(({ path }) => path)).toEqual(one.entries.map(({ path }) => path));
});

describe('is refused', () => {
  test.each([
    ['WHEEL_DATA_INVALID', 'an unknown scheme', { 'demo-1.0.data/lib/x': '' }],
    ['WHEEL_DATA_INVALID', 'a file beside the schemes', { 'demo-1.0.data/x': '' }],
    ['WHEEL_PATH_CLASH', 'a file and a folder of one name', { x: '', 'demo-1.0.data/purelib/x/y': '' }],
    ['WHEEL_PATH_RESERVED', 'an interpreter', { 'demo-1.0.data/scripts/python3.13': '' }],
    ['WHEEL_PATH_RESERVED', 'the marker of an environment', { 'demo-1.0.data/data/pyvenv.cfg': '' }],
  ])('%s: %s', async (code, _what, files) => {
    await expect(install({ files })).rejects.toMatchObject({ code });
  });

  test('a command of a bad name', async () => {
    await expect(install({ entryPoints: '[console_scripts]\n../../x = a:b\n' })).rejects.toMatchObject({
      code: 'SCRIPT_ENTRY_POINT_INVALID',
    });
    await expect(install({ entryPoints: '[console_scripts]\npython = a:b\n' })).rejects.toMatchObject({
      code: 'WHEEL_PATH_RESERVED',
    });
  });

  test.each(['opt', '/', '/opt/../etc', '/opt/venv/'])('the prefix %s, as a mistake of the program', async (prefix) => {
    const wheel = await read({});
    expect(() => installWheel(wheel, { ...scheme, prefix })).toThrow(/prefix/);
  });
});

test('facts are plain JSON', async () => {
  const wheel = await read({
    files: {
      'demo/__init__.py': '',
      '_demo.cpython-313-x86_64-linux-gnu.so': '',
      'only_data/x.txt': '',
      'demo-1.0.data/purelib/extra.py': '',
      'demo-1.0.data/data/share/other.py': '',
      'space/name/part.py': '',
    },
    metadata: ['Requires-Python: >=3.9', 'Requires-Dist: h11', 'Provides-Extra: x', 'License: MIT'],
    entryPoints: '[console_scripts]\ndemo = demo:main\nbare = demo:run\n[other]\nx = demo\n',
  });
  const installed = installWheel(wheel, scheme);
  const facts = wheelFacts(wheel, installed);
  expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
  expect(facts).toMatchObject({
    name: 'demo',
    version: '1.0',
    filename: 'demo-1.0-py3-none-any.whl',
    requiresDist: ['h11'],
    requiresPython: '>=3.9',
    providesExtra: ['x'],
    rootIsPurelib: true,
    consoleScripts: [
      { name: 'demo', module: 'demo', attribute: 'main' },
      { name: 'bare', module: 'demo', attribute: 'run' },
    ],
    topLevel: ['_demo', 'demo', 'extra', 'space'],
    license: 'MIT',
    newest,
  });
  expect(facts.unpackedSize).toBe(facts.files.reduce((sum, { size }) => sum + size, 0));
});

test.each([
  [['License-Expression: MIT', 'License: other'], 'MIT'],
  [['License: UNKNOWN', 'Classifier: License :: OSI Approved :: BSD License'], 'BSD License'],
  [['License: Copyright me', '        All rights'], 'Copyright me'],
  [[], undefined],
])('licence of %j', async (metadata, expected) => {
  const wheel = await read({ metadata });
  expect(wheelFacts(wheel, installWheel(wheel, scheme)).license).toBe(expected);
});
