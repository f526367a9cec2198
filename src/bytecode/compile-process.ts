import { type ChildProcess, spawn } from 'node:child_process';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { BytecodeFormat, Compiler } from './compiler.ts';
import { driverSource } from './driver-source.ts';
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
  /** After so long one source is given up. Milliseconds. */
  readonly patience?: number;
}

/** No module that a person wrote takes longer, and none that a program wrote is worth waiting for. */
const defaultPatience = 60_000;
/** A source above this is data in disguise: the compiler would take gigabytes for it. */
export const largestSource = 16 * 1024 * 1024;

/**
 * Compiles sources in their order. What does not compile, takes too long or ends the compiler is told, and the rest goes on.
 * Throws `COMPILER_FAILED` where the interpreter cannot be started, or is another than it should be.
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
    yield { path: next.path, failure: await run.reason() };
    at++;
  }
}

/** What an interpreter says of its bytecode. Throws `COMPILER_FAILED`. */
export async function readBytecodeFormat(
  compiler: Omit<Compiler, 'version'>,
  options: CompileOptions = {},
): Promise<BytecodeFormat> {
  const child = startDriver(compiler, options);
  const timer = setTimeout(() => child.process.kill('SIGKILL'), options.patience ?? defaultPatience);
  try {
    child.process.stdin?.end();
    for await (const frame of readFrames(child.process.stdout ?? [])) return parseFormat(frame, compiler.command);
    throw notStarted(compiler.command, await child.ending());
  } finally {
    clearTimeout(timer);
    child.process.kill('SIGKILL');
  }
}

interface Run {
  readonly results: AsyncGenerator<CompiledSource>;
  /** Why it ended before its last source. */
  readonly reason: () => Promise<string>;
  readonly stop: () => void;
}

function startRun(compiler: Compiler, sources: readonly SourceFile[], options: CompileOptions): Run {
  const child = startDriver(compiler, options);
  const patience = options.patience ?? defaultPatience;
  let isSlow = false;
  const timer = setTimeout(() => {
    isSlow = true;
    child.process.kill('SIGKILL');
  }, patience);
  const feeding = feed(child.process, sources);
  return {
    results: resultsOf(compiler, child, sources, timer),
    reason: async () => {
      const problem = await feeding;
      if (problem !== undefined) throw problem;
      return isSlow ? `it takes the compiler longer than ${patience / 1000} s` : child.ending();
    },
    stop: () => {
      clearTimeout(timer);
      child.process.kill('SIGKILL');
    },
  };
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
    else yield resultOf(frame, sources[done]?.path ?? '');
    done++;
    if (done === sources.length) return;
  }
  if (done < 0) throw notStarted(compiler.command, await child.ending());
}

function resultOf({ status, data }: Frame, path: string): CompiledSource {
  return status === 0 ? { path, bytecode: data } : { path, failure: data.toString('utf8').slice(0, 300) };
}

interface Driver {
  readonly process: ChildProcess;
  /** How it ended, for people. */
  readonly ending: () => Promise<string>;
}

function startDriver({ command, env, cwd }: Omit<Compiler, 'version'>, options: CompileOptions): Driver {
  const [program = '', ...before] = command;
  const mode = options.isolated === true ? 'isolated' : 'together';
  const child = spawn(program, [...before, '-S', '-s', '-B', '-W', 'ignore', '-c', driverSource, mode], {
    env: { ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let fault: unknown;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      fault = error;
      resolve(systemErrorCode(error) ?? error.message);
    });
    child.once('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('error', () => undefined);
  return {
    process: child,
    ending: async () => {
      const how = await ended;
      options.signal?.throwIfAborted();
      const last = said.trim().split('\n').at(-1) ?? '';
      return `the compiler ended with ${how}${last === '' || fault !== undefined ? '' : `: ${last}`}`;
    },
  };
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
