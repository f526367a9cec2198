import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normalizedName } from '../python/package-name.ts';
import type { BuildSystem } from './types.ts';

/** Languages that a source is to be compiled from, and what shows it. */
export interface NativeSigns {
  /** `src/_speedups.c`, a requirement. Absent where everything looks like Python alone. */
  readonly compiler?: string;
  readonly rust?: string;
}

const compiledFiles = /\.(?:c|cc|cpp|cxx|f|f90|pyx|m4)$/i;
const compilingBackends = new Set([
  ...['cython', 'cffi', 'pybind11', 'nanobind', 'meson-python', 'scikit-build', 'scikit-build-core', 'swig', 'mypyc'],
  ...['numpy', 'oldest-supported-numpy', 'extension-helpers', 'cmake', 'ninja', 'setuptools-golang'],
]);
const rustBackends = new Set(['maturin', 'setuptools-rust']);
/** What is there to be looked at or tried, not to be built. */
const aside = /^(?:\.|docs?$|examples?$|tests?$|benchmarks?$|node_modules$)/i;
const mostFiles = 20_000;

/** Whether a source needs a compiler: by its files, its `setup.py`, and what it asks to be built with. */
export async function findNativeSigns(folder: string, system: BuildSystem): Promise<NativeSigns> {
  const names = system.requires.map((text) => normalizedName(/^[A-Za-z0-9._-]+/.exec(text)?.[0] ?? ''));
  const [files, setup] = await Promise.all([listFiles(folder), readFileOrNothing(join(folder, 'setup.py'))]);
  const compiling = names.find((name) => compilingBackends.has(name));
  const rusting = names.find((name) => rustBackends.has(name));
  const file = files.find((path) => compiledFiles.test(path));
  const crate = files.find((path) => path.endsWith('Cargo.toml'));
  const said = /\bext_modules\b|\bcffi_modules\b/.test(setup) ? '`setup.py` names extension modules' : undefined;
  const compiler =
    (file === undefined ? undefined : `\`${file}\``) ??
    said ??
    (compiling === undefined ? undefined : asked(compiling));
  const rust = rusting === undefined ? undefined : crate === undefined ? asked(rusting) : `\`${crate}\``;
  return { ...(compiler === undefined ? {} : { compiler }), ...(rust === undefined ? {} : { rust }) };
}

function asked(name: string): string {
  return `it is built with \`${name}\``;
}

async function listFiles(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined && found.length < mostFiles; folder = pending.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !aside.test(entry.name)) pending.push(path);
      else if (entry.isFile()) found.push(path);
    }
  }
  return found.sort();
}

/** Only a file itself: a link of a source may lead anywhere. */
async function readFileOrNothing(path: string): Promise<string> {
  return (await readOwnText(path, 1024 * 1024)) ?? '';
}

/** The text of a regular file, links not followed; undefined where there is none or it is larger than `limit` bytes. */
export async function readOwnText(path: string, limit: number): Promise<string | undefined> {
  const [folder, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.find((entry) => entry.name === name)?.isFile() !== true) return undefined;
  return (await lstat(path)).size > limit ? undefined : await readFile(path, 'utf8');
}
