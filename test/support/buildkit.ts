import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, runCommand, startCommand } from './command.ts';
import { benchDir, makeTemporaryDir } from './paths.ts';

const tools = join(benchDir, 'tools', 'bin');

export interface TestBuildkit {
  /** `unix://…`, for `BUILDKIT_HOST` and `--builder`. */
  readonly address: string;
  /** A name that buildx knows it by, with `env`. */
  readonly builder: string;
  /** To be added to the environment of what uses it; its `PATH` has buildctl and buildx. */
  readonly env: Readonly<Record<string, string>>;
  /** What it is building or has mounted for a build right now, as `buildctl debug` lists it. */
  readonly running: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

export interface BuildkitOptions {
  /** `127.0.0.1:PORT`, which stands in for Docker's registry, and which may be pushed to. */
  readonly registry: string;
  /** Whether it finds that programs for other machines run here. @default where they do */
  readonly isEmulating?: false;
}

/** Starts a current BuildKit of its own, with everything it has in a temporary folder; steps of builds see the host's network. */
export async function startBuildkit({ registry, isEmulating }: BuildkitOptions): Promise<TestBuildkit> {
  const dir = await makeTemporaryDir('buildkit');
  const address = `unix://${join(dir, 's')}`;
  await writeFile(
    join(dir, 'config.toml'),
    [
      `root = ${JSON.stringify(join(dir, 'root'))}`,
      `[grpc]\naddress = [${JSON.stringify(address)}]`,
      '[worker.oci]\nnetworkMode = "host"',
      '[worker.containerd]\nenabled = false',
      `[registry."docker.io"]\nmirrors = ["${registry}"]`,
      `[registry."${registry}"]\nhttp = true`,
    ].join('\n\n'),
  );
  const daemon = startCommand(join(tools, 'buildkitd'), ['--config', join(dir, 'config.toml')], {
    timeout: 3_600_000,
    // It tries them there.
    ...(isEmulating === false ? { env: { ...process.env, TMPDIR: join(dir, 'nowhere') } } : {}),
  });
  const env = { BUILDX_CONFIG: join(dir, 'buildx'), DOCKER_CONFIG: join(dir, 'docker') };
  const builder = 'tare-test';
  try {
    await daemon.says(/running server on/, 60_000);
    await mustRun(join(tools, 'buildx'), ['create', '--name', builder, '--driver', 'remote', address], {
      env: { ...process.env, ...env },
    });
  } catch (error) {
    await daemon.stop();
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  return {
    address,
    builder,
    env,
    running: async () => {
      const args = ['--addr', address, 'debug', 'histories'];
      return (await runCommand(join(tools, 'buildctl'), args)).stdout;
    },
    stop: async () => {
      await daemon.stop(30_000);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
