import { readTextIfThere } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import type { Engine } from './container.ts';
import { clientEngine } from './engine-client.ts';
import { findProgram, runProgram } from './program.ts';

const patienceSeconds = 20;

/** podman, where it answers. */
export async function findPodman(context: Context): Promise<Engine | undefined> {
  const path = await findProgram(context, 'podman');
  if (path === undefined) return undefined;
  const options = { env: context.env, timeoutSeconds: patienceSeconds, signal: context.signal };
  const { code, stdout } = await runProgram(path, ['info', '--format', '{{.Version.Version}}'], options);
  if (code !== 0 || !/^\d/.test(stdout)) return undefined;
  const limits = context.host.platform === 'linux' ? await ownLimits() : {};
  return clientEngine({ name: 'podman', path, hostNetwork: false, limits });
}

/**
 * What to ask podman for in place of its own limits, which a root without CAP_SYS_RESOURCE may not set: the container would
 * not start at all.
 */
async function ownLimits(): Promise<Readonly<Record<string, string>>> {
  const [own, pidMax] = await Promise.all(['/proc/self/limits', '/proc/sys/kernel/pid_max'].map(readTextIfThere));
  return parseLimits(own ?? '', Number(pidMax ?? Number.POSITIVE_INFINITY));
}

/**
 * Limits of open files and processes as `--ulimit` has them, from `/proc/PID/limits` (proc(5)). podman lowers its own limit
 * of processes to `pidMax`, and what it starts cannot have more.
 */
export function parseLimits(text: string, pidMax: number): Readonly<Record<string, string>> {
  const limit = (label: string): number[] => {
    const match = new RegExp(`^${label}\\s+(\\d+)\\s+(\\d+)\\s`, 'm').exec(text);
    return match === null ? [] : [Number(match[1]), Number(match[2])];
  };
  const files = limit('Max open files');
  const processes = limit('Max processes').map((count) => Math.min(count, pidMax));
  return {
    ...(files.length === 0 ? {} : { nofile: files.join(':') }),
    ...(processes.length === 0 ? {} : { nproc: processes.join(':') }),
  };
}
