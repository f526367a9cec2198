import { constants } from 'node:os';
import type { RunningContainer } from './container.ts';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL'] as const);
/** A process that ignored this many requests to end is killed by the next. */
const patience = 3;

/** Whether a signal asks a process to end. */
export function isEnding(signal: NodeJS.Signals): boolean {
  return ending.has(signal);
}

/**
 * Passes this process's signals on to the container until the returned function is called. `except` are those that the
 * terminal gives to the container itself.
 */
export function forwardSignals(
  target: Pick<RunningContainer, 'kill'>,
  except: readonly NodeJS.Signals[] = [],
): () => void {
  let endings = 0;
  const handlers = forwarded.map((signal) => {
    const handler = (): void => {
      if (isEnding(signal)) endings += 1;
      if (endings > patience) target.kill('SIGKILL');
      else if (!except.includes(signal)) target.kill(signal);
    };
    // Windows knows only some of them.
    if (signal in constants.signals) process.on(signal, handler);
    return { signal, handler };
  });
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}

/** The signal that an exit code above 128 tells of, as shells and engines have it. */
export function signalOfExitCode(exitCode: number): NodeJS.Signals | undefined {
  const known = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return known === undefined ? undefined : (known[0] as NodeJS.Signals);
}

/** The exit code that stands for a signal. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0);
}
