import { chmod, lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserIds } from './user.ts';

/** Who builds, where the caller is root: nobody of the machine. */
const unprivileged: UserIds = { uid: 65_532, gid: 65_532 };

/** Who foreign code is run as: the caller, so that what it writes is the caller's; for root somebody who owns nothing. */
export function buildUser(): UserIds {
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
  return uid === 0 ? unprivileged : { uid, gid };
}

/** Gives a folder with all in it to who builds, where the caller may. Links are not followed. */
export async function giveToBuildUser(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await chmod(folder, 0o755);
  const pending = [folder];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    await lchown(path, unprivileged.uid, unprivileged.gid);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) pending.push(inner);
      else await lchown(inner, unprivileged.uid, unprivileged.gid);
    }
  }
}
