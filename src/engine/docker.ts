import type { Context } from '../base/context.ts';
import type { Engine } from './container.ts';
import { clientEngine } from './engine-client.ts';
import { listPrograms, runProgram } from './program.ts';

const patienceSeconds = 10;

/** The docker engine, where one answers to a client on PATH. */
export async function findDocker(context: Context): Promise<Engine | undefined> {
  for await (const path of listPrograms(context, ['docker'])) {
    const options = { env: context.env, timeoutSeconds: patienceSeconds, signal: context.signal };
    const { code, stdout } = await runProgram(path, ['info', '--format', '{{.ServerVersion}}'], options);
    // A client without an engine says so by its exit code only in newer versions; the answer is empty in all.
    if (code !== 0 || !/^\d/.test(stdout)) continue;
    const networks = await runProgram(path, ['network', 'ls', '--format', '{{.Driver}}'], options);
    const hostNetwork =
      context.host.platform === 'linux' && networks.code === 0 && !/^(bridge|nat)$/m.test(networks.stdout);
    return clientEngine({ name: 'docker', path, hostNetwork });
  }
  return undefined;
}
