import { optionalNatives } from './optional-natives.ts';
import type { FileFacts } from './file-facts.ts';

/** Where the native code of an image begins: what is loaded by name, not because another object needs it. */
export interface NativeRoot {
  /** As in `FileFacts`. */
  readonly path: string;
  /**
   * `extension`: Python imports it. `standard`: the same, of the standard library. `ctypes`: a library that its distribution opens
   * itself, for no object leads to it. `program`: it is executed. `plug-in`: it is opened if at all.
   */
  readonly kind: 'extension' | 'standard' | 'ctypes' | 'program' | 'plug-in';
  readonly distribution?: string;
  /** Why it may be missing what it needs. */
  readonly because?: string;
}

export interface NativeRoots {
  /** What these need must be there. */
  readonly required: readonly NativeRoot[];
  /** What these need may be missing: shared objects that may be reached from the above, or never. */
  readonly optional: readonly NativeRoot[];
}

export interface NativeFolders {
  /** Minor version: `3.13`, `3.13t` where it is free-threaded. */
  readonly python: string;
  /** Folders on `sys.path` that hold distributions or the application, relative as in `FileFacts`. */
  readonly importFolders: readonly string[];
  /** Folders of the standard library's extensions: `usr/lib/python3.13/lib-dynload`. */
  readonly standardFolders: readonly string[];
  /** Folders whose programs are meant to be run, besides every `bin` and `sbin`. */
  readonly programFolders: readonly string[];
  /** The distribution that a file belongs to, by its RECORD. */
  readonly distributionOf: (path: string) => string | undefined;
  /** Why a file of a distribution need not load, besides what is known here; `inner`: below its folder on `sys.path`. */
  readonly whyOptional?: (distribution: string, inner: string) => string | undefined;
}

interface Candidate {
  readonly path: string;
  /** Below its folder on `sys.path`. */
  readonly inner: string;
  readonly distribution: string | undefined;
  /** Files of one distribution share it. */
  readonly group: string;
  /** The names that other objects may need it by. */
  readonly names: readonly string[];
  /** Why it need not load. */
  readonly because: string | undefined;
}

/**
 * Sorts ELF files into those whose needs must resolve and those that may fail (PEP 3149, `importlib.machinery.EXTENSION_SUFFIXES`).
 * Extensions for another Python are in neither. Pure: over the files of a whole image, or of wheels at their place in one.
 */
export function nativeRoots(files: Iterable<FileFacts>, folders: NativeFolders): NativeRoots {
  const required: NativeRoot[] = [];
  const optional: NativeRoot[] = [];
  const libraries: Candidate[] = [];
  const withExtensions = new Set<string>();
  /** By library: the groups that need it. */
  const neededBy = new Map<string, Set<string>>();
  /** Folders with modules beside. */
  const packages = new Set<string>();
  const importFolders = byLength(folders.importFolders);
  const standardFolders = new Set(folders.standardFolders.map(trimmed));
  const programFolders = new Set(folders.programFolders.map(trimmed));
  for (const file of files) {
    if (file.path.endsWith('/__init__.py')) packages.add(file.path.slice(0, file.path.lastIndexOf('/')));
    if (file.elf === undefined || (file.type !== 'file' && file.type !== 'hardlink')) continue;
    const { path } = file;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (isProgram(file)) {
      if (programFolders.has(folder) || /(?:^|\/)s?bin$/.test(folder)) {
        required.push({ path, kind: 'program', ...owner(folders.distributionOf(path)) });
      }
    } else if (standardFolders.has(folder)) {
      sortStandard(path, path.slice(folder.length + 1), folders.python, required, optional);
    } else {
      const on = importFolders.find((one) => path.startsWith(one));
      if (on === undefined) continue;
      const candidate = candidateOf(file, path.slice(on.length), folders);
      for (const name of file.elf.needed) neededBy.set(name, (neededBy.get(name) ?? new Set()).add(candidate.group));
      const importable = importability(candidate.inner, folders.python);
      if (importable === 'library') libraries.push(candidate);
      if (importable !== 'extension') continue;
      withExtensions.add(candidate.group);
      sortExtension(candidate, required, optional);
    }
  }
  const reachable = new Set([...withExtensions, ...libraries.filter((one) => isForOthers(one, neededBy)).map(groupOf)]);
  for (const one of libraries) {
    sortLibrary(one, reachable.has(one.group) && !isOpenedBeside(one, packages, neededBy), required, optional);
  }
  return { required, optional };
}

/** Shared objects are often executable and position-independent programs shared: a program asks for a loader, or is neither. */
function isProgram({ elf, mode, path }: FileFacts): boolean {
  if (elf === undefined || (mode & 0o111) === 0) return false;
  if (elf.type === 'executable') return true;
  return elf.type === 'shared' && elf.interpreter !== undefined && !/\.so(?:\.[\d.]+)?$/.test(path);
}

/** Whether Python would import the file by a name: `library` where it is a shared object of another kind. */
function importability(inner: string, python: string): 'extension' | 'library' | 'neither' {
  const parts = inner.split('/');
  const name = parts.pop() ?? '';
  if (!/\.so(?:\.\d[\w.-]*)?$/.test(name)) return 'neither';
  const [, module = '', tag] = /^([^.]+)(?:\.([^.]+))?\.so$/.exec(name) ?? [];
  if (tag !== undefined && tag !== 'abi3' && /^(?:cpython|pypy\d*|graalpy\d*)-/.test(tag)) {
    if (!new RegExp(`^cpython-${python.replace('.', '')}(?:-|$)`).test(tag)) return 'neither';
  } else if (tag !== undefined && tag !== 'abi3') return 'library';
  // The suffix alone says nothing: libraries to be opened by ctypes have it, too.
  const isModule = module !== '' && (tag !== undefined || !module.startsWith('lib'));
  return isModule && [...parts, module].every(isIdentifier) ? 'extension' : 'library';
}

function isIdentifier(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}

function candidateOf({ path, elf }: FileFacts, inner: string, folders: NativeFolders): Candidate {
  const distribution = folders.distributionOf(path);
  const first = inner.split('/', 1)[0] ?? '';
  const because =
    reasonOf(inner) ?? (distribution === undefined ? undefined : folders.whyOptional?.(distribution, inner));
  const names = [inner.slice(inner.lastIndexOf('/') + 1), ...(elf?.soname === undefined ? [] : [elf.soname])];
  return { path, inner, distribution, group: distribution ?? `/${first.replace(/\.libs$/, '')}`, names, because };
}

/** Some distributions hold nothing but the libraries of another (PyQt6-Qt6, nvidia-*), whose extensions lead to them. */
function isForOthers(one: Candidate, neededBy: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  return one.names.some((name) => [...(neededBy.get(name) ?? [])].some((group) => group !== one.group));
}

/** A `lib….so` among modules that no object needs is for these: imported as `paddle.base.libpaddle` is, or opened. */
function isOpenedBeside(
  { path, names }: Candidate,
  packages: ReadonlySet<string>,
  neededBy: ReadonlyMap<string, unknown>,
): boolean {
  return (
    path.endsWith('.so') &&
    packages.has(path.slice(0, Math.max(0, path.lastIndexOf('/')))) &&
    !names.some((name) => neededBy.has(name))
  );
}

function groupOf(one: Candidate): string {
  return one.group;
}

function sortStandard(
  path: string,
  name: string,
  python: string,
  required: NativeRoot[],
  optional: NativeRoot[],
): void {
  if (importability(name, python) !== 'extension') return;
  const because = reasonOf(name);
  if (because === undefined) required.push({ path, kind: 'standard' });
  else optional.push({ path, kind: 'standard', because });
}

function sortExtension(one: Candidate, required: NativeRoot[], optional: NativeRoot[]): void {
  const { because } = one;
  const root = { path: one.path, kind: 'extension', ...owner(one.distribution) } as const;
  if (because === undefined) required.push(root);
  else optional.push({ ...root, because });
}

function sortLibrary(one: Candidate, isReachable: boolean, required: NativeRoot[], optional: NativeRoot[]): void {
  const { path, inner, because } = one;
  const isAside = /(?:^|\/)plugins\//.test(inner) || /^[^/]+\.libs\//.test(inner);
  if (isReachable || isAside || because !== undefined) {
    optional.push({ path, kind: 'plug-in', ...owner(one.distribution), ...(because === undefined ? {} : { because }) });
  } else required.push({ path, kind: 'ctypes', ...owner(one.distribution) });
}

function reasonOf(inner: string): string | undefined {
  return optionalNatives.find((one) => one.pattern.test(inner))?.because;
}

function owner(distribution: string | undefined): { readonly distribution?: string } {
  return distribution === undefined ? {} : { distribution };
}

/** With a trailing slash, inner folders before those around them. The root itself is too wide to be searched. */
function byLength(folders: readonly string[]): readonly string[] {
  const wanted = new Set(folders.map(trimmed).filter((folder) => folder !== ''));
  return [...wanted].map((folder) => `${folder}/`).sort((left, right) => right.length - left.length);
}

function trimmed(folder: string): string {
  return folder.replace(/^\/+|\/+$/g, '');
}
