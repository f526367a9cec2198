import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from './errors.ts';

/** Who holds a lock file. */
interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the kernel counts it, so that a reused number is not taken for the same process. */
  readonly started?: string;
  readonly token: string;
}

interface HeldLock {
  readonly content: string;
  readonly handle: FileHandle;
}

const heartbeatMs = 15_000;
/** A holder that did not touch its file for so long is gone, wherever it ran. */
const silentMs = 5 * 60_000;
const shortestWaitMs = 25;
const longestWaitMs = 250;

/**
 * Runs `work` while this process alone holds the lock file at `path`, whose folder must exist. Waits for a living holder;
 * takes over from a dead one. A lock saves double work; what must be correct without it is done by renaming whole files.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const lock = await acquire(path, signal);
  // Writing, not setting a time, so that the file system's own clock stamps it.
  const touch = (): Promise<unknown> => lock.handle.write(lock.content, 0).catch(() => undefined);
  const heartbeat = setInterval(() => void touch(), heartbeatMs);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await lock.handle.close();
    if ((await readIfThere(path)) === lock.content) await rm(path, { force: true });
  }
}

/** Whether the process that `pid` and `started` (see `processStart`) name lives on this host. */
export async function isProcessAlive(pid: number, started?: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false;
    if (systemErrorCode(error) !== 'EPERM') throw error;
  }
  if (started === undefined) return true;
  const now = await processStart(pid);
  return now === undefined || now === started;
}

/** When a process began (proc(5), `/proc/PID/stat`, field 22); undefined where the system has no such file. */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const text = await readIfThere(`/proc/${pid}/stat`);
  // The second field, the name, may hold blanks and parentheses: count from its end.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<HeldLock> {
  const started = await processStart(process.pid);
  const holder: LockHolder = {
    pid: process.pid,
    host: hostname(),
    ...(started === undefined ? {} : { started }),
    token: randomBytes(12).toString('hex'),
  };
  const content = JSON.stringify(holder);
  for (let wait = shortestWaitMs; ; wait = Math.min(wait * 2, longestWaitMs)) {
    signal?.throwIfAborted();
    const handle = await create(path, content);
    if (handle !== undefined) return { content, handle };
    const held = await readIfThere(path);
    if (held === undefined) continue;
    if (await isStale(path, held)) await removeStale(path, held);
    else await sleep(wait, undefined, signal === undefined ? {} : { signal });
  }
}

async function create(path: string, content: string): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'wx', 0o644);
    await handle.writeFile(content);
    return handle;
  } catch (error) {
    await handle?.close();
    if (handle === undefined && systemErrorCode(error) === 'EEXIST') return undefined;
    throw error;
  }
}

async function isStale(path: string, content: string): Promise<boolean> {
  const holder = parseHolder(content);
  if (holder !== undefined && holder.host === hostname() && !(await isProcessAlive(holder.pid, holder.started)))
    return true;
  return (await silence(path)) > silentMs;
}

/** Milliseconds since the holder last touched its file, by the clock of the file system. */
async function silence(path: string): Promise<number> {
  const probe = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.probe`;
  try {
    await (await create(probe, ''))?.close();
    return (await stat(probe)).mtimeMs - (await stat(path)).mtimeMs;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

/** Renames before removing, so that a lock that another process took over in between is not lost but put back. */
async function removeStale(path: string, content: string): Promise<void> {
  const aside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.stale`;
  try {
    await rename(path, aside);
    if ((await readIfThere(aside)) !== content) await link(aside, path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function parseHolder(content: string): LockHolder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('pid' in value) || !('host' in value) || !('token' in value)) return undefined;
  const { pid, host, token } = value;
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof token !== 'string') return undefined;
  const started = 'started' in value && typeof value.started === 'string' ? { started: value.started } : {};
  return { pid, host, token, ...started };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESRCH') return undefined;
    throw error;
  }
}
