import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, type CommandResult, type RunningCommand, startCommand } from './command.ts';
import type { NodeImage } from './node-image.ts';
import { engineModule, rootDir } from './paths.ts';

export interface RunnerOptions extends CommandOptions {
  /** A command that starts the process: another user, a terminal. */
  readonly through?: readonly string[];
  readonly cacheDir?: string;
}

export interface ImageRunner {
  /** Runs the image with an engine, or whichever there is, in a process of its own; `changes` are fields of the request. */
  readonly start: (
    engine: string | undefined,
    changes: Readonly<Record<string, unknown>>,
    options?: RunnerOptions,
  ) => Promise<RunningCommand>;
}

export const imageRunnerPlatform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

/** Gives `dir` its requests and cache; `env` is beside the caller's environment. */
export function imageRunner(
  dir: string,
  image: NodeImage,
  env: Readonly<Record<string, string | undefined>>,
): ImageRunner {
  let count = 0;
  return {
    start: async (engine, changes, options = {}) => {
      const file = join(dir, `request-${count++}.json`);
      const { rootfs, archive, config, configDigest } = image;
      const request = {
        image: { layoutDir: dir, platform: imageRunnerPlatform, config, configDigest },
        ...{ ports: [], env: {}, volumes: [], remove: true, interactive: false, tty: false },
        ...(engine === undefined ? {} : { engine }),
        ...changes,
      };
      const cacheDir = options.cacheDir ?? join(dir, 'cache');
      await writeFile(file, JSON.stringify({ module: engineModule, cacheDir, rootfs, archive, request }));
      const runner = join(rootDir, 'test/support/run-image.mjs');
      const [program = '', ...args] = [...(options.through ?? []), process.execPath, runner, file];
      const environment = { ...process.env, ...env, SECRET_OF_THE_HOST: 'x' };
      return startCommand(program, args, { timeout: 60_000, env: environment, ...options });
    },
  };
}

/** What the image's `report` said about its surroundings. */
export function reportOf(result: CommandResult) {
  // A terminal echoes before it.
  const line = /\{"uid".*\}/.exec(result.stdout)?.[0];
  if (line === undefined) throw new Error(`no report\n${result.stdout}\n${result.stderr}`);
  return JSON.parse(line);
}
