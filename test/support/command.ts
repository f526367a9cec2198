import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandResult {
  /** The exit code, or null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Milliseconds until it is killed; 10 minutes unless told. */
  readonly timeout?: number;
}

/** A process that runs beside the test. */
export interface RunningCommand {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly finished: Promise<CommandResult>;
  /** What it has said until now. */
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  /** Resolves when its output so far matches, rejects when it ends before that. */
  readonly says: (pattern: RegExp, timeout?: number) => Promise<void>;
  /** SIGTERM, then SIGKILL after `grace` milliseconds. */
  readonly stop: (grace?: number) => Promise<CommandResult>;
}

export function startCommand(file: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env === undefined ? process.env : { ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: options.timeout ?? 600_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (options.input !== undefined) child.stdin?.end(options.input);
  const finished = new Promise<CommandResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  finished.catch(() => undefined);
  return {
    pid: child.pid ?? -1,
    child,
    finished,
    output: () => ({ stdout, stderr }),
    says: (pattern, timeout = 60_000) => waitForOutput(child, () => stdout + stderr, pattern, timeout),
    stop: async (grace = 15_000) => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), grace);
        await once(child, 'close');
        clearTimeout(timer);
      }
      return finished;
    },
  };
}

/** Runs a program to its end. Rejects only where it cannot be started; a failing exit is a result. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return startCommand(file, args, options).finished;
}

/** Runs a program that must succeed; gives its standard output. */
export async function mustRun(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(file, args, options);
  if (result.code !== 0) {
    throw new Error(`\`${file} ${args.join(' ')}\` ended with ${result.code ?? result.signal}\n${result.stderr}`);
  }
  return result.stdout;
}

async function waitForOutput(child: ChildProcess, output: () => string, pattern: RegExp, timeout: number) {
  const deadline = Date.now() + timeout;
  while (!pattern.test(output())) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`it ended before it said ${String(pattern)}\n${output()}`);
    }
    if (Date.now() > deadline) throw new Error(`it did not say ${String(pattern)} in time\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
