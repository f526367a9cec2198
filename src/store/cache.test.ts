import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../base/digest.ts';
import { processStart } from '../base/file-lock.ts';
import { openCache } from './cache.ts';

let dir: string;
const { signal } = new AbortController();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tare-cache-'));
});

afterEach(() => rm(dir, { recursive: true }));

describe('blobs', () => {
  test('are there once adopted, cannot be written, and are at their digest', async () => {
    const cache = openCache(dir);
    const digest = sha256('hello');
    expect(await cache.has(digest)).toBe(false);
    const temporary = await cache.temporary();
    await writeFile(temporary, 'hello');
    const path = await cache.adopt(temporary, digest);
    expect(path).toBe(cache.blobPath(digest));
    expect(path.endsWith(join('blobs', 'sha256', digest.slice(7)))).toBe(true);
    expect((await stat(path)).mode % 0o1000).toBe(0o444);
    expect([await cache.has(digest), await cache.has(digest, 5), await cache.has(digest, 4)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await readdir(join(dir, 'v1', 'tmp'))).toEqual([]);
  });

  test('of the right size stay when adopted again; of a wrong size are replaced', async () => {
    const cache = openCache(dir);
    const digest = sha256('hello');
    const adopt = async (text: string): Promise<string> => {
      const temporary = await cache.temporary();
      await writeFile(temporary, text);
      return cache.adopt(temporary, digest);
    };
    const { ino } = await stat(await adopt('hello'));
    expect((await stat(await adopt('hello'))).ino).toBe(ino);
    await rm(cache.blobPath(digest));
    await writeFile(cache.blobPath(digest), 'cut');
    expect(await readFile(await adopt('hello'), 'utf8')).toBe('hello');
  });

  test('temporary names differ, unless a name is given', async () => {
    const cache = openCache(dir);
    expect(await cache.temporary()).not.toBe(await cache.temporary());
    expect(await cache.temporary('a.partial')).toBe(await openCache(dir).temporary('a.partial'));
  });
});

describe('records', () => {
  test('come back as they were, whatever the key', async () => {
    const cache = openCache(dir);
    for (const key of ['', 'a/b', '../../etc/passwd', 'ключ', 'x'.repeat(10_000)]) {
      expect(await cache.readRecord('layer', key)).toBeUndefined();
      await cache.writeRecord('layer', key, { key, list: [1, null] });
      expect(await cache.readRecord('layer', key)).toEqual({ key, list: [1, null] });
      expect(await cache.readRecord('facts', key)).toBeUndefined();
    }
  });

  test('a damaged one counts as absent', async () => {
    const cache = openCache(dir);
    await cache.writeRecord('layer', 'a', { b: 1 });
    const [name = ''] = await readdir(join(dir, 'v1', 'records', 'layer'));
    await writeFile(join(dir, 'v1', 'records', 'layer', name), '{"b":');
    expect(await cache.readRecord('layer', 'a')).toBeUndefined();
  });
});

describe('leftovers', () => {
  async function leftoversAfterOpening(names: readonly string[], ageMs: number): Promise<readonly string[]> {
    const tmp = join(dir, 'v1', 'tmp');
    await mkdir(tmp, { recursive: true });
    const then = new Date(Date.now() - ageMs);
    for (const name of names) {
      await writeFile(join(tmp, name), '');
      await utimes(join(tmp, name), then, then);
    }
    await openCache(dir).temporary();
    return (await readdir(tmp)).sort();
  }

  test('of dead processes and of yesterday go; of the living, of other hosts and unfinished downloads stay', async () => {
    const own = (await openCache(dir).temporary()).replace(/.*[/\\]/, '');
    const dead = own.replace(/-\d+-/, '-999999999-');
    const elsewhere = `00000000-${dead.slice(9)}`;
    expect(await leftoversAfterOpening([own, dead, elsewhere, 'a.partial'], 1000)).toEqual(
      [own, elsewhere, 'a.partial'].sort(),
    );
    expect(await leftoversAfterOpening([own, elsewhere, 'a.partial'], 25 * 3_600_000)).toEqual(['a.partial']);
    expect(await leftoversAfterOpening(['a.partial'], 8 * 24 * 3_600_000)).toEqual([]);
  });
});

describe('locks', () => {
  const lockFiles = (): Promise<string[]> => readdir(join(dir, 'v1', 'locks'));

  async function plant(content: unknown, ageMs = 0): Promise<void> {
    const cache = openCache(dir);
    await cache.withLock(
      'work',
      async () => {
        const [name = ''] = await lockFiles();
        await writeFile(join(dir, 'v1', 'locks', name), JSON.stringify(content));
        const then = new Date(Date.now() - ageMs);
        await utimes(join(dir, 'v1', 'locks', name), then, then);
      },
      signal,
    );
    expect(await lockFiles()).toHaveLength(1);
  }

  test('work of one name runs alone, of two names together', async () => {
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running -= 1;
    };
    const caches = [openCache(dir), openCache(dir), openCache(dir)];
    await Promise.all(caches.map((cache) => cache.withLock('a', work, signal)));
    expect(most).toBe(1);
    await Promise.all(caches.map((cache, index) => cache.withLock(`b${index}`, work, signal)));
    expect(most).toBe(3);
    expect(await lockFiles()).toEqual([]);
  });

  test('is released when the work fails', async () => {
    const cache = openCache(dir);
    await expect(cache.withLock('work', () => Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(await cache.withLock('work', () => Promise.resolve(1), signal)).toBe(1);
  });

  test.each([
    ['of a dead process', async () => plant({ pid: 999_999_999, host: hostname(), token: 'x' })],
    [
      'of a number that another process has now',
      async () => plant({ pid: process.pid, host: hostname(), started: '1', token: 'x' }),
    ],
    [
      'of another host that has been silent for long',
      async () => plant({ pid: 1, host: 'other', token: 'x' }, 3_600_000),
    ],
    ['that is damaged and old', async () => plant('', 3_600_000)],
  ])('%s is taken over', async (_name, prepare) => {
    await prepare();
    expect(await openCache(dir).withLock('work', () => Promise.resolve('done'), AbortSignal.timeout(5000))).toBe(
      'done',
    );
    expect(await lockFiles()).toEqual([]);
  });

  test('of a living process is waited for, until the caller gives up', async () => {
    const started = await processStart(process.pid);
    await plant({ pid: process.pid, host: hostname(), ...(started === undefined ? {} : { started }), token: 'x' });
    const waiting = openCache(dir).withLock('work', () => Promise.resolve(), AbortSignal.timeout(200));
    await expect(waiting).rejects.toThrow(/timeout|aborted/i);
    expect(await lockFiles()).toHaveLength(1);
  });

  test('of another process that is killed meanwhile is taken over', async () => {
    const sleeper = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60000)']);
    const { pid = 0 } = sleeper;
    const started = await processStart(pid);
    await plant({ pid, host: hostname(), ...(started === undefined ? {} : { started }), token: 'x' });
    const waiting = openCache(dir).withLock('work', () => Promise.resolve('done'), AbortSignal.timeout(10_000));
    setTimeout(() => sleeper.kill('SIGKILL'), 50);
    expect(await waiting).toBe('done');
  });
});

test('a cache that cannot be made says how to choose another', async () => {
  await writeFile(join(dir, 'file'), '');
  const cache = openCache(join(dir, 'file', 'cache'));
  await expect(cache.temporary()).rejects.toMatchObject({
    code: 'CACHE_UNWRITABLE',
    hint: expect.stringContaining('TARE_CACHE_DIR'),
  });
  expect(await cache.has(sha256(''))).toBe(false);
  expect(await cache.readRecord('layer', 'a')).toBeUndefined();
});
