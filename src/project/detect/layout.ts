import type { Project } from '../project.ts';
import type { TomlDocument } from '../toml-document.ts';
import { joinPath } from './python-index.ts';
import { isTable, tableAt, valueAt } from './toml-reader.ts';

/** Where the import packages of a project are. */
export interface Layout {
  /** Relative folder; the empty text for the project folder. */
  readonly packageRoot: string;
  readonly packages: readonly string[];
  readonly modules: readonly string[];
}

export type LayoutFinding = Layout | { readonly problem: string } | undefined;

/** Follows the rules by which each build system finds the packages of a project. */
export function findLayout(project: Project, document: TomlDocument, name: string, backend: string): LayoutFinding {
  const view = makeView(project);
  const base = name.toLowerCase().replace(/[-_.]+/g, '_');
  if (backend.startsWith('hatchling')) return hatchLayout(view, document, base);
  if (backend.startsWith('poetry')) return poetryLayout(view, document, base);
  if (backend.startsWith('flit'))
    return namedLayout(view, textOf(document, 'tool', 'flit', 'module', 'name') ?? base, ['src', '']);
  if (backend.startsWith('uv_build') || backend === 'uv') return uvLayout(view, document, base);
  if (backend.startsWith('pdm')) return pdmLayout(view, document);
  return setuptoolsLayout(view, document);
}

interface View {
  readonly hasFile: (path: string) => boolean;
  /** Names of the folders directly in a folder that hold Python sources, directly or below. */
  readonly foldersIn: (folder: string) => readonly string[];
  readonly modulesIn: (folder: string) => readonly string[];
  readonly hasFolder: (folder: string) => boolean;
}

function makeView(project: Project): View {
  const paths = project.files.map(({ path }) => path);
  const known = new Set(paths);
  const sources = paths.filter((path) => /\.pyi?$/.test(path));
  const inside = (folder: string): readonly string[] => {
    const prefix = folder === '' ? '' : `${folder}/`;
    return sources.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  };
  return {
    hasFile: (path) => known.has(path),
    hasFolder: (folder) => inside(folder).length > 0,
    foldersIn: (folder) =>
      [
        ...new Set(
          inside(folder)
            .filter((path) => path.includes('/'))
            .map((path) => path.split('/')[0] ?? ''),
        ),
      ].toSorted(),
    modulesIn: (folder) =>
      inside(folder)
        .filter((path) => !path.includes('/') && path.endsWith('.py'))
        .map((path) => path.slice(0, -3)),
  };
}

function textOf(document: TomlDocument, ...path: readonly string[]): string | undefined {
  const value = valueAt(document, ...path);
  return typeof value === 'string' ? value : undefined;
}

function listOf(document: TomlDocument, ...path: readonly string[]): readonly string[] | undefined {
  const value = valueAt(document, ...path);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

/** The first folder that holds a package or a module of this name. */
function namedLayout(view: View, name: string, roots: readonly string[]): LayoutFinding {
  const [top = name] = name.split('.', 1);
  for (const packageRoot of roots) {
    if (view.hasFolder(joinPath(packageRoot, name.replaceAll('.', '/'))))
      return { packageRoot, packages: [top], modules: [] };
    if (view.hasFile(joinPath(packageRoot, `${name}.py`))) return { packageRoot, packages: [], modules: [name] };
  }
  return { problem: `neither a package nor a module \`${name}\` was found` };
}

function hatchLayout(view: View, document: TomlDocument, name: string): LayoutFinding {
  const target = ['tool', 'hatch', 'build', 'targets', 'wheel'];
  const listed =
    listOf(document, ...target, 'packages') ??
    listOf(document, 'tool', 'hatch', 'build', 'packages') ??
    listOf(document, ...target, 'only-include');
  if (listed !== undefined && listed.length > 0)
    return layoutOfPaths(view, listed, sourcesOf(document, [...target, 'sources']));
  if (valueAt(document, ...target, 'bypass-selection') === true) return { problem: 'its wheel holds no files' };
  const included = (
    listOf(document, ...target, 'include') ??
    listOf(document, 'tool', 'hatch', 'build', 'include') ??
    []
  ).map((path) => path.replace(/^\/|\/?\*\*.*$|\/$/g, ''));
  const found = namedLayout(view, name, ['src', '']);
  if (found !== undefined && 'problem' in found && included.length > 0)
    return layoutOfPaths(
      view,
      included.filter((path) => view.hasFolder(path)),
      [],
    );
  return found;
}

/** `sources = ["src"]` and `sources = {"src/foo" = "foo"}` cut folders off the paths. */
function sourcesOf(document: TomlDocument, path: readonly string[]): readonly string[] {
  const value = valueAt(document, ...path);
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string');
  return isTable(value) ? Object.keys(value).filter((key) => value[key] === '') : [];
}

/** Paths of packages: their last part is the package, what stands before it the folder. */
function layoutOfPaths(view: View, paths: readonly string[], sources: readonly string[]): LayoutFinding {
  const places = paths.map((raw) => {
    const path = raw.replace(/^\.?\//, '').replace(/\/$/, '');
    const source = sources
      .map((one) => one.replace(/\/$/, ''))
      .find((one) => path === one || path.startsWith(`${one}/`));
    const root = source ?? path.split('/').slice(0, -1).join('/');
    return { root, name: root === '' ? path : path.slice(root.length + 1), path };
  });
  const roots = new Set(places.map(({ root }) => root));
  const [packageRoot] = roots;
  if (packageRoot === undefined || roots.size > 1) return { problem: 'its packages lie in several folders' };
  const expanded = places.flatMap(({ name }) => (name === '' ? [...view.foldersIn(packageRoot)] : [name]));
  const names = expanded.map((name) => name.split('/')[0] ?? name);
  const packages = names.filter((name) => view.hasFolder(joinPath(packageRoot, name)));
  const modules = names
    .filter((name) => name.endsWith('.py') && view.hasFile(joinPath(packageRoot, name)))
    .map((name) => name.slice(0, -3));
  return finish(packageRoot, packages, modules);
}

function finish(packageRoot: string, packages: readonly string[], modules: readonly string[]): LayoutFinding {
  if (packages.length + modules.length === 0) return { problem: 'none of its packages was found' };
  return { packageRoot, packages: [...new Set(packages)].toSorted(), modules: [...new Set(modules)].toSorted() };
}

function poetryLayout(view: View, document: TomlDocument, name: string): LayoutFinding {
  const listed = valueAt(document, 'tool', 'poetry', 'packages');
  if (!Array.isArray(listed) || listed.length === 0) return namedLayout(view, name, ['', 'src']);
  const paths = listed.filter(isTable).map((item) => {
    const include = typeof item.include === 'string' ? item.include.replace(/\/?\*\*?.*$/, '') : '';
    const from = typeof item.from === 'string' ? item.from.replace(/\/$/, '') : '';
    return { from, name: include.split('/')[0] ?? include };
  });
  const roots = new Set(paths.map(({ from }) => from));
  const [packageRoot] = roots;
  if (packageRoot === undefined || roots.size > 1) return { problem: 'its packages lie in several folders' };
  const names = paths.flatMap((one) => (one.name === '' ? view.foldersIn(packageRoot) : [one.name]));
  const packages = names.filter((one) => view.hasFolder(joinPath(packageRoot, one)));
  const modules = names
    .filter((one) => view.hasFile(joinPath(packageRoot, one.endsWith('.py') ? one : `${one}.py`)))
    .map((one) => one.replace(/\.py$/, ''));
  return finish(
    packageRoot,
    packages,
    modules.filter((one) => !packages.includes(one)),
  );
}

function uvLayout(view: View, document: TomlDocument, name: string): LayoutFinding {
  const table = ['tool', 'uv', 'build-backend'];
  const root = (textOf(document, ...table, 'module-root') ?? 'src').replace(/\/$/, '');
  const value = valueAt(document, ...table, 'module-name');
  const names = [value].flat().filter((one) => typeof one === 'string');
  if (names.length <= 1) return namedLayout(view, names[0] ?? name, [root]);
  const packages = names.map((one) => one.split('.')[0] ?? one);
  return finish(
    root,
    packages.filter((one) => view.hasFolder(joinPath(root, one))),
    [],
  );
}

function pdmLayout(view: View, document: TomlDocument): LayoutFinding {
  const folder = textOf(document, 'tool', 'pdm', 'build', 'package-dir') ?? (view.hasFolder('src') ? 'src' : '');
  const listed = listOf(document, 'tool', 'pdm', 'build', 'includes');
  if (listed !== undefined && listed.length > 0)
    return layoutOfPaths(
      view,
      listed.map((path) => path.replace(/\/?\*\*?.*$/, '')),
      folder === '' ? [] : [folder],
    );
  return discover(view, folder.replace(/\/$/, ''));
}

function setuptoolsLayout(view: View, document: TomlDocument): LayoutFinding {
  const setuptools = ['tool', 'setuptools'];
  const mapped = textOf(document, ...setuptools, 'package-dir', '')
    ?.replace(/\/$/, '')
    .replace(/^\.$/, '');
  const modules = listOf(document, ...setuptools, 'py-modules');
  const packages = listOf(document, ...setuptools, 'packages');
  if (packages !== undefined || (modules !== undefined && modules.length > 0)) {
    const names = (packages ?? []).map((one) => one.split('.')[0] ?? one);
    const root = mapped ?? (names.some((one) => !view.hasFolder(one) && view.hasFolder(`src/${one}`)) ? 'src' : '');
    return finish(
      root,
      names.filter((one) => view.hasFolder(joinPath(root, one))),
      (modules ?? []).filter((one) => view.hasFile(joinPath(root, `${one}.py`))),
    );
  }
  const find = tableAt(document, ...setuptools, 'packages', 'find');
  const where = (listOf(document, ...setuptools, 'packages', 'find', 'where') ?? [])[0]?.replace(/^\.\/?|\/$/g, '');
  if (find !== undefined) {
    const include = listOf(document, ...setuptools, 'packages', 'find', 'include') ?? ['*'];
    const exclude = listOf(document, ...setuptools, 'packages', 'find', 'exclude') ?? [];
    const root = where ?? mapped ?? '';
    const needsMarker = find.namespaces === false;
    const found = view
      .foldersIn(root)
      .filter(
        (name) =>
          include.some((one) => matches(one, name)) &&
          !exclude.some((one) => matches(one, name)) &&
          (!needsMarker || view.hasFile(joinPath(root, `${name}/__init__.py`))),
      );
    return finish(root, found, []);
  }
  return discover(view, mapped ?? (view.hasFolder('src') ? 'src' : ''));
}

function matches(pattern: string, name: string): boolean {
  const [top = pattern] = pattern.split('.', 1);
  const source = top
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

const reservedFolders =
  /^(?:ci|bin|debian|docs?|documentation|manpages|news|newsfragments|changelog|tests?|unit_?tests?|examples?|scripts|tools|util|utils|python|build|benchmarks?|exercises?|htmlcov|tasks|fabfile|site_scons|migrations|alembic|static|templates|data|node_modules|[._].*)$/;
const reservedModules =
  /^(?:setup|conftest|tests?|examples?|build|toxfile|noxfile|pavement|dodo|tasks|fabfile|manage|[_.].*|.*_tests?|test_.*)$/;

/** Automatic discovery: every package of a `src` folder; in the project folder only where there is a single one. */
function discover(view: View, root: string): LayoutFinding {
  if (root !== '')
    return finish(
      root,
      view.foldersIn(root).filter((name) => !name.endsWith('.egg-info')),
      view.modulesIn(root),
    );
  const packages = view.foldersIn('').filter((name) => !reservedFolders.test(name) && /^\w+$/.test(name));
  if (packages.length === 1) return finish('', packages, []);
  if (packages.length > 1)
    return { problem: `it has several top-level packages (${packages.slice(0, 4).join(', ')}) and names none` };
  const modules = view.modulesIn('').filter((name) => !reservedModules.test(name));
  return modules.length === 1 ? finish('', [], modules) : { problem: 'no package was found' };
}
