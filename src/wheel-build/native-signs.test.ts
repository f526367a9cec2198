import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseBuildSystem } from './build-system.ts';
import { findNativeSigns, readOwnText } from './native-signs.ts';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-signs-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return dir;
}

const system = (...requires: readonly string[]) =>
  parseBuildSystem(`[build-system]\nrequires = ${JSON.stringify(requires)}\n`, 'a');

test.each<[string, Readonly<Record<string, string>>, readonly string[], object]>([
  ['Python alone', { 'setup.py': 'setup()', 'a/b.py': '' }, ['setuptools'], {}],
  ['C sources of tests only', { 'tests/x.c': '', 'docs/y.cpp': '' }, [], {}],
  ['a C source', { 'src/_speed.c': '' }, [], { compiler: '`src/_speed.c`' }],
  [
    'a name in setup.py',
    { 'setup.py': 'setup(ext_modules=x())' },
    [],
    { compiler: '`setup.py` names extension modules' },
  ],
  ['Cython', { 'a.py': '' }, ['Cython>=3', 'setuptools'], { compiler: 'it is built with `cython`' }],
  ['Rust', { 'rust/Cargo.toml': '' }, ['maturin>=1,<2'], { rust: '`rust/Cargo.toml`' }],
])('%s', async (_title, files, requires, expected) => {
  expect(await findNativeSigns(await folderWith(files), system(...requires))).toEqual(expected);
});

test('a link is not read in place of a file', async () => {
  const dir = await folderWith({ 'own.txt': 'own' });
  await symlink('/etc/passwd', join(dir, 'setup.py'));
  expect(await readOwnText(join(dir, 'setup.py'), 1000)).toBeUndefined();
  expect(await readOwnText(join(dir, 'own.txt'), 1000)).toBe('own');
  expect(await readOwnText(join(dir, 'own.txt'), 2)).toBeUndefined();
});
