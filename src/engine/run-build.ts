import type { Context } from '../base/context.ts';
import { runImage } from './run.ts';
import type { EngineName, RunnableImage, VolumeMount } from './run-request.ts';

/** A command that foreign code is built by, in a root of its own. */
export interface BuildCommand {
  readonly image: RunnableImage;
  readonly unpackRootfs: (dir: string) => Promise<void>;
  readonly writeDockerArchive: (file: string) => Promise<void>;
  readonly command: readonly string[];
  /** The whole environment: nothing of the caller's own goes along. */
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly VolumeMount[];
  /** After which everything is ended. */
  readonly seconds: number;
}

export interface BuildOutcome {
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** The last of what it said on both streams. */
  readonly log: string;
}

/** Those that need nobody else before those that are asked to take the root first. */
const engines: readonly EngineName[] = ['namespaces', 'runc', 'podman', 'docker'];

/** More than anybody reads of a failure. */
const longestLog = 256 * 1024;
/** As timeout(1) has it. */
const timeoutExit = 124;

/**
 * Runs a build: the root cannot be written, there is no network, and what it says is collected. The caller's signals and its abort
 * end it. Throws what `runImage` does.
 */
export async function runBuild(context: Context, build: BuildCommand): Promise<BuildOutcome> {
  const limit = AbortSignal.timeout(build.seconds * 1000);
  let log = Buffer.alloc(0);
  const { image, unpackRootfs, writeDockerArchive, command, env, volumes } = build;
  const running = runImage(
    { ...context, signal: AbortSignal.any([context.signal, limit]) },
    {
      image,
      unpackRootfs,
      writeDockerArchive,
      command,
      env,
      volumes,
      network: 'none',
      engines,
      ports: [],
      readOnly: true,
      remove: true,
      interactive: false,
      tty: false,
      onOutput: (_stream, bytes) => {
        log = Buffer.concat([log, bytes]);
        if (log.length > longestLog) log = log.subarray(log.length - longestLog);
      },
    },
  );
  try {
    const { exitCode } = await running;
    context.signal.throwIfAborted();
    return { exitCode, timedOut: limit.aborted, log: log.toString('utf8') };
  } catch (error) {
    context.signal.throwIfAborted();
    // The time may be over while the root is still made ready.
    if (limit.aborted) return { exitCode: timeoutExit, timedOut: true, log: log.toString('utf8') };
    throw error;
  }
}
