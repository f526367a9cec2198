import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode, TareError } from './errors.ts';
import { makeFolder } from './make-folder.ts';

/** A name beside `path` that no other process uses, for writing first and renaming when whole. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/** Writes `path` whole or not at all, making its folder. */
export async function writeFileAtomically(path: string, data: Uint8Array | string, mode = 0o644): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await makeFolder(dirname(path));
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(data);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // Where its folder is a file, removing nothing is an error, too.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw withDiskHint(error, path);
  }
}

/** The text of a file, or undefined where there is none. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Turns a full disk, missing permission and a file in the way into errors of the family; leaves everything else as it is. */
export function withDiskHint(error: unknown, path: string): unknown {
  // What Node says where a file system is read-only and a folder is to be made with those above it.
  const isReadOnly = systemErrorCode(error) === 'ENOENT' && (error as NodeJS.ErrnoException).syscall === 'mkdir';
  switch (isReadOnly ? 'EROFS' : systemErrorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new TareError({
        code: 'DISK_FULL',
        message: `no space left to write \`${path}\``,
        hint: 'free some space, or point TARE_CACHE_DIR or --output to another disk',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new TareError({
        code: 'WRITE_DENIED',
        message: `no permission to write \`${path}\``,
        hint: 'choose another place with --output, or another cache with TARE_CACHE_DIR',
        cause: error,
      });
    case 'ENOTDIR':
      return new TareError({
        code: 'WRITE_DENIED',
        message: `\`${path}\` cannot be written: something that must be a folder is a file`,
        hint: 'choose another place with --output, or another cache with TARE_CACHE_DIR',
        cause: error,
      });
    default:
      return error;
  }
}
