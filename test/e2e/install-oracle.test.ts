import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LayerEntry } from '../../src/archive/layer-entry.ts';
import { readZipMember } from '../../src/archive/zip.ts';
import { type InstalledWheel, installWheel } from '../../src/python/install.ts';
import { parseRecord } from '../../src/python/record.ts';
import { readWheel } from '../../src/python/wheel.ts';
import { makeWheel } from '../support/wheel-maker.ts';

/**
 * Real wheels, chosen for what is odd about them: headers (greenlet), `.data/data` (jupyterlab-widgets, notebook),
 * `.data/scripts` with binaries (ruff), extension modules and executable files (numpy, debugpy), many console scripts
 * (twisted), the versioned names of pip, a `.pth` file (setuptools), namespace packages (zope.interface, protobuf).
 */
const requirements = [
  'uvicorn==0.54.0',
  'pillow==13.0.0',
  'numpy==2.5.5',
  'greenlet==3.5.6',
  'jupyterlab-widgets==3.0.17',
  'notebook==7.6.5',
  'ruff==0.17.6',
  'pyyaml==6.0.4',
  'httptools==0.9.0',
  'setuptools==84.2.1',
  'debugpy==1.8.22',
  'twisted==26.10.0',
  'zope.interface==8.7',
  'protobuf==7.36.2',
  'pip==26.3',
];

/** What pip and uv write beside the wheel's own files, or with other content than tare. */
const notCompared = {
  /** Say who installed it, from where and at whose request. */
  extra:
    /^(?:lib\/python3\.13\/site-packages\/)?[^/]+\.dist-info\/(?:REQUESTED|direct_url\.json|uv_cache\.json|uv_build\.json)$/,
  /** Differ in content: the name of the installer; RECORD, which is compared row by row. */
  content: /^(?:lib\/python3\.13\/site-packages\/)?[^/]+\.dist-info\/(?:INSTALLER|RECORD)$/,
};

const run = promisify(execFile);
let folder = '';
let python = '';
let wheels: readonly { readonly file: string; readonly filename: string }[] = [];

async function findPython(): Promise<string> {
  const versions = join(homedir(), '.pyenv', 'versions');
  const managed = await readdir(versions).catch(() => []);
  const candidates = [
    ...managed.filter((name) => name.startsWith('3.13')).map((name) => join(versions, name, 'bin', 'python3')),
    'python3.13',
  ];
  for (const candidate of candidates) {
    const found = await run(candidate, ['-c', 'import sys; print(*sys.version_info[:2])']).catch(() => undefined);
    if (found?.stdout.trim() === '3 13') return candidate;
  }
  throw new Error('this test needs CPython 3.13: put `python3.13` on the PATH');
}

async function findUv(): Promise<string> {
  for (const candidate of [process.env['TARE_TEST_UV'], 'uv']) {
    if (candidate !== undefined && (await run(candidate, ['--version']).catch(() => undefined)) !== undefined)
      return candidate;
  }
  const venv = await makeVenv('uv');
  await pip('--python', join(venv, 'bin', 'python'), 'install', 'uv==0.11.32');
  return join(venv, 'bin', 'uv');
}

async function pip(...args: readonly string[]): Promise<string> {
  const all = ['-m', 'pip', '--disable-pip-version-check', ...args];
  return (await run(python, all, { maxBuffer: 1 << 26 })).stdout;
}

async function makeVenv(name: string): Promise<string> {
  const venv = join(folder, name);
  await run(python, ['-m', 'venv', '--without-pip', venv]);
  return venv;
}

interface Found {
  readonly sha256: string;
  readonly isExecutable: boolean;
}

/** Every file below a folder by its path, links left out. */
async function filesBelow(root: string): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    found.set(path.slice(root.length + 1), {
      sha256: createHash('sha256').update(bytes).digest('hex'),
      isExecutable: ((await stat(path)).mode & 0o111) !== 0,
    });
  }
  return found;
}

async function installOurs(venv: string): Promise<InstalledWheel[]> {
  const installed: InstalledWheel[] = [];
  for (const { file, filename } of wheels) {
    const wheel = await readWheel(file, filename);
    installed.push(installWheel(wheel, { prefix: venv, pythonVersion: '3.13', uid: 0, gid: 0 }));
  }
  return installed;
}

async function bytesOf(entry: LayerEntry): Promise<Uint8Array> {
  const { content } = entry;
  if (content?.kind === 'bytes') return content.bytes;
  if (content?.kind === 'zip') return readZipMember(content, content.size);
  throw new Error(`${entry.path} has no content`);
}

/** Our files by their path in the environment, as `filesBelow` gives those of others. */
async function ourFiles(installed: readonly InstalledWheel[], venv: string): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const { entries, scripts } of installed) {
    for (const entry of [...entries, ...scripts]) {
      if (entry.type !== 'file') continue;
      const sha256 = createHash('sha256')
        .update(await bytesOf(entry))
        .digest('hex');
      found.set(entry.path.slice(venv.length), { sha256, isExecutable: (entry.mode & 0o111) !== 0 });
    }
  }
  return found;
}

/** Holds another installer's tree against ours: names, content, executable bits, rows of RECORD, first lines of scripts. */
async function compare(venv: string, before: ReadonlySet<string>): Promise<void> {
  const installed = await installOurs(venv);
  const ours = await ourFiles(installed, venv);
  const theirs = await filesBelow(venv);
  const names = [...theirs.keys()].filter((path) => !before.has(path) && !notCompared.extra.test(path));
  expect([...ours.keys()].sort()).toEqual(names.sort());
  const launchers = new Map(
    installed.flatMap(({ scripts }) => scripts.map((script) => [script.path.slice(venv.length), script] as const)),
  );
  for (const [path, our] of ours) {
    const their = theirs.get(path);
    // uv writes RECORD into the file that the wheel brought, and so keeps its mode.
    if (!path.endsWith('.dist-info/RECORD')) {
      expect({ path, isExecutable: our.isExecutable }).toEqual({ path, isExecutable: their?.isExecutable });
    }
    const launcher = launchers.get(path);
    if (launcher !== undefined) {
      const [firstLine] = Buffer.from(await bytesOf(launcher))
        .toString()
        .split('\n', 1);
      expect((await readFile(join(venv, path), 'utf8')).split('\n', 1)[0]).toBe(firstLine);
    } else if (!notCompared.content.test(path)) {
      expect({ path, sha256: our.sha256 }).toEqual({ path, sha256: their?.sha256 });
    }
  }
  const launcherNames = new Set([...launchers.keys()].map((path) => `../../../${path}`));
  for (const entry of installed.flatMap((wheel) => wheel.entries)) {
    if (!/\/site-packages\/[^/]+\.dist-info\/RECORD$/.test(entry.path)) continue;
    const own = Buffer.from(await bytesOf(entry)).toString();
    const other = await readFile(`/${entry.path}`, 'utf8');
    expect(comparableRows(own, launcherNames)).toEqual(comparableRows(other, launcherNames));
    // Each row holds for the file that it names.
    for (const row of parseRecord(own, entry.path)) {
      const file = ours.get(join('lib/python3.13/site-packages', row.path));
      expect({ path: row.path, hex: row.hash?.hex ?? file?.sha256 }).toEqual({ path: row.path, hex: file?.sha256 });
    }
  }
}

function comparableRows(record: string, launchers: ReadonlySet<string>): string[] {
  return parseRecord(record, 'RECORD')
    .filter(({ path }) => !notCompared.extra.test(path))
    .map(({ path, hash, size }) => {
      const isOwn = launchers.has(path) || notCompared.content.test(path);
      return isOwn ? path : `${path} ${hash?.hex} ${size}`;
    })
    .sort();
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'tare-install-')));
  python = await findPython();
  const downloads = join(folder, 'wheels');
  await pip('download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', downloads, ...requirements);
  wheels = (await readdir(downloads)).sort().map((filename) => ({ file: join(downloads, filename), filename }));
  expect(wheels).toHaveLength(requirements.length);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('real wheels are installed as others install them', () => {
  test('pip install --no-deps --no-compile', async () => {
    const venv = await makeVenv('by-pip');
    const before = new Set((await filesBelow(venv)).keys());
    const files = wheels.map(({ file }) => file);
    await pip('--python', join(venv, 'bin', 'python'), 'install', '--no-deps', '--no-index', '--no-compile', ...files);
    await compare(venv, before);
    // RECORD is pip's own text but for the rows of what is not compared.
    const path = 'lib/python3.13/site-packages/ruff-0.17.6.dist-info/RECORD';
    const [ruff] = (await installOurs(venv)).filter(({ files: all }) => all.some((file) => file.path.endsWith(path)));
    const entry = ruff?.entries.find((one) => one.path.endsWith(path));
    const own = entry === undefined ? '' : Buffer.from(await bytesOf(entry)).toString();
    const lines = (text: string): string[] =>
      text.split('\n').filter((line) => !/\/(?:INSTALLER|REQUESTED|direct_url)/.test(line));
    expect(lines(own)).toEqual(lines(await readFile(join(venv, path), 'utf8')));
  });

  test('uv pip install --no-deps', async () => {
    const uv = await findUv();
    const venv = await makeVenv('by-uv');
    const before = new Set((await filesBelow(venv)).keys());
    const cache = ['--cache-dir', join(folder, 'uv-cache'), '--link-mode', 'copy', '--no-config'];
    const files = wheels.map(({ file }) => file);
    await run(uv, [
      'pip',
      'install',
      '--no-deps',
      '--no-index',
      '--offline',
      '--python',
      join(venv, 'bin', 'python'),
      ...cache,
      ...files,
    ]);
    await compare(venv, new Set([...before, '.lock']));
  });

  test('the environment that tare lays out works, and pip can take it apart again', async () => {
    const venv = await makeVenv('by-tare');
    const before = new Set((await filesBelow(venv)).keys());
    const installed = await installOurs(venv);
    for (const { entries, scripts } of installed) {
      for (const entry of [...entries, ...scripts]) {
        const path = `/${entry.path}`;
        if (entry.type === 'directory') continue;
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, await bytesOf(entry));
        await chmod(path, entry.mode);
      }
    }
    const bin = (name: string): string => join(venv, 'bin', name);
    expect((await run(bin('ruff'), ['--version'])).stdout).toContain('0.17.6');
    expect((await run(bin('pip3.13'), ['--version'])).stdout).toContain('pip 26.3');
    expect((await run(bin('numpy-config'), ['--version'])).stdout).toContain('2.5.5');
    const program =
      'import numpy, PIL.Image, greenlet, yaml, importlib.metadata as m; print(m.distribution("numpy").read_text("INSTALLER"))';
    expect((await run(bin('python'), ['-c', program])).stdout.trim()).toBe('tare');
    const names = requirements.map((line) => line.split('==', 1)[0] ?? '');
    await pip('--python', bin('python'), 'uninstall', '--yes', ...names);
    const left = [...(await filesBelow(venv)).keys()].filter(
      (path) => !before.has(path) && !path.includes('__pycache__'),
    );
    expect(left).toEqual([]);
    expect(await readlink(bin('python3'))).not.toBe('');
  });
});

/** Runs pip's program of an entry point and ours, under every name that a launcher may have, and compares what they do. */
async function compareLaunchers(venv: string, installed: readonly InstalledWheel[]): Promise<void> {
  const script = installed.flatMap(({ scripts }) => scripts).find(({ path }) => path.endsWith('/bin/odd'));
  if (script === undefined) throw new Error('the entry point has no program');
  const programs = [await readFile(join(venv, 'bin', 'odd')), await bytesOf(script)];
  for (const name of ['odd', 'odd.exe', 'odd-script.pyw', 'odd.pyw', 'odd.exe.exe']) {
    const outcomes: unknown[] = [];
    for (const program of programs) {
      const path = join(venv, name);
      await writeFile(path, program, { mode: 0o755 });
      outcomes.push(
        await run(path, ['--flag', 'a b']).catch(({ code, stdout }: { code: number; stdout: string }) => ({
          code,
          stdout,
        })),
      );
    }
    expect(outcomes[1]).toMatchObject({ code: 3 });
    expect(outcomes[1]).toEqual(outcomes[0]);
  }
}

test('a wheel with every oddity is laid out as by pip', async () => {
  const { filename, bytes } = makeWheel({
    name: 'Odd.Ity',
    files: {
      'odd/__init__.py': 'import sys\n\ndef main():\n    print(*sys.argv)\n    return 3\n',
      'odd/tool.sh': { data: '#!/bin/sh\n', mode: 0o100711 },
      'odd/no-type.sh': { data: '#!/bin/sh\n', mode: 0o000755 },
      'odd/größe, "x".txt': 'umlaut',
      'twice.py': 'root\n',
      'empty/': { data: '', method: 0, mode: 0o040755 },
      'Odd.Ity-1.0.data/purelib/twice.py': 'purelib\n',
      'Odd.Ity-1.0.data/platlib/odd/native.so': 'elf',
      'Odd.Ity-1.0.data/headers/deep/odd.h': '#define ODD\n',
      'Odd.Ity-1.0.data/data/share/odd/data.bin': Buffer.from([0, 255]),
      'Odd.Ity-1.0.data/data/etc/run': { data: 'x', mode: 0o100755 },
      'Odd.Ity-1.0.data/scripts/plain': { data: '#!/bin/sh\necho\n', mode: 0o100755 },
      'Odd.Ity-1.0.data/scripts/py': { data: '#!python -u\nprint(1)\n', mode: 0o100755 },
      'Odd.Ity-1.0.data/scripts/pyw': { data: '#!pythonw\r\nprint(1)\r\n', mode: 0o100755 },
      'Odd.Ity-1.0.data/scripts/odd': { data: '#!python\nold wrapper\n', mode: 0o100755 },
      'Odd.Ity-1.0.data/scripts/odd-script.py': { data: '#!python\nold wrapper\n', mode: 0o100755 },
    },
    entryPoints: '[console_scripts]\nodd = odd:main [extra]\n\n[gui_scripts]\nodd-gui = odd:main\n',
  });
  const file = join(folder, filename);
  await writeFile(file, bytes);
  const others = wheels;
  wheels = [{ file, filename }];
  try {
    const venv = await makeVenv('odd');
    const before = new Set((await filesBelow(venv)).keys());
    await pip('--python', join(venv, 'bin', 'python'), 'install', '--no-deps', '--no-index', '--no-compile', file);
    const ours = await ourFiles(await installOurs(venv), venv);
    const theirs = await filesBelow(venv);
    const names = [...theirs.keys()].filter((path) => !before.has(path) && !notCompared.extra.test(path));
    // pip spells the folder of headers as the requirement does; by an index that is the normalised name.
    const spelled = (path: string): string => path.replace(/\/[Oo]dd[._-][Ii]ty\//, '/odd-ity/');
    expect([...ours.keys()].sort()).toEqual(names.map(spelled).sort());
    for (const name of names) {
      const our = ours.get(spelled(name));
      expect({ name, isExecutable: our?.isExecutable }).toEqual({ name, isExecutable: theirs.get(name)?.isExecutable });
      if (notCompared.content.test(name) || /bin\/odd(?:-gui)?$/.test(name)) continue;
      expect({ name, sha256: our?.sha256 }).toEqual({ name, sha256: theirs.get(name)?.sha256 });
    }
    await compareLaunchers(venv, await installOurs(venv));
  } finally {
    wheels = others;
  }
});
