import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withDiskHint } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { startGuard } from '../guard.ts';
import { removeTree } from '../run-room.ts';
import { runProgram } from '../program.ts';

/**
 * Does `work` with a folder for the temporary files of a program of containers, where it would have put them itself, and removes it. What
 * may still be mounted in it is left alone.
 */
export async function withScratch<T>(context: Context, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = context.env['TMPDIR'] || '/var/tmp';
  const folder = join(parent, `tare-${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    throw withDiskHint(error, folder);
  });
  try {
    return await work(folder);
  } finally {
    if (context.host.platform === 'linux')
      await runProgram('rm', ['-rf', '--one-file-system', '--', folder], { env: context.env });
    else await removeTree(folder);
  }
}

/** Does `work` with a folder that only this user can enter; it is removed even when this process is killed. */
export async function withPrivateRoom<T>(
  context: Context,
  room: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(room, 'private');
  await mkdir(folder, { mode: 0o700 });
  const guard = await startGuard(context, ['rm', '-rf', '--', room]);
  try {
    return await work(folder);
  } finally {
    await removeTree(folder);
    guard.dismiss();
  }
}
