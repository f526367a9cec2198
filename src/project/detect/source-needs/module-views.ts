import type { PythonIndex } from '../python-index.ts';
import { makeModuleView, type ModuleView } from './module-view.ts';

/** Modules with what is in them, each read once. */
export interface ViewReader {
  readonly read: (path: string) => Promise<ModuleView>;
  /** Reads what a module imports of the project, so that its names can be followed. */
  readonly readImported: (view: ModuleView) => Promise<readonly ModuleView[]>;
  /** Reads the modules whose text has one of these names in it. */
  readonly readMentioning: (
    paths: readonly string[],
    names: readonly { readonly name: string }[],
  ) => Promise<readonly ModuleView[]>;
}

export function makeViewReader(index: PythonIndex): ViewReader {
  const views = new Map<string, ModuleView>();
  const viewOf = (path: string): ModuleView | undefined => views.get(path);
  const read = async (path: string): Promise<ModuleView> => {
    const view = views.get(path) ?? makeModuleView(await index.readModule(path), index, viewOf);
    views.set(path, view);
    return view;
  };
  const readImported = async (view: ModuleView): Promise<readonly ModuleView[]> => {
    const found = new Set<string>();
    for (const { module, name } of view.names.imports.values()) {
      const inner = name === undefined ? [] : [module.endsWith('.') ? module + name : `${module}.${name}`];
      for (const one of [module, ...inner]) {
        const path = index.resolveImport(view.module.path, one);
        if (path !== undefined && path !== view.module.path) found.add(path);
      }
    }
    const imported: ModuleView[] = [];
    for (const path of found) imported.push(await read(path));
    return imported;
  };
  return {
    read,
    readImported,
    readMentioning: async (paths, names) => {
      const wanted = new Set(names.map(({ name }) => name));
      const found: ModuleView[] = [];
      for (const path of paths) {
        const words = (await index.readText(path)).match(/[A-Za-z_]\w*/g) ?? [];
        if (!words.some((word) => wanted.has(word))) continue;
        const view = await read(path);
        await readImported(view);
        found.push(view);
      }
      return found;
    },
  };
}
