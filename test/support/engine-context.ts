import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../src/base/context.ts';

export interface EngineContext extends Context {
  /** Warnings and information, in order. */
  readonly said: string[];
}

/** A context for driving programs: `env` is all there is of an environment. */
export function engineContext(
  dir: string,
  env: Readonly<Record<string, string>>,
  changes: Partial<Context> = {},
): EngineContext {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  return {
    env,
    home: dir,
    cacheDir: join(dir, 'cache'),
    workers: 1,
    offline: false,
    refresh: false,
    now: () => new Date(0),
    signal: new AbortController().signal,
    log: { warn: say, info: say, debug: () => undefined },
    progress: { start: () => ({ advance: () => undefined, done: () => undefined }) },
    http: { request: () => Promise.reject(new Error('engines make no requests of their own')) },
    host: { platform: process.platform, arch: process.arch },
    said,
    ...changes,
  };
}

/** Puts a shell script on a PATH of its own; gives the folder. */
export async function putProgram(dir: string, name: string, script: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(dir, name), 0o755);
  return dir;
}
