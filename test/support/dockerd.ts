import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, mustRun, runCommand, startCommand } from './command.ts';
import { makeTemporaryDir } from './paths.ts';

export interface TestDocker {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the containerd of this engine listens, which has images of its own. */
  readonly containerd: string;
  /** `docker ARGS` against this engine, which must succeed; gives its standard output. */
  readonly docker: (args: readonly string[], options?: CommandOptions) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export interface DockerdOptions {
  /** In a network namespace of its own: what listens on this machine's loopback cannot be reached from there. */
  readonly isSecluded?: boolean;
  /** `http://127.0.0.1:PORT`, which is asked before Docker's own registry. */
  readonly mirror?: string;
}

/** Starts a Docker engine of its own, with everything it has in a temporary folder and no network of its own. */
export async function startDockerd({ isSecluded = false, mirror }: DockerdOptions = {}): Promise<TestDocker> {
  const dir = await makeTemporaryDir('dockerd');
  const socket = `unix://${join(dir, 's')}`;
  const daemon = startCommand(
    isSecluded ? 'unshare' : 'dockerd',
    [
      ...(isSecluded ? ['--net', 'dockerd'] : []),
      '--iptables=false',
      '--bridge=none',
      '-H',
      socket,
      '--pidfile',
      join(dir, 'pid'),
      ...(mirror === undefined ? [] : ['--registry-mirror', mirror]),
    ].concat(['--data-root', join(dir, 'data'), '--exec-root', join(dir, 'exec')]),
    { timeout: 3_600_000 },
  );
  const env = { ...process.env, DOCKER_HOST: socket, DOCKER_BUILDKIT: '1', DOCKER_CONFIG: join(dir, 'config') };
  try {
    await daemon.says(/API listen on/, 60_000);
  } catch (error) {
    await daemon.stop();
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  return {
    env,
    containerd: join(dir, 'exec', 'containerd', 'containerd.sock'),
    docker: (args, options) => mustRun('/usr/bin/docker', args, { ...options, env }),
    stop: async () => {
      const { stdout } = await runCommand('/usr/bin/docker', ['ps', '-aq'], { env });
      const left = stdout.split('\n').filter((id) => id !== '');
      if (left.length > 0) await runCommand('/usr/bin/docker', ['rm', '-f', ...left], { env });
      await daemon.stop(30_000);
      // The engine leaves the network namespace of its containers mounted.
      await runCommand('umount', [join(dir, 'exec', 'netns', 'default')]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
