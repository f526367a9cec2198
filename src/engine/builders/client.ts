import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { startGuard } from '../guard.ts';
import { sendSignal } from '../host-process.ts';
import { notStarted } from '../program.ts';
import type { BuildSession } from './types.ts';

export interface ClientCall {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly input?: Readable;
  /** Asks the client to end, however it is best asked. @default SIGTERM to it and what it started */
  readonly stop?: (pid: number) => Promise<void>;
}

export interface ClientResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** The end of what it said on both streams, in the order in which it came. */
  readonly output: string;
}

/** More than a failing step says; what came before is dropped. */
const keptOutput = 1024 * 1024;
/** After which a client that was asked to end is killed. */
const graceMs = 20_000;

/**
 * Runs the client of a builder to its end, line by line. It has a process group of its own, so that Ctrl-C reaches it through tare
 * only, once; whatever becomes of tare, it does not outlive it for long. A failing exit is a result.
 */
export async function runClient(session: BuildSession, call: ClientCall): Promise<ClientResult> {
  const { signal } = session.context;
  signal.throwIfAborted();
  const isWindows = session.context.host.platform === 'win32';
  const child = spawn(call.file, call.args, {
    cwd: call.cwd,
    env: { ...call.env },
    detached: !isWindows,
    windowsHide: true,
    stdio: [call.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(call.file, error)));
    child.once('spawn', () => resolve(child.pid ?? -1));
  });
  const whole = isWindows ? pid : -pid;
  const output = collectLines([child.stdout, child.stderr], session.onLine);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const guard = await startGuard(session.context, ['kill', '-TERM', '--', String(whole)]);
  if (child.stdin !== null && call.input !== undefined) feed(call.input, child.stdin);
  let killer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    killer = setTimeout(() => sendSignal(whole, 'SIGKILL'), graceMs);
    const asked = call.stop?.(pid) ?? Promise.resolve(sendSignal(whole, 'SIGTERM'));
    asked.catch(() => sendSignal(whole, 'SIGTERM'));
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return { code: await ended, output: output() };
  } finally {
    clearTimeout(killer);
    signal.removeEventListener('abort', abort);
    guard.dismiss();
  }
}

/** A client that ends early reads no more; its exit code tells what matters. */
function feed(input: Readable, into: NodeJS.WritableStream): void {
  into.on('error', () => input.destroy());
  input.on('error', () => into.end());
  input.pipe(into);
}

function collectLines(streams: readonly (Readable | null)[], onLine: (line: string) => void): () => string {
  let kept = '';
  const add = (line: string): void => {
    kept += `${line}\n`;
    if (kept.length > 2 * keptOutput) kept = kept.slice(-keptOutput);
    onLine(line);
  };
  for (const stream of streams) {
    if (stream === null) continue;
    let open = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const lines = `${open}${text}`.split(/\r?\n/);
      // A line without an end is a bar that somebody draws.
      open = (lines.pop() ?? '').slice(-keptOutput);
      for (const line of lines) add(line);
    });
    stream.on('end', () => {
      if (open !== '') add(open);
    });
  }
  return () => kept;
}
