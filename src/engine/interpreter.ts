import { realpath } from 'node:fs/promises';
import type { Context } from '../base/context.ts';
import { isTareError, systemErrorCode } from '../base/errors.ts';
import { listPrograms, runProgram } from './program.ts';

/** A Python on this machine. */
export interface Interpreter {
  /** Absolute path of the interpreter itself, behind any shim. */
  readonly path: string;
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
}

const names = ['python3', ...Array.from({ length: 13 }, (_, index) => `python3.${20 - index}`), 'python', 'py'];
const question = 'import sys; print("tare", *sys.version_info[:3], sys.executable)';

/** The first Python from 3.8 on that PATH has and that starts. */
export async function findInterpreter(context: Context): Promise<Interpreter | undefined> {
  for await (const interpreter of listInterpreters(context)) return interpreter;
  return undefined;
}

/** Every Python from 3.8 on that PATH has, each once. Shims that lead nowhere are passed over. */
export async function* listInterpreters(context: Context): AsyncGenerator<Interpreter> {
  const seen = new Set<string>();
  for await (const file of listPrograms(context, names)) {
    const target = await realPathIfThere(file);
    if (target === undefined || seen.has(target)) continue;
    seen.add(target);
    const interpreter = await questionInterpreter(context, file);
    if (interpreter === undefined) continue;
    // Behind a shim is another file, which PATH may have under several names too.
    const behind = await realPathIfThere(interpreter.path);
    if (behind === undefined || (behind !== target && seen.has(behind))) continue;
    seen.add(behind);
    yield interpreter;
  }
}

async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return undefined;
    throw error;
  }
}

async function questionInterpreter(context: Context, file: string): Promise<Interpreter | undefined> {
  try {
    const { code, stdout } = await runProgram(file, ['-I', '-S', '-c', question], {
      env: context.env,
      timeoutSeconds: 20,
      signal: context.signal,
    });
    return code === 0 ? parseAnswer(stdout) : undefined;
  } catch (error) {
    if (isTareError(error) && error.code === 'PROGRAM_NOT_STARTED') return undefined;
    throw error;
  }
}

/** Reads what an interpreter answers: `tare 3 13 5 /usr/bin/python3.13`. */
export function parseAnswer(stdout: string): Interpreter | undefined {
  const match = /^tare (\d+) (\d+) (\d+) (\S.*?)\r?$/m.exec(stdout);
  if (match === null) return undefined;
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const path = match[4];
  if (path === undefined || major !== 3 || minor < 8) return undefined;
  return { path, version: { major, minor, patch } };
}
