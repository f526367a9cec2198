import { chmodSync, chownSync, utimesSync } from 'node:fs';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { readTar } from '../archive/tar-reader.ts';
import { decodeZstd } from '../archive/zstd.ts';
import { temporaryBeside, withDiskHint, writeFileAtomically } from '../base/atomic-file.ts';
import type { Digest } from '../base/digest.ts';
import { systemErrorCode } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { compareText } from '../base/order.ts';
import { type Image, imageDigest, type ImageLayer } from '../oci/image.ts';
import { assertDiffId, layerSource, readLayer } from '../oci/layer-stream.ts';
import { applyLayer, openRootfs, own, type Rootfs } from './apply-layer.ts';
import { moveFolder, occupantOf, outputExists, removeLeftoversBeside, removeTree } from './place.ts';
import { statOf } from './rootfs-tree.ts';

export interface RootfsOptions {
  readonly signal: AbortSignal;
  /** Set owners; true for root unless told. */
  readonly ownership?: boolean;
}

export interface WrittenRootfs {
  /** Of the image's manifest. */
  readonly digest: Digest;
  readonly unchanged: boolean;
  /** Whether every file has the owner that the image gives it; unknown (true) where nothing was to be done. */
  readonly ownership: boolean;
}

/**
 * Unpacks an image's layers over each other into `dir`, which appears whole. What an earlier call made there of the same image is
 * left as it is, of another image is replaced; throws `OUTPUT_EXISTS` where anything else is.
 */
export async function writeRootfs(image: Image, dir: string, options: RootfsOptions): Promise<WrittenRootfs> {
  const digest = imageDigest(image);
  try {
    const earlier = await readNote(dir);
    const occupant = await occupantOf(dir);
    if (occupant === 'folder' && earlier?.digest === digest) return { digest, unchanged: true, ownership: true };
    if (occupant === 'file' || (occupant === 'folder' && earlier === undefined)) {
      throw outputExists(dir, 'it is no root filesystem that tare wrote');
    }
    return { digest, unchanged: false, ownership: await unpackInto(image, dir, digest, options) };
  } catch (error) {
    throw withDiskHint(error, dir);
  }
}

async function unpackInto(image: Image, dir: string, digest: Digest, options: RootfsOptions): Promise<boolean> {
  await makeFolder(dirname(dir));
  await removeLeftoversBeside(dir);
  const temporary = temporaryBeside(dir);
  const aside = temporaryBeside(dir);
  try {
    await mkdir(temporary);
    const rootfs = openRootfs(temporary, options.ownership ?? process.getuid?.() === 0, dir);
    for (const layer of image.layers) await unpackLayer(rootfs, layer, options.signal);
    finishFolders(rootfs, temporary);
    if ((await occupantOf(dir)) === 'folder') await rename(dir, aside);
    await writeNote(dir, temporary, digest);
    if (!(await moveFolder(temporary, dir)) && (await readNote(dir))?.digest !== digest) {
      throw outputExists(dir, 'something else was put there meanwhile');
    }
    return rootfs.ownership;
  } finally {
    for (const leftover of [temporary, aside]) await removeTree(leftover);
  }
}

/** Lays layers over a root that is there; files of it that they replace are made anew, so that others may share them. */
export async function addLayers(layers: readonly ImageLayer[], dir: string, signal: AbortSignal): Promise<void> {
  const rootfs = openRootfs(dir, false, dir);
  for (const layer of layers) await unpackLayer(rootfs, layer, signal);
  finishFolders(rootfs, dir);
}

async function unpackLayer(rootfs: Rootfs, layer: ImageLayer, signal: AbortSignal): Promise<void> {
  const { descriptor } = layer;
  let actual: Digest | undefined;
  const stream = readLayer(await layerSource(layer), { decodeZstd, signal, onDiffId: (found) => (actual = found) });
  const where = `layer ${descriptor.digest}`;
  // Engines make their own devices.
  await applyLayer(rootfs, readTar(stream, where, { withoutDevices: true }), where, signal);
  assertDiffId(layer, actual);
}

/** Modes and times of folders, the deepest first: a folder that may not be written must be filled before, and filling changes its time. */
function finishFolders(rootfs: Rootfs, root: string): void {
  const folders = [...rootfs.folders].sort(([left], [right]) => compareText(right, left));
  for (const [absolute, facts] of folders) {
    const path = relative(root, absolute).replaceAll(sep, '/');
    // A later layer may have put something else, even a link, in its place or on the way to it.
    if (rootfs.tree.find(path) !== absolute || statOf(absolute)?.isDirectory() !== true) continue;
    own(rootfs, facts, () => chownSync(absolute, facts.uid, facts.gid));
    chmodSync(absolute, facts.mode);
    utimesSync(absolute, facts.mtime, facts.mtime);
  }
}

/** Kept beside the folder, so that nothing is in it that is not the image's: which image, and which folder. */
interface Note {
  readonly digest: string;
  readonly inode: string;
}

function notePath(dir: string): string {
  return join(dirname(dir), `.${basename(dir)}.tare-rootfs.json`);
}

async function writeNote(dir: string, folder: string, digest: Digest): Promise<void> {
  const note: Note = { digest, inode: await inodeOf(folder) };
  await writeFileAtomically(notePath(dir), JSON.stringify(note));
}

/** What the note says, where it is about the very folder that is at `dir` now. */
async function readNote(dir: string): Promise<Note | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(notePath(dir), 'utf8'));
    if (typeof value !== 'object' || value === null || !('digest' in value) || !('inode' in value)) return undefined;
    const { digest, inode } = value;
    if (typeof digest !== 'string' || typeof inode !== 'string' || inode !== (await inodeOf(dir))) return undefined;
    return { digest, inode };
  } catch (error) {
    const code = systemErrorCode(error);
    if (error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function inodeOf(folder: string): Promise<string> {
  // A new folder may get the number of one that was removed, but not its time of birth.
  const { dev, ino, birthtimeNs } = await stat(folder, { bigint: true });
  return `${dev}:${ino}:${birthtimeNs}`;
}
