import { join } from 'node:path';
import { startCommand } from './command.ts';
import { freePort, request } from './http.ts';
import { benchDir } from './paths.ts';

export interface IndependentRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly stop: () => Promise<void>;
}

/** Starts the registry of go-containerregistry, which keeps everything in memory, on a free port of the loopback. */
export async function startIndependentRegistry(): Promise<IndependentRegistry> {
  const port = await freePort();
  const server = startCommand(join(benchDir, 'tools/bin/registry'), ['-port', String(port)], {
    timeout: 3_600_000,
  });
  const host = `127.0.0.1:${port}`;
  await request(`http://${host}/v2/`, {
    patience: 20_000,
    stillWorthIt: () => {
      if (server.child.exitCode !== null) throw new Error(`the registry ended: ${server.output().stderr}`);
    },
  });
  return {
    host,
    stop: async () => {
      await server.stop();
    },
  };
}
