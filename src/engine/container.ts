import type { Context } from '../base/context.ts';
import type { OutputSink } from './output.ts';
import type { EngineName, RunRequest } from './run-request.ts';

/** A process of an image that an engine started. */
export interface RunningContainer {
  /** Its exit code. Rejects with `ENGINE_FAILED` where it never ran. */
  readonly finished: Promise<number>;
  /** Sends a signal to the process. Does nothing once it has ended. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Ends what is left and gives back what the engine took. */
  readonly close: () => Promise<void>;
}

/** One way to run an image that is usable here and now. */
export interface Engine {
  readonly name: EngineName;
  /** The container's ports are those of the host. */
  readonly hostNetwork: boolean;
  readonly start: (context: Context, request: RunRequest, session: RunSession) => Promise<RunningContainer>;
}

/** What one run has for itself. */
export interface RunSession {
  /** Absolute path of an existing folder that is removed at the end. */
  readonly room: string;
  readonly output: OutputSink;
}

/** The command of the process: the entry point, and after it the request's command or the image's. */
export function commandOf(request: RunRequest): readonly string[] {
  return [...(request.image.config.entrypoint ?? []), ...(request.command ?? request.image.config.cmd)];
}

/** The whole environment of the process, by name. */
export function environmentOf(request: RunRequest): Record<string, string> {
  const env: Record<string, string> = {};
  for (const entry of request.image.config.env) {
    const at = entry.indexOf('=');
    if (at > 0) env[entry.slice(0, at)] = entry.slice(at + 1);
  }
  return { ...env, ...request.env };
}
