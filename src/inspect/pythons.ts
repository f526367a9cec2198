import type { RootTree } from '../root/tree.ts';
import { searchPath } from './programs.ts';

/** A Python of the image, as `site` and `sysconfig` of CPython lay it out. Paths relative as in `FileFacts`. */
export interface ImagePython {
  /** By which it was found: `opt/venv/bin/python`. */
  readonly executable: string;
  /** The interpreter itself: `usr/bin/python3.13`. */
  readonly interpreter: string;
  /** Minor version: `3.13`. */
  readonly version: string;
  /** What its folders and extensions are called after: `3.13`, `3.13t` where it is free-threaded. */
  readonly suffix: string;
  /** `sys.prefix`: `opt/venv`, `usr`. */
  readonly prefix: string;
  /** Folders with distributions, in the order of `sys.path`, with those that `.pth` files add. */
  readonly siteFolders: readonly string[];
  /** Folders of the standard library. */
  readonly standardFolders: readonly string[];
  /** True where a `.pth` file runs code: modules may then come from anywhere. */
  readonly hasImportHooks: boolean;
}

interface Surroundings {
  readonly tree: RootTree;
  readonly env: ReadonlyMap<string, string>;
  readonly textOf: (path: string) => string | undefined;
}

/** Besides PATH: where images keep an interpreter. */
const usualFolders = ['opt/venv/bin', 'usr/local/bin', 'usr/bin', 'opt/conda/bin', 'opt/python/bin'];
/** A hostile folder could hold any number. */
const mostPythons = 20;

/** The Pythons of an image, that which `python` means on its PATH first; each interpreter and environment once. */
export function findPythons(around: Surroundings): readonly ImagePython[] {
  const folders = [...new Set([...searchPath(around.env), ...usualFolders])];
  const found = new Map<string, ImagePython>();
  for (const folder of folders) {
    const numbered = around.tree.children(folder).filter((name) => /^python3\.\d{1,2}t?$/.test(name));
    for (const name of ['python', 'python3', ...numbered]) {
      if (found.size >= mostPythons) return [...found.values()];
      const python = pythonAt(around, `${folder}/${name}`);
      if (python === undefined) continue;
      const key = `${python.prefix} ${python.suffix}`;
      if (!found.has(key)) found.set(key, python);
    }
  }
  return [...found.values()];
}

function pythonAt({ tree, env, textOf }: Surroundings, executable: string): ImagePython | undefined {
  const real = tree.resolve(executable);
  if (real === undefined || real.facts.type !== 'file') return undefined;
  const [, suffix, version] = /(?:^|\/)python((3\.\d{1,2})t?)$/.exec(real.path) ?? [];
  if (suffix === undefined || version === undefined) return undefined;
  const basePrefix = folderAbove(real.path);
  const environment = folderAbove(executable);
  const configuration = environment === '' ? undefined : textOf(`${environment}/pyvenv.cfg`);
  const prefix = configuration === undefined ? basePrefix : environment;
  const own = configuration === undefined ? [] : libraryFolders(prefix, suffix);
  const sharesBase =
    configuration === undefined || /^include-system-site-packages\s*=\s*true\s*$/im.test(configuration);
  const ofBase = sharesBase ? [...libraryFolders(basePrefix, suffix), ...debianFolders(basePrefix, suffix)] : [];
  const home = env.get('HOME');
  const ofUser = sharesBase && home !== undefined ? [inside(home, `.local/lib/python${suffix}/site-packages`)] : [];
  const sites = [...ofUser, ...own, ...ofBase].filter((folder) => isFolder(tree, folder));
  const { folders, hasImportHooks } = readPathFiles(tree, [...new Set(sites)], textOf);
  return {
    executable,
    interpreter: real.path,
    version,
    suffix,
    prefix,
    siteFolders: folders,
    standardFolders: ['lib', 'lib64']
      .map((lib) => inside(basePrefix, `${lib}/python${suffix}`))
      .filter((folder) => isFolder(tree, folder)),
    hasImportHooks,
  };
}

function libraryFolders(prefix: string, suffix: string): readonly string[] {
  return ['lib', 'lib64'].map((lib) => inside(prefix, `${lib}/python${suffix}/site-packages`));
}

/** Debian's own interpreter looks elsewhere (Debian Python policy, "Module path"). */
function debianFolders(prefix: string, suffix: string): readonly string[] {
  if (prefix !== 'usr') return [];
  return [`usr/local/lib/python${suffix}/dist-packages`, 'usr/lib/python3/dist-packages'];
}

/** What `.pth` files add (`site` of the standard library): a line is a folder, or code that begins with `import`. */
function readPathFiles(
  tree: RootTree,
  sites: readonly string[],
  textOf: (path: string) => string | undefined,
): { readonly folders: readonly string[]; readonly hasImportHooks: boolean } {
  const folders = new Set(sites);
  let hasImportHooks = false;
  for (const site of sites) {
    for (const name of tree.children(site)) {
      if (!name.endsWith('.pth')) continue;
      for (const line of (textOf(`${site}/${name}`) ?? '').split(/\r?\n/)) {
        const text = line.trim();
        if (text === '' || text.startsWith('#') || text.includes('\0')) continue;
        if (/^import[ \t]/.test(text)) {
          if (/__editable__/.test(`${name}${text}`)) hasImportHooks = true;
          continue;
        }
        const folder = text.startsWith('/') ? inside('', text) : inside(site, text);
        if (folder !== '' && isFolder(tree, folder)) folders.add(folder);
      }
    }
  }
  return { folders: [...folders], hasImportHooks };
}

function isFolder(tree: RootTree, path: string): boolean {
  return tree.resolve(path)?.facts.type === 'directory';
}

function inside(folder: string, path: string): string {
  return `${folder}/${path}`
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** `opt/venv` of `opt/venv/bin/python`. */
function folderAbove(executable: string): string {
  return executable.split('/').slice(0, -2).join('/');
}
