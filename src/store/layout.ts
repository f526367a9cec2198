import { mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { temporaryBeside, withDiskHint, writeFileAtomically } from '../base/atomic-file.ts';
import { type Digest, digestHex } from '../base/digest.ts';
import { systemErrorCode } from '../base/errors.ts';
import { withFileLock } from '../base/file-lock.ts';
import { makeFolder } from '../base/make-folder.ts';
import { fileSize, layoutBlobPath } from '../oci/blob-check.ts';
import type { Image } from '../oci/image.ts';
import { type LayoutContents, layoutContents, refNameAnnotation } from './contents.ts';
import { moveFolder, occupantOf, outputExists, placeBlob, removeLeftoversBeside, replaceBlob } from './place.ts';
import { isLayout } from './read-layout.ts';

export interface WriteOptions {
  /** `hello:1.0`: names the image within what is written. */
  readonly refName?: string;
  readonly signal: AbortSignal;
}

export interface WrittenOutput {
  /** Of the image's manifest, or of the index over several. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** All was there already. */
  readonly unchanged: boolean;
}

/**
 * Writes an OCI image layout: new ones appear whole; an existing one is brought up to date so that it is whole at every moment.
 * Throws `OUTPUT_EXISTS` where something else is at `dir`.
 */
export async function writeLayout(
  dir: string,
  images: readonly Image[],
  options: WriteOptions,
): Promise<WrittenOutput> {
  const { refName, signal } = options;
  const contents = layoutContents(images, refName === undefined ? {} : { [refNameAnnotation]: refName });
  return writeLayoutContents(dir, contents, signal);
}

/** As `writeLayout`, for what is there already as manifests and blobs. */
export async function writeLayoutContents(
  dir: string,
  contents: LayoutContents,
  signal: AbortSignal,
): Promise<WrittenOutput> {
  const { digest, mediaType } = contents.root;
  try {
    const unchanged = await bringAbout(dir, contents, signal);
    return { digest, mediaType, unchanged };
  } catch (error) {
    throw withDiskHint(error, dir);
  }
}

/** Gives whether nothing was to be done. */
async function bringAbout(dir: string, contents: LayoutContents, signal: AbortSignal): Promise<boolean> {
  const occupant = await occupantOf(dir);
  if (occupant === 'nothing' || occupant === 'empty-folder') {
    if (await createLayout(occupant === 'nothing' ? dir : await realpath(dir), contents, signal)) return false;
  }
  if (!(await isLayout(dir))) throw outputExists(dir, 'it holds something other than an OCI image layout');
  if (await isUpToDate(dir, contents)) return true;
  await updateLayout(await realpath(dir), contents, signal);
  return false;
}

async function createLayout(dir: string, contents: LayoutContents, signal: AbortSignal): Promise<boolean> {
  await makeFolder(dirname(dir));
  await removeLeftoversBeside(dir);
  const temporary = temporaryBeside(dir);
  try {
    // By itself: on a read-only disk, making several folders at once fails with a code that says something else.
    await mkdir(temporary);
    await makeFolder(join(temporary, 'blobs', 'sha256'));
    for (const [digest, blob] of contents.blobs) {
      signal.throwIfAborted();
      await placeBlob(blob, layoutBlobPath(temporary, digest));
    }
    await writeFileAtomically(join(temporary, 'index.json'), contents.index);
    await writeFileAtomically(join(temporary, 'oci-layout'), contents.marker);
    return await moveFolder(temporary, dir);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function isUpToDate(dir: string, contents: LayoutContents): Promise<boolean> {
  if (!(await hasBytes(join(dir, 'index.json'), contents.index))) return false;
  const sizes = await Promise.all(
    [...contents.blobs].map(async ([digest, blob]) => (await fileSize(layoutBlobPath(dir, digest))) === blob.size),
  );
  return sizes.every((isRight) => isRight);
}

/** Blobs first, then the index that points at them, then away with what nothing points at. */
async function updateLayout(dir: string, contents: LayoutContents, signal: AbortSignal): Promise<void> {
  const lock = join(dirname(dir), `.${basename(dir)}.lock`);
  await withFileLock(
    lock,
    async () => {
      await makeFolder(join(dir, 'blobs', 'sha256'));
      for (const [digest, blob] of contents.blobs) {
        signal.throwIfAborted();
        const path = layoutBlobPath(dir, digest);
        if ((await fileSize(path)) !== blob.size) await replaceBlob(blob, path);
      }
      await writeFileAtomically(join(dir, 'index.json'), contents.index);
      await writeFileAtomically(join(dir, 'oci-layout'), contents.marker);
      await removeUnused(join(dir, 'blobs', 'sha256'), contents.blobs);
    },
    signal,
  );
}

async function removeUnused(folder: string, used: ReadonlyMap<Digest, unknown>): Promise<void> {
  const names = new Set([...used.keys()].map(digestHex));
  for (const name of await readdir(folder)) {
    if (!names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function hasBytes(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await readFile(path), bytes) === 0;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
