import { writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startCommand } from './command.ts';
import { freePort, request } from './http.ts';
import { makeTemporaryDir } from './paths.ts';

export interface TestRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly stop: () => Promise<void>;
}

/** Starts Debian's `docker-registry` on a free port of the loopback, with its storage in a temporary folder. */
export async function startRegistry(): Promise<TestRegistry> {
  const dir = await makeTemporaryDir('registry');
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: dir } },
    http: { addr: host },
  };
  await writeFile(join(dir, 'config.yml'), JSON.stringify(config));
  const server = startCommand('docker-registry', ['serve', join(dir, 'config.yml')], { timeout: 3_600_000 });
  await request(`http://${host}/v2/`, {
    patience: 20_000,
    stillWorthIt: () => {
      if (server.child.exitCode !== null) throw new Error(`docker-registry ended: ${server.output().stderr}`);
    },
  });
  return {
    host,
    stop: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
