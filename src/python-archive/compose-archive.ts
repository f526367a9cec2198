import { posix } from 'node:path';
import type { LayerEntry } from '../archive/layer-entry.ts';
import type { TarEntry } from '../archive/tar-reader.ts';
import { archiveInvalid } from './archive-error.ts';
import { type ArchiveFile, readArchiveEntries } from './archive-entries.ts';
import { isWantedOfArchive } from './archive-selection.ts';

/** Where the Python of an archive is in an image: absolute. */
export const archivePrefix = '/opt/python';

/** Raised whenever the same archive gives other entries. */
export const archiveVersion = 1;

/** 1980-01-01T00:00:00Z, as for wheels: no file is older. */
const earliestTime = 315_532_800;

/**
 * The entries of an archive at their place in an image, all owned by root: folders before what is in them, otherwise in
 * the archive's order, so that the same archive gives the same entries. One file is in memory at a time. Throws
 * `PYTHON_ARCHIVE_INVALID`.
 */
export async function* composeArchive(
  archive: ArchiveFile,
  needsLibrary: boolean,
): AsyncGenerator<LayerEntry, void, void> {
  const placed = new Map<string, LayerEntry['type']>();
  const links: LayerEntry[] = [];
  let folderTime = earliestTime;
  for await (const entry of readArchiveEntries(archive)) {
    // A folder without anything wanted in it is not made.
    if (entry.type === 'directory' || !isWantedOfArchive(entry.path, needsLibrary)) continue;
    const time = Math.max(earliestTime, entry.mtime);
    if (placed.size === 0) folderTime = time;
    if (entry.type === 'symlink') {
      links.push(await entryOf(entry, time));
      continue;
    }
    if (entry.type === 'hardlink' && !placed.has(inImage(entry.linkTarget ?? ''))) {
      throw archiveInvalid(
        archive.filename,
        `has a hard link to what an image does not need: \`python/${entry.path}\``,
      );
    }
    yield* foldersOf(placed, inImage(entry.path), folderTime);
    placed.set(inImage(entry.path), entry.type);
    yield await entryOf(entry, time);
  }
  for (const link of livingLinks(links, placed)) {
    yield* foldersOf(placed, link.path, folderTime);
    yield link;
  }
}

function inImage(path: string): string {
  return `${archivePrefix.slice(1)}/${path}`;
}

async function entryOf(entry: TarEntry, mtime: number): Promise<LayerEntry> {
  const common = { path: inImage(entry.path), uid: 0, gid: 0, mtime };
  switch (entry.type) {
    case 'symlink':
      return { ...common, type: 'symlink', mode: 0o777, linkTarget: entry.linkTarget ?? '' };
    case 'hardlink':
      return { ...common, type: 'hardlink', mode: modeOf(entry), linkTarget: inImage(entry.linkTarget ?? '') };
    default:
      return { ...common, type: 'file', mode: modeOf(entry), content: { kind: 'bytes', bytes: await bytesOf(entry) } };
  }
}

function modeOf({ mode }: TarEntry): number {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}

async function bytesOf(entry: TarEntry): Promise<Uint8Array> {
  const bytes = Buffer.alloc(entry.size);
  let at = 0;
  for await (const chunk of entry.body) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Every folder above a path that was not given out before. */
function* foldersOf(placed: Map<string, LayerEntry['type']>, path: string, mtime: number): Generator<LayerEntry> {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    if (placed.has(folder)) continue;
    placed.set(folder, 'directory');
    yield { path: folder, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime };
  }
}

/** Links whose target is there: what they pointed to may have been left out. */
function livingLinks(links: readonly LayerEntry[], placed: ReadonlyMap<string, unknown>): readonly LayerEntry[] {
  const living = new Set<string>(placed.keys());
  let kept: readonly LayerEntry[] = [];
  for (let before = -1; kept.length > before; ) {
    before = kept.length;
    kept = links.filter(({ path, linkTarget }) => living.has(posix.join(posix.dirname(path), linkTarget ?? '')));
    for (const { path } of kept) living.add(path);
  }
  return kept;
}
