import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, sep } from 'node:path';
import type { TarEntry } from '../archive/tar-reader.ts';
import { isTareError, systemErrorCode } from '../base/errors.ts';
import { invalid, openRootfsTree, refusalOf, type RootfsTree, statOf } from './rootfs-tree.ts';

/** What is set on a folder when all is in it. */
export interface FolderFacts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

/** A root filesystem while layers are laid over each other. */
export interface Rootfs {
  readonly tree: RootfsTree;
  /** By absolute path. */
  readonly folders: Map<string, FolderFacts>;
  /** Sets owners; false once the system refused. */
  ownership: boolean;
}

export function openRootfs(root: string, ownership: boolean, where: string): Rootfs {
  return { tree: openRootfsTree(root, where), folders: new Map(), ownership };
}

const whiteoutPrefix = '.wh.';
const opaqueName = '.wh..wh..opq';
const aufsPrefix = '.wh..wh.';

/** Lays one layer over what is there (OCI image specification, layer.md: "Applying Changesets", "Whiteouts"). */
export async function applyLayer(
  rootfs: Rootfs,
  entries: AsyncIterable<TarEntry>,
  where: string,
  signal: AbortSignal,
): Promise<void> {
  /** Absolute paths that this layer wrote, with all their folders: whiteouts hide only what is below the layer. */
  const written = new Set<string>();
  for await (const entry of entries) {
    signal.throwIfAborted();
    try {
      if (!applyWhiteout(rootfs.tree, entry.path, written, where)) await writeEntry(rootfs, entry, written, where);
    } catch (error) {
      const refusal = isTareError(error) ? undefined : refusalOf(error);
      throw refusal === undefined ? error : invalid(entry.path, refusal, where);
    }
  }
}

function applyWhiteout(tree: RootfsTree, path: string, written: ReadonlySet<string>, where: string): boolean {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (!name.startsWith(whiteoutPrefix)) return false;
  const folder = path.slice(0, slash + 1);
  if (name === opaqueName) {
    const marker = tree.find(path);
    if (marker !== undefined) removeUnwritten(tree, marker.slice(0, -name.length - 1), written);
    return true;
  }
  // What else begins like this is bookkeeping of aufs.
  if (name.startsWith(aufsPrefix)) return true;
  const hidden = name.slice(whiteoutPrefix.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw invalid(path, 'it hides no name', where);
  const target = tree.find(`${folder}${hidden}`);
  if (target === undefined || statOf(target) === undefined) return true;
  if (!written.has(target)) tree.remove(target);
  else if (statOf(target)?.isDirectory() === true) removeUnwritten(tree, target, written);
  return true;
}

function removeUnwritten(tree: RootfsTree, folder: string, written: ReadonlySet<string>): void {
  if (statOf(folder)?.isDirectory() !== true) return;
  for (const child of tree.children(folder)) {
    if (!written.has(child)) tree.remove(child);
    else removeUnwritten(tree, child, written);
  }
}

async function writeEntry(rootfs: Rootfs, entry: TarEntry, written: Set<string>, where: string): Promise<void> {
  const { tree } = rootfs;
  const absolute = tree.place(entry.path);
  switch (entry.type) {
    case 'directory':
      makeFolder(tree, absolute);
      rootfs.folders.set(absolute, { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: entry.mtime });
      break;
    case 'file':
      await writeFile(rootfs, absolute, entry);
      break;
    case 'symlink':
      replacing(tree, absolute, () => symlinkSync(entry.linkTarget ?? '', absolute));
      own(rootfs, entry, () => lchownSync(absolute, entry.uid, entry.gid));
      lutimesSync(absolute, entry.mtime, entry.mtime);
      break;
    case 'hardlink':
      writeHardLink(rootfs, absolute, entry, where);
      break;
  }
  for (let path = absolute; !written.has(path); path = dirname(path)) written.add(path);
}

/** What the entry says of mode, owner and time holds for the file under all its names, as in every container engine. */
function writeHardLink(rootfs: Rootfs, absolute: string, entry: TarEntry, where: string): void {
  const { tree } = rootfs;
  const target = tree.find(entry.linkTarget ?? '');
  const found = target === undefined ? undefined : statOf(target);
  if (target === undefined || found === undefined) {
    throw invalid(entry.path, `it is a link to \`${entry.linkTarget}\`, which is not there`, where);
  }
  if (found.isDirectory()) throw invalid(entry.path, 'it is a hard link to a folder', where);
  // Making room would remove the file itself.
  if (target.startsWith(`${absolute}${sep}`))
    throw invalid(entry.path, 'it replaces the folder of its own target', where);
  if (target !== absolute) replacing(tree, absolute, () => linkSync(target, absolute));
  if (!found.isFile()) return;
  own(rootfs, entry, () => lchownSync(absolute, entry.uid, entry.gid));
  chmodSync(absolute, entry.mode);
  utimesSync(absolute, entry.mtime, entry.mtime);
}

async function writeFile(rootfs: Rootfs, absolute: string, entry: TarEntry): Promise<void> {
  const descriptor = replacing(rootfs.tree, absolute, () => openSync(absolute, 'wx', 0o600));
  try {
    for await (const chunk of entry.body) {
      for (let offset = 0; offset < chunk.byteLength; ) offset += writeSync(descriptor, chunk, offset);
    }
    own(rootfs, entry, () => fchownSync(descriptor, entry.uid, entry.gid));
    // After the owner: a change of owner takes away set-user-ID bits.
    fchmodSync(descriptor, entry.mode);
    futimesSync(descriptor, entry.mtime, entry.mtime);
  } finally {
    closeSync(descriptor);
  }
}

/** A folder that is there stays, with what is in it; anything else gives way, a link to a folder too. */
function makeFolder(tree: RootfsTree, absolute: string): void {
  const found = statOf(absolute);
  if (found?.isDirectory() === true) return;
  if (found !== undefined) tree.remove(absolute);
  mkdirSync(absolute, 0o755);
}

function replacing<T>(tree: RootfsTree, absolute: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    tree.remove(absolute);
    return make();
  }
}

/** Sets an owner where owners are wanted. A user namespace may not know the user: then the files stay with whoever unpacks. */
export function own(rootfs: Rootfs, facts: Pick<FolderFacts, 'uid' | 'gid'>, change: () => void): void {
  if (!rootfs.ownership || facts.uid < 0) return;
  try {
    change();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'EPERM' && code !== 'EINVAL') throw error;
    rootfs.ownership = false;
  }
}
