import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { isProcessAlive } from '../base/file-lock.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Unfinished downloads are continued by later runs, so they stay longer. */
const partialMs = 7 * dayMs;

const ownPattern = /^([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f]{16}\.tmp$/;

/** A new name that says who made it: host (hashed), process, and chance. */
export function temporaryName(): string {
  return `${hostMark()}-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;
}

/** Removes what killed processes left in `folder`: of a dead process of this host, or older than a day. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length === 0) return;
  const now = await fileSystemTime(folder);
  for (const name of names) {
    const path = join(folder, name);
    if (await isLeftover(path, name, now)) await rm(path, { recursive: true, force: true });
  }
}

async function isLeftover(path: string, name: string, now: number): Promise<boolean> {
  const [, host, pid] = ownPattern.exec(name) ?? [];
  if (host === hostMark() && pid !== undefined && !(await isProcessAlive(Number(pid)))) return true;
  try {
    const age = now - (await stat(path)).mtimeMs;
    return age > (name.endsWith('.partial') ? partialMs : dayMs);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The time by the clock that stamps the files, which on a network folder is another one. */
async function fileSystemTime(folder: string): Promise<number> {
  const probe = join(folder, temporaryName());
  try {
    await writeFile(probe, '');
    return (await stat(probe)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

/** Process numbers mean nothing on another host or in another container that shares the folder. */
function hostMark(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}
