import type { RootTree } from '../root/tree.ts';

/** Built into every CPython: no file holds them. */
const builtIn = new Set(['sys', 'builtins', 'time', 'itertools', 'gc', 'marshal', 'posix', 'errno', '_thread', '_io']);

/** Where the path of a module would lead an importer. */
export type ModuleSearch =
  | { readonly found: true; readonly path: string }
  | {
      readonly found: false /** The first part that is not there: `shop.wsgi` of `shop.wsgi.api`. */;
      readonly missing: string;
    };

/**
 * Finds a dotted module as `importlib.machinery.PathFinder` would, in folders of `sys.path`: packages, modules (with source, bytecode
 * or as extension) and namespace packages (PEP 420). Packages that extend their own path are followed.
 */
export function findModule(tree: RootTree, folders: readonly string[], module: string, python: string): ModuleSearch {
  if (builtIn.has(module)) return { found: true, path: module };
  const parts = module.split('.');
  let places = folders;
  let path = '';
  for (const [index, part] of parts.entries()) {
    const next: string[] = [];
    let leaf: string | undefined;
    for (const folder of places) {
      const inner = folder === '' ? part : `${folder}/${part}`;
      if (tree.resolve(inner)?.facts.type === 'directory') {
        next.push(inner);
        continue;
      }
      leaf ??= moduleFile(tree, folder, part, python);
    }
    const isLast = index === parts.length - 1;
    path = next[0] ?? leaf ?? '';
    if (path === '' || (!isLast && next.length === 0)) {
      return { found: false, missing: parts.slice(0, index + (path === '' ? 1 : 2)).join('.') };
    }
    places = next;
  }
  return { found: true, path };
}

function moduleFile(tree: RootTree, folder: string, name: string, python: string): string | undefined {
  if (name === '') return undefined;
  const prefix = folder === '' ? name : `${folder}/${name}`;
  for (const suffix of ['.py', '.pyc', '.abi3.so', '.so']) {
    if (tree.resolve(`${prefix}${suffix}`)?.facts.type === 'file') return `${prefix}${suffix}`;
  }
  const tagged = `${name}.cpython-${python.replace('.', '')}`;
  const extension = tree.children(folder).find((child) => child.startsWith(tagged) && child.endsWith('.so'));
  return extension === undefined ? undefined : `${folder}/${extension}`;
}
