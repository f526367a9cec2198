import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withDiskHint } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { systemErrorCode } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';

/** Does `work` with a folder of its own, and removes it. What a killed run left behind is removed before. */
export async function withRunRoom<T>(context: Context, work: (room: string) => Promise<T>): Promise<T> {
  const parent = join(context.cacheDir, 'run');
  const room = join(parent, `${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await makeFolder(parent);
    await removeAbandoned(parent);
    // Others must be able to enter: in a user namespace the process has another user's number.
    await mkdir(room, { mode: 0o755 });
  } catch (error) {
    throw withDiskHint(error, parent);
  }
  try {
    return await work(room);
  } finally {
    await removeTree(room);
  }
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^(\d+)-[0-9a-f]{12}$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) await removeTree(join(parent, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== 'ESRCH';
  }
}

/** Removes a folder whatever its modes are. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(systemErrorCode(error) ?? '')) throw error;
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function openFolders(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await openFolders(join(path, name));
}
