import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Context } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** After which it is killed. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface ProgramResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** More than any of these programs says; what is beyond is cut off. */
const outputLimit = 64 * 1024 * 1024;

/** Runs a program to its end. A failing exit is a result; that it cannot be started is `PROGRAM_NOT_STARTED`. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  options.signal?.throwIfAborted();
  const child = spawn(file, args, {
    env: { ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  // A program may end without reading its input; its exit code tells what matters.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  let timedOut = false;
  const timer =
    options.timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          child.kill('SIGKILL');
        }, options.timeoutSeconds * 1000);
  const abort = (): void => void child.kill('SIGTERM');
  options.signal?.addEventListener('abort', abort);
  try {
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const code = await exitOf(child, file);
    options.signal?.throwIfAborted();
    return { code, timedOut, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= outputLimit) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

async function exitOf(child: ChildProcess, file: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(file, error)));
    child.once('close', (code) => resolve(code));
  });
}

/** That a program could not be started at all. */
export function notStarted(file: string, cause: unknown): TareError {
  return new TareError({
    code: 'PROGRAM_NOT_STARTED',
    message: `\`${file}\` cannot be started${systemErrorCode(cause) === undefined ? '' : ` (${systemErrorCode(cause)})`}`,
    hint: `see whether \`${file} --version\` works in a shell`,
    cause,
  });
}

/** The absolute path of a program, looked for as a shell does, then in `folders`. */
export async function findProgram(
  context: Context,
  name: string,
  folders: readonly string[] = [],
): Promise<string | undefined> {
  for await (const path of listPrograms(context, [name], folders)) return path;
  return undefined;
}

/** Every program of these names on PATH and then in `folders`, in order of the folders, then of the names. */
export async function* listPrograms(
  context: Context,
  names: readonly string[],
  folders: readonly string[] = [],
): AsyncGenerator<string> {
  const path = context.env['PATH'] ?? context.env['Path'] ?? '';
  const seen = new Set<string>();
  for (const folder of [...path.split(delimiter), ...folders]) {
    // An empty or relative entry means the working folder: never a place to start programs from.
    if (!isAbsolute(folder) || seen.has(folder)) continue;
    seen.add(folder);
    for (const name of names) {
      for (const suffix of context.host.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']) {
        const file = join(folder, `${name}${suffix}`);
        if (await isExecutable(file)) yield file;
      }
    }
  }
}

/** Where programs for administrators are, which are often not on the PATH of others. */
export const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'] as const;

/** Whether there is a file that this process may execute. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    if (!(await stat(file)).isFile()) return false;
    await access(file, constants.X_OK);
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return false;
    throw error;
  }
}
