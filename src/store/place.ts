import { constants } from 'node:fs';
import { chmod, copyFile, link, lstat, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { temporaryBeside } from '../base/atomic-file.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { isProcessAlive } from '../base/file-lock.ts';
import type { StoredBlob } from './contents.ts';

/** What refuses a hard link where a copy still works: another disk, a file system without links, too many of them, a policy. */
const unlinkable = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'UNKNOWN']);

/** Puts a blob at `target`, where nothing is yet: as a hard link if it can be, else as a copy that shares its blocks if it can. */
export async function placeBlob(blob: StoredBlob, target: string): Promise<void> {
  if (blob.kind === 'bytes') {
    await writeFile(target, blob.bytes, { flag: 'wx', mode: 0o444 });
    return;
  }
  await assertStillThere(blob.file, blob.size);
  try {
    await link(blob.file, target);
  } catch (error) {
    if (!unlinkable.has(systemErrorCode(error) ?? '')) throw error;
    await copyFile(blob.file, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  }
}

/** As `placeBlob`, in place of whatever file is at `target`, whole at every moment. */
export async function replaceBlob(blob: StoredBlob, target: string): Promise<void> {
  const temporary = temporaryBeside(target);
  try {
    await placeBlob(blob, temporary);
    await rename(temporary, target);
  } finally {
    // A rename between two links of one file does nothing and leaves both.
    await rm(temporary, { force: true });
  }
}

export type Occupant = 'nothing' | 'empty-folder' | 'folder' | 'file';

/** What is at `path`; links are followed. */
export async function occupantOf(path: string): Promise<Occupant> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return 'file';
    return (await readdir(path)).length === 0 ? 'empty-folder' : 'folder';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return (await isDanglingLink(path)) ? 'file' : 'nothing';
    if (systemErrorCode(error) === 'ENOTDIR') throw outputExists(dirname(path), 'it is a file, not a folder', error);
    throw error;
  }
}

/** Moves a whole folder to a free or empty place. False where somebody else was faster. */
export async function moveFolder(from: string, to: string): Promise<boolean> {
  try {
    if ((await occupantOf(to)) === 'empty-folder') await rmdir(to);
    await rename(from, to);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM') {
      if ((await occupantOf(to)) !== 'nothing') return false;
    }
    throw error;
  }
}

/** Removes what killed processes left beside `path` on the way to it. */
export async function removeLeftoversBeside(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const [, pid] = /^(\d{1,10})-[0-9a-f]{12}\.tmp$/.exec(name.slice(prefix.length)) ?? [];
    if (pid !== undefined && !(await isProcessAlive(Number(pid)))) {
      await removeTree(join(dirname(path), name));
    }
  }
}

/** Removes a file or folder with all in it, also where its folders forbid that to their own owner. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTEMPTY') throw error;
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(folder, entry.name));
  }
}

export function outputExists(path: string, reason: string, cause?: unknown): TareError {
  return new TareError({
    code: 'OUTPUT_EXISTS',
    message: `\`${path}\` is not replaced: ${reason}`,
    hint: `choose another place with --output, or move \`${path}\` away`,
    ...(cause === undefined ? {} : { cause }),
  });
}

async function isDanglingLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function assertStillThere(file: string, size: number): Promise<void> {
  const found = await stat(file).catch((error: unknown) => error);
  if (
    !(found instanceof Error) &&
    typeof found === 'object' &&
    found !== null &&
    'size' in found &&
    found.size === size
  )
    return;
  throw new TareError({
    code: 'BLOB_MISSING',
    message: `the blob \`${file}\` is gone or changed`,
    expected: `${size} bytes`,
    hint: 'build again: what is missing in the cache is made anew',
    ...(found instanceof Error ? { cause: found } : {}),
  });
}
