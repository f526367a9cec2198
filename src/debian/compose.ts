import { basename } from 'node:path';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import { isElf, parseElf } from '../elf/elf.ts';
import { renderLoaderCache } from '../elf/loader-cache.ts';
import { type DebControl, type DebEntry, readDebControl, readDebData } from './deb.ts';
import { isModel, renderGeneratedFiles, renderStatusFiles } from './generated-files.ts';
import { canonicalPath, loaderFolders, rootLinks } from './root-layout.ts';
import { isWanted } from './selection.ts';

/** Which package a file has to be. */
export interface NamedPackage {
  readonly name: string;
  readonly version: string;
}

export interface ComposeOptions {
  readonly suite: string;
  readonly architecture: string;
  /** Minor version: `3.13`; absent where the packages have no Python. */
  readonly python?: string;
  /** Called once, after the last entry. */
  readonly onFacts?: (facts: BaseFacts) => void;
}

/** What is known of a base once it is composed. */
export interface BaseFacts {
  /** The newest date that a file in it carries, seconds since the epoch. */
  readonly newest: number;
  /** Absolute path; absent where the packages have no Python. */
  readonly interpreter?: string;
  /** What the loader finds by name, with absolute paths. */
  readonly libraries: readonly BaseLibrary[];
}

export interface BaseLibrary {
  readonly soname: string;
  readonly path: string;
  readonly machine: string;
}

/** What gathers while the packages are read. */
interface Composition {
  /** Paths that were given out, folders as far as they were, with who brought them. */
  readonly owners: Map<string, { readonly type: LayerEntry['type']; readonly owner: string }>;
  readonly models: Map<string, Uint8Array>;
  /** Shared objects by path, and what links point to, for the loader's cache. */
  readonly sonames: Map<string, { readonly soname: string; readonly machine: string }>;
  readonly status: LayerEntry[];
  newest: number;
}

/**
 * The root of an image from the `.deb` files of a core set: merged `/usr`, no documentation, and what maintainer scripts
 * would have made (`docs/debian-base.md`). The same packages give the same entries in the same order; folders come before
 * what is in them. One package is in memory at a time. Throws `DEB_MISMATCH`, `DEBIAN_FILE_CONFLICT` and what `readDebData` throws.
 */
export async function* composeBase(
  debs: readonly { readonly file: string; readonly package: NamedPackage }[],
  options: ComposeOptions,
): AsyncGenerator<LayerEntry, void, void> {
  const state: Composition = { owners: new Map(), models: new Map(), sonames: new Map(), status: [], newest: 0 };
  // First the package that says how folders are to be.
  const ordered = sortedBy(debs, (deb) => (deb.package.name === 'base-files' ? '' : deb.package.name));
  for (const deb of ordered) yield* packageEntries(state, deb.file, deb.package);
  const { newest } = state;
  for (const link of rootLinks(options.architecture)) {
    yield* place(
      state,
      { ...rootOwned(link.path, newest), type: 'symlink', mode: 0o777, linkTarget: link.target },
      'tare',
    );
  }
  for (const entry of renderGeneratedFiles(state.models, options.python, newest)) yield* place(state, entry, 'tare');
  for (const entry of state.status) yield* place(state, entry, 'tare');
  const libraries = librariesOf(state, options.architecture);
  yield* place(state, loaderCache(libraries, newest), 'tare');
  const { python } = options;
  options.onFacts?.({
    newest,
    ...(python === undefined ? {} : { interpreter: `/usr/bin/python${python}` }),
    libraries,
  });
}

async function* packageEntries(state: Composition, file: string, expected: NamedPackage): AsyncGenerator<LayerEntry> {
  const control = await readDebControl(file);
  assertSame(control, expected, file);
  const kept = new Set<string>();
  const contents = new Map<string, Uint8Array>();
  let newest = 0;
  for await (const entry of readDebData(file)) {
    const path = canonicalPath(entry.path);
    newest = Math.max(newest, entry.mtime);
    if (entry.type === 'file') contents.set(path, entry.bytes);
    if (isModel(path)) state.models.set(path, entry.bytes);
    if (!isWanted(path, entry.type)) continue;
    kept.add(path);
    for (const one of entriesOf(entry, path, kept, contents)) yield* place(state, one, expected.name);
    if (entry.type === 'file') noteLibrary(state, path, entry.bytes);
  }
  state.newest = Math.max(state.newest, newest);
  state.status.push(...renderStatusFiles(control, (path) => kept.has(canonicalPath(path)), newest));
}

/** The entry as it goes into the layer. A hard link to a file that is left out becomes that file. */
function entriesOf(
  entry: DebEntry,
  path: string,
  kept: ReadonlySet<string>,
  contents: Map<string, Uint8Array>,
): LayerEntry[] {
  const { type, mode, uid, gid, mtime, linkTarget } = entry;
  const common = { path, mode, uid, gid, mtime };
  switch (type) {
    case 'directory':
      return [{ ...common, type }];
    case 'file':
      return [{ ...common, type, content: { kind: 'bytes', bytes: entry.bytes } }];
    case 'symlink':
      return [{ ...common, type, mode: 0o777, linkTarget: linkTarget ?? '' }];
    case 'hardlink': {
      const target = canonicalPath(linkTarget ?? '');
      if (kept.has(target)) return [{ ...common, type, linkTarget: target }];
      const bytes = contents.get(target) ?? new Uint8Array(0);
      return [{ ...common, type: 'file', content: { kind: 'bytes', bytes } }];
    }
  }
}

/** Gives out an entry after the folders that lead to it, a folder only once. */
function* place(state: Composition, entry: LayerEntry, owner: string): Generator<LayerEntry> {
  if (linkedRoots.has(entry.path) && entry.type === 'symlink' && owner !== 'tare') return;
  const known = state.owners.get(entry.path);
  if (known !== undefined) {
    if (known.type === 'directory' && entry.type === 'directory') return;
    throw conflict(entry.path, known.owner, owner);
  }
  for (let slash = entry.path.indexOf('/'); slash >= 0; slash = entry.path.indexOf('/', slash + 1)) {
    const path = entry.path.slice(0, slash);
    const parent = state.owners.get(path);
    if (parent !== undefined && parent.type !== 'directory') throw conflict(path, parent.owner, owner);
    if (parent !== undefined) continue;
    state.owners.set(path, { type: 'directory', owner });
    yield { ...rootOwned(path, entry.mtime), type: 'directory', mode: 0o755 };
  }
  state.owners.set(entry.path, { type: entry.type, owner });
  yield entry;
}

/** base-files of trixie brings these itself. */
const linkedRoots = new Set(['usr/bin', 'usr/lib', 'usr/lib64', 'usr/sbin', 'run', 'run/lock']);

function rootOwned(path: string, mtime: number): Pick<LayerEntry, 'path' | 'uid' | 'gid' | 'mtime'> {
  return { path, uid: 0, gid: 0, mtime };
}

function noteLibrary(state: Composition, path: string, bytes: Uint8Array): void {
  const name = basename(path);
  if (!/^(?:lib|ld-).*\.so/.test(name) || !isElf(bytes)) return;
  const { type, machine, soname = name } = parseElf(bytes, path);
  if (type === 'shared') state.sonames.set(path, { soname, machine });
}

/** As ldconfig(8) finds them: by folder, the name being that of the object, where a file or link of that name is there. */
function librariesOf(state: Composition, architecture: string): BaseLibrary[] {
  return loaderFolders(architecture).flatMap((folder) => {
    const inside = [...state.sonames].filter(([path]) => path.slice(0, path.lastIndexOf('/')) === folder);
    return sortedBy(inside, ([path]) => path).flatMap(([path, { soname, machine }]) => {
      const named = `${folder}/${soname}`;
      return [{ soname, path: `/${state.owners.has(named) ? named : path}`, machine }];
    });
  });
}

/** The loader is given the paths that its own configuration names: through the links of the merged root. */
function loaderCache(libraries: readonly BaseLibrary[], mtime: number): LayerEntry {
  const named = libraries.map((library) => ({ ...library, path: library.path.replace(/^\/usr\/lib/, '/lib') }));
  const bytes = renderLoaderCache(named);
  return { ...rootOwned('etc/ld.so.cache', mtime), type: 'file', mode: 0o644, content: { kind: 'bytes', bytes } };
}

/** Throws `DEB_MISMATCH`. */
export function assertSame(control: DebControl, expected: NamedPackage, file: string): void {
  const actual = { name: control.fields.get('package'), version: control.fields.get('version') };
  if (actual.name === expected.name && actual.version === expected.version) return;
  throw new TareError({
    code: 'DEB_MISMATCH',
    message: `the Debian package ${expected.name} is another one inside than outside`,
    where: basename(file),
    expected: `${expected.name} ${expected.version}`,
    actual: `${actual.name ?? ''} ${actual.version ?? ''}`,
    hint: 'the mirror is broken: set another `mirror` in `[tool.tare.debian]`',
  });
}

function conflict(path: string, first: string, second: string): TareError {
  return new TareError({
    code: 'DEBIAN_FILE_CONFLICT',
    message: `two Debian packages bring \`/${path}\`: ${first} and ${second}`,
    hint: 'this is a fault of the packages or of tare: report it with the versions that `tare plan` shows',
  });
}
