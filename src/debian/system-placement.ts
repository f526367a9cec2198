import type { LayerEntry } from '../archive/layer-entry.ts';
import { TareError } from '../base/errors.ts';
import type { FileFacts } from '../root/file-facts.ts';
import { factsOfBytes } from '../root/observe.ts';
import type { RootTree } from '../root/tree.ts';
import { canonicalPath, isMergedFolder } from './root-layout.ts';

/** Who brings a file. */
export interface Owner {
  readonly name: string;
  /** Packages whose files it may take over (Debian Policy 7.6.1). */
  readonly replaces: ReadonlySet<string>;
}

/** tare itself: it may write anew what it makes from what is there. */
export const tareOwner: Owner = { name: 'tare', replaces: new Set() };

/** Where files of added packages go on top of a base, and what was put there. */
export interface Placement {
  /** The path that a path of a package has in the image: through the links of the base's folders. */
  readonly locate: (path: string, type: LayerEntry['type']) => string;
  /** Gives out an entry, its path located, after folders that lead to it and that nobody has. Throws `DEBIAN_FILE_CONFLICT`. */
  readonly place: (entry: LayerEntry, owner: Owner) => Generator<LayerEntry>;
  /** Whether a package that was placed brings something at this place. */
  readonly ownerOf: (path: string) => string | undefined;
  /** The facts of all that was given out. */
  readonly facts: () => readonly FileFacts[];
}

interface Placed {
  readonly entry: LayerEntry;
  readonly owner: Owner;
}

export function createPlacement(base: RootTree): Placement {
  const placed = new Map<string, Placed>();
  const facts: FileFacts[] = [];
  const folders = new Map<string, string>();

  /** A folder's real place. */
  function realFolder(path: string): string {
    if (path === '') return '';
    const known = folders.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const parent = realFolder(slash < 0 ? '' : path.slice(0, slash));
    const own = `${parent === '' ? '' : `${parent}/`}${path.slice(slash + 1)}`;
    const real = throughLink(own);
    folders.set(path, real);
    return real;
  }
  function throughLink(path: string): string {
    const there = base.find(path);
    if (there === undefined) return isMergedFolder(path) ? canonicalPath(path) : path;
    if (there.type !== 'symlink') return path;
    const found = base.resolve(path);
    if (found === undefined) return canonicalPath(path);
    return found.facts.type === 'directory' ? found.path : path;
  }
  function locate(path: string, type: LayerEntry['type']): string {
    const slash = path.lastIndexOf('/');
    const parent = realFolder(slash < 0 ? '' : path.slice(0, slash));
    const own = `${parent === '' ? '' : `${parent}/`}${path.slice(slash + 1)}`;
    return type === 'directory' ? throughLink(own) : own;
  }

  function* place(entry: LayerEntry, owner: Owner): Generator<LayerEntry> {
    // A folder of the root that the base has as a link, or that is a link on every merged system.
    if (entry.type === 'symlink' && isMergedFolder(entry.path)) return;
    const known = placed.get(entry.path);
    if (known !== undefined && !takesOver(known, entry, owner)) return;
    if (known === undefined && !isFreeIn(base, entry, owner)) return;
    for (let slash = entry.path.indexOf('/'); slash >= 0; slash = entry.path.indexOf('/', slash + 1)) {
      yield* parent(entry.path.slice(0, slash), entry.mtime, owner);
    }
    yield give(entry, owner);
  }
  function* parent(path: string, mtime: number, owner: Owner): Generator<LayerEntry> {
    const known = placed.get(path);
    if (known !== undefined && known.entry.type !== 'directory') throw conflict(path, known.owner.name, owner.name);
    const there = known === undefined ? base.find(path) : undefined;
    if (there !== undefined && there.type !== 'directory') throw conflict(path, 'the base', owner.name);
    if (known === undefined && there === undefined) {
      yield give({ path, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime }, owner);
    }
  }
  function give(entry: LayerEntry, owner: Owner): LayerEntry {
    placed.set(entry.path, { entry: { ...entry, ...(entry.content === undefined ? {} : { content: none }) }, owner });
    const { content } = entry;
    facts.push(factsOfBytes(entry, content?.kind === 'bytes' ? content.bytes : new Uint8Array(0)));
    return entry;
  }
  return { locate, place, ownerOf: (path) => placed.get(path)?.owner.name, facts: () => facts };
}

const none = { kind: 'bytes', bytes: new Uint8Array(0) } as const;

/** Whether an entry takes the place of one that was given out; not where it is the same. */
function takesOver(known: Placed, entry: LayerEntry, owner: Owner): boolean {
  if (known.entry.type === 'directory' && entry.type === 'directory') return false;
  if (entry.type === 'symlink' && known.entry.type === 'symlink' && entry.linkTarget === known.entry.linkTarget)
    return false;
  // What replaces others comes first: a layer cannot hold a file twice.
  if (known.owner.replaces.has(owner.name) || owner.name === tareOwner.name) return false;
  throw conflict(entry.path, known.owner.name, owner.name);
}

/** Whether the place is free in the base. A folder, the same link or, as far as can be seen, the same file stay as they are. */
function isFreeIn(base: RootTree, entry: LayerEntry, owner: Owner): boolean {
  const there = base.find(entry.path);
  if (there === undefined) return true;
  if (there.type === 'directory' || entry.type === 'directory') {
    if (there.type === entry.type) return false;
    throw conflict(entry.path, 'the base', owner.name);
  }
  if (owner.name === tareOwner.name) return true;
  if (entry.type === 'symlink' && there.type === 'symlink' && entry.linkTarget === there.linkTarget) return false;
  if (entry.type === 'file' && there.type === 'file' && isSameFile(there, entry)) return false;
  throw conflict(entry.path, 'the base', owner.name);
}

/** The base's bytes are not at hand: size and what an ELF file or script says of itself have to do. */
function isSameFile(there: FileFacts, entry: LayerEntry): boolean {
  const { content } = entry;
  if (content?.kind !== 'bytes' || content.bytes.length !== there.size) return false;
  const facts = factsOfBytes(entry, content.bytes);
  return JSON.stringify([facts.elf, facts.shebang]) === JSON.stringify([there.elf, there.shebang]);
}

function conflict(path: string, first: string, second: string): TareError {
  const isBase = first === 'the base';
  return new TareError({
    code: 'DEBIAN_FILE_CONFLICT',
    message: isBase
      ? `the Debian package ${second} brings \`/${path}\`, which the base has in another form`
      : `two Debian packages bring \`/${path}\`: ${first} and ${second}`,
    hint: isBase
      ? `leave the package out with \`exclude-system-packages = ["${second}"]\`, or take a base without the file`
      : `leave one of them out with \`exclude-system-packages\`: they cannot be installed together`,
  });
}
