import { setMaxListeners } from 'node:events';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import type { Context, HttpClient, Log, Progress } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { createHttpClient } from '../http/client.ts';

export interface ContextOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Absolute. @default TARE_CACHE_DIR, else the user's cache folder */
  readonly cacheDir?: string;
  /** @default as many as there are cores */
  readonly workers?: number;
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly signal?: AbortSignal;
  readonly log?: Log;
  readonly progress?: Progress;
}

export interface MeteredContext extends Context {
  /** Bytes that came over the network so far. */
  readonly bytesDownloaded: () => number;
}

const silentLog: Log = { warn: () => {}, info: () => {}, debug: () => {} };
const silentProgress: Progress = { start: () => ({ advance: () => {}, done: () => {} }) };

/** Gathers everything ambient in one place; whatever is not given comes from the machine. */
export function createContext(options: ContextOptions = {}): MeteredContext {
  const env = options.env ?? process.env;
  const home = env['HOME'] ?? homedir();
  const log = options.log ?? silentLog;
  const signal = options.signal ?? new AbortController().signal;
  // Every request and worker under way listens to it; that many are no leak.
  setMaxListeners(0, signal);
  const meter = meterHttp(createHttpClient({ env, userAgent: 'tare', signal, warn: log.warn }));
  return {
    env,
    home,
    cacheDir: options.cacheDir ?? defaultCacheDir(env, home),
    workers: options.workers ?? workersOf(env),
    offline: options.offline ?? false,
    refresh: options.refresh ?? false,
    now: () => new Date(),
    signal,
    log,
    progress: options.progress ?? silentProgress,
    http: meter.http,
    host: { platform: process.platform, arch: process.arch },
    bytesDownloaded: meter.bytes,
  };
}

function workersOf(env: Readonly<Record<string, string | undefined>>): number {
  const text = env['TARE_WORKERS'];
  if (text === undefined || text === '') return availableParallelism();
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new TareError({
    code: 'CONFIG_INVALID',
    message: `TARE_WORKERS is \`${text}\``,
    expected: 'a whole number from 1 to 256',
    hint: 'leave it out to use every core',
  });
}

/** `TARE_CACHE_DIR`, else where the platform keeps caches (XDG Base Directory specification on Linux). */
function defaultCacheDir(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const chosen = env['TARE_CACHE_DIR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'tare');
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'tare', 'cache');
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && xdg.startsWith('/') ? xdg : join(home, '.cache'), 'tare');
}

/** The same client, counting what it reads. */
function meterHttp(inner: HttpClient): { readonly http: HttpClient; readonly bytes: () => number } {
  let total = 0;
  async function* counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      total += chunk.byteLength;
      yield chunk;
    }
  }
  const http: HttpClient = {
    request: async (request) => {
      const response = await inner.request(request);
      return { ...response, body: counted(response.body) };
    },
  };
  return { http, bytes: () => total };
}
