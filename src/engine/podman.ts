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
  const limits =
    context.host.platform === 'linux' ? parseLimits((await readTextIfThere('/proc/self/limits')) ?? '') : {};
  return clientEngine({ name: 'podman', path, hostNetwork: false, limits });
}

/**
 * This process's limits of open files and processes, as `--ulimit` has them (proc(5), `/proc/PID/limits`). podman would
 * ask for more than a root without CAP_SYS_RESOURCE may set, and then not start at all.
 */
export function parseLimits(text: string): Readonly<Record<string, string>> {
  const limits: Record<string, string> = {};
  for (const [name, label] of [
    ['nofile', 'Max open files'],
    ['nproc', 'Max processes'],
  ] as const) {
    const match = new RegExp(`^${label}\\s+(\\d+)\\s+(\\d+)\\s`, 'm').exec(text);
    if (match !== null) limits[name] = `${match[1]}:${match[2]}`;
  }
  return limits;
}
