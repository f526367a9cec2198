import { ancestorsOf, joinPath, type PythonIndex, type PythonModule } from './python-index.ts';

export interface ModulePlace {
  /** `pkg.mod`. */
  readonly module: string;
  /** Folder that must be on `sys.path`, relative; the empty text for the project folder. */
  readonly importRoot: string;
  /** How many imports of the source itself are only found from that folder. */
  readonly proofs: number;
}

/**
 * How a source is imported: from the folder where most of its own absolute imports are found; else from the first folder above its
 * packages; `src` is never a package by itself.
 */
export function findImportPlace(index: PythonIndex, module: PythonModule): ModulePlace {
  const folders = ['', ...ancestorsOf(module.path)];
  const deepest = folders.length - 1 - mostDots(module);
  const usable = folders.slice(0, Math.max(1, deepest + 1)).filter((folder) => isImportable(module.path, folder));
  const counts = usable.map((folder) => ({ folder, proofs: countImports(index, module, folder) }));
  const most = Math.max(0, ...counts.map(({ proofs }) => proofs));
  const byPackages = packageRoot(index, folders);
  const best = counts.filter(({ proofs }) => proofs === most);
  const chosen =
    most > 0
      ? (best.find(({ folder }) => folder === byPackages) ?? best[0])
      : counts.find(({ folder }) => folder === byPackages);
  const folder = chosen?.folder ?? usable[0] ?? byPackages;
  return { importRoot: folder, module: moduleName(module.path, folder), proofs: most };
}

/** `pkg.mod` of a path as seen from a folder; a package's `__init__` is the package. */
export function moduleName(path: string, folder: string): string {
  const inner = folder === '' ? path : path.slice(folder.length + 1);
  return inner
    .replace(/\.py$/, '')
    .replace(/(?:^|\/)__init__$/, '')
    .replaceAll('/', '.');
}

function isImportable(path: string, folder: string): boolean {
  const name = moduleName(path, folder);
  return name !== '' && name.split('.').every((part) => /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(part));
}

function mostDots(module: PythonModule): number {
  let most = 0;
  for (const { module: name } of module.imports.values()) most = Math.max(most, /^\.*/.exec(name)?.[0].length ?? 0);
  return most;
}

function countImports(index: PythonIndex, module: PythonModule, folder: string): number {
  const found = new Set<string>();
  for (const binding of module.imports.values()) {
    if (binding.module.startsWith('.')) continue;
    const full = binding.name === undefined ? binding.module : `${binding.module}.${binding.name}`;
    const path = index.resolveIn(folder, full) ?? index.resolveIn(folder, binding.module);
    if (path !== undefined && path !== module.path) found.add(full);
  }
  return found.size;
}

/** The first folder upwards without `__init__.py`; a plain folder of sources counts as a package of the project, except `src`. */
function packageRoot(index: PythonIndex, folders: readonly string[]): string {
  const isPackage = (folder: string): boolean => index.has(joinPath(folder, '__init__.py'));
  let position = folders.length - 1;
  while (position > 0 && isPackage(folders[position] ?? '')) position -= 1;
  const root = folders[position] ?? '';
  const hasPackages = position < folders.length - 1;
  if (hasPackages || root === '' || isSourceFolder(root)) return root;
  return folders.slice(0, position).findLast((folder) => folder === '' || isSourceFolder(folder)) ?? '';
}

function isSourceFolder(folder: string): boolean {
  return /(?:^|\/)(?:src|lib|python)$/.test(folder);
}
