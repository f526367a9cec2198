import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { BytecodeFormat, Compiler } from './compiler.ts';
import { driverSource, processorSeconds } from './driver-source.ts';
import { type Frame, readFrames } from './frames.ts';

/** A source on its way to the compiler. */
export interface SourceFile {
  /** Absolute, in the image: tracebacks show it (`co_filename`). */
  readonly path: string;
  readonly read: () => Uint8Array | Promise<Uint8Array>;
}

export type CompiledSource =
  | { readonly path: string; readonly bytecode: Uint8Array }
  /** Why it stays a source. */
  | { readonly path: string; readonly failure: string };

export interface CompileOptions {
  readonly signal?: AbortSignal;
  /** Each source in a process of its own: its bytes then depend on itself alone, not on what was compiled before. */
  readonly isolated?: boolean;
  /** After so long without an answer the compiler counts as stuck. Milliseconds. */
  readonly patience?: number;
}

/** Without any answer for so long something else is wrong than the source. */
const defaultPatience = 600_000;
/** A source above this is data in disguise. The limit is on the size, so that it is the same on every machine. */
export const largestSource = 4 * 1024 * 1024;

/**
 * Compiles sources in their order. What does not compile, takes minutes of processor time or crashes the interpreter is told, and the rest
 * goes on: that is so on every machine. Throws `COMPILER_FAILED` where the interpreter cannot be started, is another than it should be, or is
 * ended by something that is no fault of the source.
 */
export async function* compileSources(
  compiler: Compiler,
  sources: readonly SourceFile[],
  options: CompileOptions = {},
): AsyncGenerator<CompiledSource> {
  for (let at = 0; at < sources.length; ) {
    options.signal?.throwIfAborted();
    const run = startRun(compiler, sources.slice(at), options);
    try {
      for await (const one of run.results) {
        at++;
        yield one;
      }
    } finally {
      run.stop();
    }
    const next = sources[at];
    if (next === undefined) return;
    yield { path: next.path, failure: await run.fault(next.path) };
    at++;
  }
}

/** What an interpreter says of its bytecode. Throws `COMPILER_FAILED`. */
export async function readBytecodeFormat(
  compiler: Omit<Compiler, 'version'>,
  options: CompileOptions = {},
): Promise<BytecodeFormat> {
  const child = startDriver(compiler, options);
  const timer = setTimeout(child.kill, options.patience ?? defaultPatience);
  try {
    child.process.stdin?.end();
    for await (const frame of readFrames(child.process.stdout ?? [])) return parseFormat(frame, compiler.command);
    throw notStarted(compiler.command, (await child.ended()).text);
  } finally {
    clearTimeout(timer);
    child.kill();
  }
}

interface Run {
  readonly results: AsyncGenerator<CompiledSource>;
  /** Why the source on which it ended is at fault. Throws where it is not. */
  readonly fault: (path: string) => Promise<string>;
  readonly stop: () => void;
}

function startRun(compiler: Compiler, sources: readonly SourceFile[], options: CompileOptions): Run {
  const child = startDriver(compiler, options);
  const patience = options.patience ?? defaultPatience;
  const timer = setTimeout(child.kill, patience);
  const feeding = feed(child.process, sources);
  return {
    results: resultsOf(compiler, child, sources, timer),
    fault: async (path) => {
      const problem = await feeding;
      if (problem !== undefined) throw problem;
      const { signal, text } = await child.ended();
      return faultOf(signal) ?? fail(interrupted(compiler, path, text));
    },
    stop: () => {
      clearTimeout(timer);
      child.kill();
    },
  };
}

function fail(error: TareError): never {
  throw error;
}

/** What a process is sent for its own faults (signal(7)); SIGXCPU is that of `processorSeconds`. */
const faults: ReadonlyMap<string | number, string> = new Map<string | number, string>([
  ...(['SIGILL', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const).flatMap((name) => {
    const text = `the interpreter ends with ${name}`;
    return [[name, text] as const, [constants.signals[name], text] as const];
  }),
  ['SIGXCPU', `it takes more than ${processorSeconds} s of processor time`],
  [constants.signals.SIGXCPU, `it takes more than ${processorSeconds} s of processor time`],
]);

function faultOf(signal: string | number | null): string | undefined {
  return signal === null ? undefined : faults.get(signal);
}

async function* resultsOf(
  compiler: Compiler,
  child: Driver,
  sources: readonly SourceFile[],
  timer: NodeJS.Timeout,
): AsyncGenerator<CompiledSource> {
  let done = -1;
  for await (const frame of readFrames(child.process.stdout ?? [])) {
    timer.refresh();
    if (done < 0) assertVersion(parseFormat(frame, compiler.command), compiler);
    else yield resultOf(compiler, frame, sources[done]?.path ?? '');
    done++;
    if (done === sources.length) return;
  }
  if (done < 0) throw notStarted(compiler.command, (await child.ended()).text);
}

function resultOf(compiler: Compiler, { status, data }: Frame, path: string): CompiledSource {
  if (status === 0) return { path, bytecode: data };
  const text = data.toString('utf8').slice(0, 300);
  if (status === 1) return { path, failure: text };
  const failure = faultOf(Number(text)) ?? fail(interrupted(compiler, path, `signal ${text}`));
  return { path, failure };
}

interface Driver {
  readonly process: ChildProcess;
  /** How it ended. */
  readonly ended: () => Promise<{ readonly signal: NodeJS.Signals | null; readonly text: string }>;
  /** Ends it with the processes that it has started. */
  readonly kill: () => void;
}

function startDriver({ command, env, cwd }: Omit<Compiler, 'version'>, options: CompileOptions): Driver {
  options.signal?.throwIfAborted();
  const [program = '', ...before] = command;
  const mode = options.isolated === true ? 'isolated' : 'together';
  const child = spawn(program, [...before, '-S', '-s', '-B', '-W', 'ignore', '-c', driverSource, mode], {
    env: { ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    // A group of its own, to be ended as a whole.
    detached: true,
  });
  const kill = (): void => killGroup(child);
  options.signal?.addEventListener('abort', kill, { once: true });
  let fault: unknown;
  const ended = new Promise<{ readonly signal: NodeJS.Signals | null; readonly text: string }>((resolve) => {
    child.once('error', (error) => {
      fault = error;
      resolve({ signal: null, text: systemErrorCode(error) ?? error.message });
    });
    child.once('close', (code, signal) => resolve({ signal, text: signal ?? `exit code ${code}` }));
  });
  void ended.then(() => options.signal?.removeEventListener('abort', kill));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('error', () => undefined);
  return {
    process: child,
    kill,
    ended: async () => {
      const { signal, text } = await ended;
      options.signal?.throwIfAborted();
      const last = said.trim().split('\n').at(-1) ?? '';
      return { signal, text: `it ended with ${text}${last === '' || fault !== undefined ? '' : `: ${last}`}` };
    },
  };
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
    }
  } catch {
    // There are no groups on Windows, and the group may be gone.
    child.kill('SIGKILL');
  }
}

/** Sends all sources; gives the error that reading one of them threw. */
async function feed({ stdin }: ChildProcess, sources: readonly SourceFile[]): Promise<unknown> {
  if (stdin === null) return undefined;
  try {
    for (const { path, read } of sources) {
      const source = await read();
      const name = Buffer.from(path);
      const frame = Buffer.concat([uint32(name.length), name, uint32(source.length), source]);
      // An error here is that the compiler has ended, which shows elsewhere.
      const failure = await new Promise((resolve) => stdin.write(frame, resolve));
      if (failure !== null && failure !== undefined) return undefined;
    }
    stdin.end();
    return undefined;
  } catch (error) {
    stdin.destroy();
    return error;
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function parseFormat({ status, data }: Frame, command: readonly string[]): BytecodeFormat {
  const [implementation, version = '', cacheTag = '', magic = ''] = data.toString('utf8').split('\n');
  if (status !== 2 || implementation !== 'cpython' || cacheTag === '' || !/^\d+$/.test(magic)) {
    throw notStarted(command, 'it is no CPython');
  }
  return { version, cacheTag, magic: Number(magic) };
}

function assertVersion({ version }: BytecodeFormat, compiler: Compiler): void {
  if (version === compiler.version) return;
  throw notStarted(compiler.command, `it is Python ${version}, and ${compiler.version} was expected`);
}

function notStarted(command: readonly string[], actual: string): TareError {
  return new TareError({
    code: 'COMPILER_FAILED',
    message: `the Python that compiles for the image cannot be used: ${actual}`,
    where: command.at(-1) ?? '',
    hint: 'build without bytecode: `--bytecode none`',
  });
}

/** Ended from outside: another try may go well, so nothing is concluded about the source. */
function interrupted({ command }: Compiler, path: string, how: string): TareError {
  return new TareError({
    code: 'COMPILER_FAILED',
    message: `the Python that compiles for the image was ended while it compiled \`${path}\`: ${how}`,
    where: command.at(-1) ?? '',
    hint: 'build again, with fewer `--workers` where memory is short; or build without bytecode: `--bytecode none`',
    transient: true,
  });
}
