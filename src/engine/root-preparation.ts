import { chmod, mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { withDiskHint } from '../base/atomic-file.ts';
import { commandOf, environmentOf, type RunSession } from './container.ts';
import { commandNotFound } from './engine-failure.ts';
import { type HostMount, prepareMounts } from './host-mounts.ts';
import { isExecutable } from './program.ts';
import { ensureFolder, resolveInRoot } from './rootfs.ts';
import type { RunRequest } from './run-request.ts';

export interface PreparedRoot {
  /** Absolute path on the host. */
  readonly root: string;
  readonly mounts: readonly HostMount[];
  readonly command: readonly string[];
  /** Absolute path in the container. */
  readonly workingDir: string;
}

/** Unpacks the image for this run alone and makes the places that a running process needs. */
export async function prepareRoot(request: RunRequest, session: RunSession): Promise<PreparedRoot> {
  const root = join(session.room, 'rootfs');
  const workingDir = request.image.config.workingDir === '' ? '/' : request.image.config.workingDir;
  try {
    await mkdir(root);
    await request.unpackRootfs(root);
    // The process has another user than the one that unpacked.
    await chmod(root, 0o755);
    const temporary = await ensureFolder(root, '/tmp');
    await chmod(temporary, 0o1777);
    await ensureFolder(root, workingDir);
    const mounts = await prepareMounts(root, request);
    return { root, mounts, workingDir, command: await resolveCommand(root, request, workingDir) };
  } catch (error) {
    throw withDiskHint(error, root);
  }
}

/** The command with its program as an absolute path, found as execvp(3) does with the container's PATH. */
async function resolveCommand(root: string, request: RunRequest, workingDir: string): Promise<readonly string[]> {
  const [program = '', ...args] = commandOf(request);
  const folders = program.includes('/') ? [workingDir] : (environmentOf(request)['PATH'] ?? '/usr/bin:/bin').split(':');
  for (const folder of program === '' ? [] : folders) {
    const path = program.startsWith('/') ? program : posix.join('/', folder, program);
    if (await isExecutable(await resolveInRoot(root, path))) return [program.includes('/') ? program : path, ...args];
  }
  throw commandNotFound(program, request.image.platform);
}
