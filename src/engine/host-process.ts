import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { RunSession } from './container.ts';
import { notStarted, runProgram } from './program.ts';
import type { OutputStream, RunRequest } from './run-request.ts';
import { exitCodeOfSignal } from './signals.ts';

export interface HostProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly request: RunRequest;
  readonly session: RunSession;
  /** Absolute path of `mkfifo`: the output then goes through true pipes, which `/dev/stdout` can be opened on. */
  readonly mkfifo?: string;
  /** Give the process a pipe as descriptor 3 and collect what it writes there. */
  readonly status?: boolean;
}

export interface HostProcess {
  readonly pid: number;
  /** Exit code, once its output has been read. Rejects where the program cannot be started. */
  readonly finished: Promise<number>;
  /** What came over descriptor 3 until now. */
  readonly status: () => string;
}

/** Starts a program with the streams of the request. Without a terminal it is in a session of its own: signals reach it through tare only, once. */
export async function startHostProcess(options: HostProcessOptions): Promise<HostProcess> {
  const { request, session } = options;
  const pipes = session.output.captured ? await openPipes(options) : undefined;
  const outputs = pipes === undefined ? captureMode(session) : pipes.map((pipe) => pipe.writeEnd);
  const child = spawn(options.file, options.args, {
    env: { ...options.env },
    detached: !request.tty,
    stdio: [
      request.interactive ? 'inherit' : 'ignore',
      ...outputs,
      ...(options.status === true ? ['pipe' as const] : []),
    ],
  });
  for (const pipe of pipes ?? []) closeSync(pipe.writeEnd);
  const reading: Promise<void>[] = [];
  if (session.output.captured) {
    const sources = pipes?.map((pipe) => pipe.source) ?? [child.stdout, child.stderr];
    for (const [index, stream] of (['stdout', 'stderr'] as const).entries()) {
      const source = sources[index];
      if (source !== null && source !== undefined) reading.push(pass(source, stream, session));
    }
  }
  let status = '';
  const statusPipe = child.stdio[3];
  if (statusPipe instanceof Socket) statusPipe.setEncoding('utf8').on('data', (text: string) => (status += text));
  return { pid: await startedPid(child, options.file), finished: finish(child, reading), status: () => status };
}

function captureMode(session: RunSession): ('pipe' | 'inherit')[] {
  const mode = session.output.captured ? 'pipe' : 'inherit';
  return [mode, mode];
}

async function startedPid(child: ChildProcess, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(file, error)));
    child.once('spawn', () => resolve(child.pid ?? -1));
  });
}

async function finish(child: ChildProcess, reading: readonly Promise<void>[]): Promise<number> {
  const code = await new Promise<number>((resolve) => {
    child.once('exit', (exit, signal) => resolve(exit ?? (signal === null ? 1 : exitCodeOfSignal(signal))));
  });
  // Something the process started may still hold the pipe; what it says later is nobody's.
  const late = new Promise<void>((resolve) => void setTimeout(resolve, 1000).unref());
  await Promise.race([Promise.all(reading), late]);
  return code;
}

async function pass(source: NodeJS.ReadableStream, stream: OutputStream, session: RunSession): Promise<void> {
  source.on('data', (bytes: Buffer) => session.output.write(stream, bytes));
  await new Promise<void>((resolve) => {
    source.once('close', resolve);
    source.once('error', resolve);
    source.once('end', resolve);
  });
}

interface Pipe {
  readonly source: Socket;
  readonly writeEnd: number;
}

async function openPipes(options: HostProcessOptions): Promise<readonly Pipe[] | undefined> {
  if (options.mkfifo === undefined) return undefined;
  const files = ['stdout', 'stderr'].map((name) => join(options.session.room, name));
  const made = await runProgram(options.mkfifo, ['-m', '600', ...files], { env: {} });
  if (made.code !== 0) {
    throw new TareError({
      code: 'RUN_SETUP_FAILED',
      message: `mkfifo failed: ${made.stderr.trim()}`,
      hint: 'choose a cache folder on a local disk with TARE_CACHE_DIR',
    });
  }
  return files.map((file) => {
    const readEnd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    return {
      source: new Socket({ fd: readEnd, readable: true, writable: false }),
      writeEnd: openSync(file, constants.O_WRONLY),
    };
  });
}

/** The processes that a process started, oldest first (proc(5), `/proc/PID/task/TID/children`). */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text
      .split(' ')
      .filter((part) => part.trim() !== '')
      .map(Number);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ESRCH') return [];
    throw error;
  }
}

/** Sends a signal; a process that is gone has no use for it. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
