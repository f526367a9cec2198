import { spawn } from 'node:child_process';
import type { Context } from '../base/context.ts';
import { notStarted } from './program.ts';

export interface Guard {
  readonly dismiss: () => void;
}

/**
 * Runs a command when this process ends before the guard is dismissed, even when it is killed: a shell waits for the end
 * of a pipe that only this process holds. Does nothing on Windows.
 */
export async function startGuard(context: Context, command: readonly string[]): Promise<Guard> {
  if (context.host.platform === 'win32') return { dismiss: () => undefined };
  const script = 'read -r word; test "$word" = dismissed || exec "$@"';
  const child = spawn('/bin/sh', ['-c', script, 'guard', ...command], {
    env: { ...context.env },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted('/bin/sh', error)));
    child.once('spawn', () => resolve());
  });
  child.unref();
  // The guard may be gone already, killed by somebody: then there is nobody to dismiss.
  child.stdin.on('error', () => undefined);
  return { dismiss: () => void child.stdin.end('dismissed\n') };
}
