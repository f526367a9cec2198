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
  return clientEngine({ name: 'podman', path, hostNetwork: false, hostLimits: context.host.platform === 'linux' });
}
