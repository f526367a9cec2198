import type { ElfFacts } from '../elf/elf.ts';
import { multiarchOfMachine } from './multiarch.ts';
import type { FoundFile, RootTree } from './tree.ts';

export interface LoaderSettings {
  /** As in `ElfFacts`. Objects of other machines are passed over, as the loader does. */
  readonly machine: string;
  /** `LD_LIBRARY_PATH`: absolute folders. */
  readonly libraryPath: readonly string[];
  /** Folders of `ld.so.conf` and the loader's own, in their order. */
  readonly folders: readonly string[];
  /** The program of the process, whose libraries are there before any other object. */
  readonly program?: string;
}

export interface Loader {
  /** Loads the object at a path with all that it needs, as `dlopen` of the program would; `preloaded`: objects that are there already. */
  readonly load: (path: string, preloaded?: readonly string[]) => LoadResult;
}

export interface LoadResult {
  /** Real paths, the first being the object itself; those of the program are not among them. */
  readonly objects: readonly string[];
  readonly missing: readonly MissingLibrary[];
  readonly missingVersions: readonly MissingVersion[];
}

/** Paths from the object asked for to the one that needs something. */
type Chain = readonly string[];

export interface MissingLibrary {
  readonly soname: string;
  readonly chain: Chain;
}

export interface MissingVersion {
  readonly soname: string;
  readonly version: string;
  /** The library that was found and does not define the version. */
  readonly provider: string;
  readonly chain: Chain;
}

interface LoadedObject {
  readonly path: string;
  readonly elf: ElfFacts;
  readonly parent: LoadedObject | undefined;
}

/** What one process has loaded. */
interface Space {
  readonly byPath: Map<string, LoadedObject>;
  /** By soname and by the names that they were asked for. */
  readonly byName: Map<string, LoadedObject>;
}

/** What ld.so(8) would find in an image, read as data, for any architecture. */
export function createLoader(tree: RootTree, settings: LoaderSettings): Loader {
  const search = createSearch(tree, settings);
  const program = settings.program === undefined ? undefined : openObject(tree, settings, settings.program);
  const ground: Space = { byPath: new Map(), byName: new Map() };
  if (program !== undefined) loadAll(search, ground, program, undefined);
  return {
    load: (path, preloaded = []) => {
      const space: Space = { byPath: new Map(ground.byPath), byName: new Map(ground.byName) };
      for (const one of preloaded) {
        const found = openObject(tree, settings, one);
        if (found !== undefined) loadAll(search, space, found, program);
      }
      const object = openObject(tree, settings, path);
      if (object === undefined) return { objects: [], missing: [], missingVersions: [] };
      return loadAll(search, space, object, program);
    },
  };
}

function openObject(tree: RootTree, settings: LoaderSettings, path: string): LoadedObject | undefined {
  const found = tree.resolve(path);
  const elf = found?.facts.elf;
  if (found === undefined || elf === undefined || elf.machine !== settings.machine) return undefined;
  return { path: found.path, elf, parent: undefined };
}

/** Breadth first, as the loader orders objects (glibc, elf/dl-deps.c). */
function loadAll(search: Search, space: Space, first: LoadedObject, program: LoadedObject | undefined): LoadResult {
  const known = space.byPath.get(first.path);
  if (known !== undefined) return { objects: [first.path], missing: [], missingVersions: [] };
  const objects: LoadedObject[] = [first];
  const missing: MissingLibrary[] = [];
  enter(space, first);
  for (const object of objects) {
    for (const name of object.elf.needed) {
      if (space.byName.has(name)) continue;
      const found = search(name, object, program);
      if (found === undefined) {
        missing.push({ soname: name, chain: chainOf(object) });
        continue;
      }
      const loaded = space.byPath.get(found.path) ?? { ...found, parent: object };
      if (!space.byPath.has(found.path)) {
        enter(space, loaded);
        objects.push(loaded);
      }
      space.byName.set(name, loaded);
    }
  }
  return {
    objects: objects.map((one) => one.path),
    missing,
    missingVersions: objects.flatMap((object) => missingVersionsOf(space, object)),
  };
}

function enter(space: Space, object: LoadedObject): void {
  space.byPath.set(object.path, object);
  const { soname } = object.elf;
  if (soname !== undefined && !space.byName.has(soname)) space.byName.set(soname, object);
}

/** A library without any versions is taken as it is, with a word of the loader (glibc, elf/dl-version.c). */
function missingVersionsOf(space: Space, object: LoadedObject): MissingVersion[] {
  return object.elf.neededVersions.flatMap(({ library, version }) => {
    const provider = space.byName.get(library);
    if (provider === undefined || provider.elf.definedVersions.length === 0) return [];
    if (provider.elf.definedVersions.includes(version)) return [];
    return [{ soname: library, version, provider: provider.path, chain: chainOf(object) }];
  });
}

function chainOf(object: LoadedObject): Chain {
  const chain: string[] = [];
  for (let one: LoadedObject | undefined = object; one !== undefined; one = one.parent) chain.unshift(one.path);
  return chain;
}

type Found = Pick<LoadedObject, 'path' | 'elf'>;
type Search = (name: string, by: LoadedObject, program: LoadedObject | undefined) => Found | undefined;

/** The order of ld.so(8): RPATH of the object and of those that led to it, LD_LIBRARY_PATH, RUNPATH, cache and folders. */
function createSearch(tree: RootTree, settings: LoaderSettings): Search {
  const bySoname = once(() => sonamesOf(tree, settings));
  const usable = (found: FoundFile | undefined): Found | undefined => {
    const elf = found?.facts.elf;
    return found === undefined || elf === undefined || elf.machine !== settings.machine
      ? undefined
      : { path: found.path, elf };
  };
  const inFolders = (folders: readonly string[], name: string): Found | undefined => {
    for (const folder of folders) {
      const found = usable(tree.resolve(`${folder}/${name}`));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return (name, by, program) => {
    if (name.includes('/')) return usable(tree.resolve(expand(name, by, settings)));
    return (
      inFolders(rpathsOf(by, program, settings), name) ??
      inFolders(settings.libraryPath, name) ??
      inFolders(pathsIn(by.elf.runpath, by, settings), name) ??
      usable(bySoname().get(name)) ??
      inFolders(settings.folders, name)
    );
  };
}

function rpathsOf(by: LoadedObject, program: LoadedObject | undefined, settings: LoaderSettings): readonly string[] {
  if (by.elf.runpath !== undefined) return [];
  const folders: string[] = [];
  for (let one: LoadedObject | undefined = by; one !== undefined; one = one.parent) {
    folders.push(...ownRpath(one, settings));
  }
  return program === undefined ? folders : [...folders, ...ownRpath(program, settings)];
}

/** DT_RPATH counts only where there is no DT_RUNPATH. */
function ownRpath(object: LoadedObject, settings: LoaderSettings): readonly string[] {
  return object.elf.runpath === undefined ? pathsIn(object.elf.rpath, object, settings) : [];
}

function pathsIn(text: string | undefined, object: LoadedObject, settings: LoaderSettings): readonly string[] {
  if (text === undefined || text === '') return [];
  return text
    .split(':')
    .filter((part) => part !== '')
    .map((part) => expand(part, object, settings));
}

/** What the kernels say of themselves (`AT_PLATFORM`), where it is not the architecture's own name. */
const platforms = new Map([
  ['amd64', 'x86_64'],
  ['arm64', 'aarch64'],
  ['arm', 'v7l'],
  ['i386', 'i686'],
]);

/** Dynamic string tokens (ld.so(8), "Dynamic string tokens"). */
function expand(text: string, object: LoadedObject, settings: LoaderSettings): string {
  const origin = object.path.slice(0, object.path.lastIndexOf('/'));
  const platform = platforms.get(settings.machine) ?? settings.machine;
  return text
    .replaceAll(/\$ORIGIN\b|\$\{ORIGIN\}/g, () => `/${origin}`)
    .replaceAll(/\$PLATFORM\b|\$\{PLATFORM\}/g, () => platform)
    .replaceAll(/\$LIB\b|\$\{LIB\}/g, () => `lib/${multiarchOfMachine(settings.machine)}`);
}

/** The loader's cache, as ldconfig(8) makes it of the folders: by soname, the first folder wins. */
function sonamesOf(tree: RootTree, settings: LoaderSettings): ReadonlyMap<string, FoundFile> {
  const found = new Map<string, FoundFile>();
  for (const folder of settings.folders) {
    for (const name of tree.children(folder)) {
      if (!/^(?:lib|ld-).*\.so/.test(name)) continue;
      const file = tree.resolve(`${folder}/${name}`);
      const elf = file?.facts.elf;
      if (file === undefined || elf === undefined || elf.machine !== settings.machine) continue;
      const soname = elf.soname ?? name;
      if (!found.has(soname)) found.set(soname, file);
    }
  }
  return found;
}

function once<T>(work: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => (result ??= { value: work() }).value;
}
