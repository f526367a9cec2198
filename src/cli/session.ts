import { createContext, type MeteredContext } from '../api/context.ts';
import type { Log } from '../base/context.ts';
import { renderPlainText } from '../report/format.ts';
import type { SharedFlags } from './options.ts';
import { createProgressView, type ProgressView } from './progress/view.ts';
import type { CliHost } from './run-cli.ts';

/** The context of one command with its progress view, which `close` removes from the screen. */
export interface Session {
  readonly context: MeteredContext;
  readonly close: () => void;
}

/** Context, log and progress of a command; Ctrl-C and SIGTERM abort its signal once, a second one ends at once. */
export function openSession(flags: SharedFlags, host: CliHost): Session {
  const view = createProgressView(flags.progress ?? 'auto', process.stderr);
  const { signal } = host.controller;
  const interrupt = (): void => {
    if (signal.aborted) process.exit(130);
    host.controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const context = createContext({
    signal,
    log: logTo(view, flags.verbose ?? false),
    progress: view.progress,
    ...(flags.workers === undefined ? {} : { workers: flags.workers }),
    ...(flags.cacheDir === undefined ? {} : { cacheDir: flags.cacheDir }),
    ...(flags.offline === undefined ? {} : { offline: flags.offline }),
    ...(flags.refresh === undefined ? {} : { refresh: flags.refresh }),
  });
  return {
    context,
    close: () => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      view.close();
    },
  };
}

function logTo(view: ProgressView, verbose: boolean): Log {
  const print = (text: string): void => view.print(renderPlainText(text));
  return {
    warn: (message, hint) => print(`warning: ${message}${hint === undefined ? '' : `\nhint: ${hint}`}`),
    info: (message) => print(message),
    debug: (message) => {
      if (verbose) print(`debug: ${message}`);
    },
  };
}
