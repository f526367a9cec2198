import type { LayerEntry } from '../archive/layer-entry.ts';
import { sortedBy } from '../base/order.ts';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const root: Owner = { uid: 0, gid: 0 };

export function directoryEntry(path: string, mtime: number, owner: Owner = root): LayerEntry {
  return { path, type: 'directory', mode: 0o755, ...owner, mtime };
}

export function fileEntry(path: string, text: string | Uint8Array, mode: number, mtime: number): LayerEntry {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return { path, type: 'file', mode, ...root, mtime, content: { kind: 'bytes', bytes } };
}

export function symlinkEntry(path: string, linkTarget: string, mtime: number): LayerEntry {
  return { path, type: 'symlink', mode: 0o777, ...root, mtime, linkTarget };
}

/** A directory entry for every folder above the given paths, sorted. */
export function parentDirectories(paths: Iterable<string>, mtime: number): LayerEntry[] {
  const folders = new Set<string>();
  for (const path of paths) {
    let end = path.lastIndexOf('/');
    while (end > 0 && !folders.has(path.slice(0, end))) {
      folders.add(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1);
    }
  }
  return sortedBy(folders, (path) => path).map((path) => directoryEntry(path, mtime));
}
