import { rm } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withDiskHint } from '../base/atomic-file.ts';
import type { BlobCache } from '../base/blob-cache.ts';
import type { Context, ProgressTask } from '../base/context.ts';
import { digestHex } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { withFileLock } from '../base/file-lock.ts';
import { type DownloadSource, hashMismatch, offlineMissing } from './download-source.ts';
import { copyLocalFile } from './local-file.ts';
import { openPartial } from './partial-file.ts';
import { receive } from './receive.ts';

export type { DownloadSource } from './download-source.ts';

/**
 * The blob of `source.digest` in the cache, downloaded if it is not there; what an earlier run left unfinished is continued.
 * Gives its path. Throws `OFFLINE_MISSING`, `DOWNLOAD_FAILED`, `DOWNLOAD_HASH_MISMATCH`, `DOWNLOAD_SIZE_MISMATCH`.
 */
export async function downloadBlob(context: Context, source: DownloadSource, cache: BlobCache): Promise<string> {
  if (await cache.has(source.digest, source.size)) return cache.blobPath(source.digest);
  const local = localPath(source.url);
  if (local === undefined && context.offline) throw offlineMissing(source);
  const task = context.progress.start(source.name, source.size);
  try {
    const path =
      local === undefined
        ? await fetchBlob(context, source, cache, task)
        : await copyLocalFile(local, source, cache, context, task);
    task.done();
    return path;
  } catch (error) {
    task.done('failed');
    throw error;
  }
}

/** Two runs that want the same blob share one download. */
async function fetchBlob(
  context: Context,
  source: DownloadSource,
  cache: BlobCache,
  task: ProgressTask,
): Promise<string> {
  const path = await cache.temporary(`${digestHex(source.digest)}.partial`);
  return withFileLock(
    `${path}.lock`,
    async () => {
      if (await cache.has(source.digest, source.size)) return cache.blobPath(source.digest);
      await completePartial(context, source, path, task);
      return cache.adopt(path, source.digest);
    },
    context.signal,
  );
}

/** Fills the file at `path`. What does not match is removed; if some of it came from an earlier run, a fresh start follows. */
async function completePartial(
  context: Context,
  source: DownloadSource,
  path: string,
  task: ProgressTask,
): Promise<void> {
  for (let isFresh = false; ; isFresh = true) {
    const partial = await openPartial(path, source.size, context.signal);
    const continued = partial.received();
    try {
      task.advance(continued);
      await receive(context, source, partial, task);
    } catch (error) {
      if (error instanceof TareError && error.code === 'DOWNLOAD_SIZE_MISMATCH') await partial.discard();
      throw withDiskHint(error, path);
    } finally {
      await partial.close();
    }
    const actual = partial.digest();
    if (actual === source.digest) return;
    await rm(path, { force: true });
    if (continued === 0 || isFresh) throw hashMismatch(source, actual);
    task.advance(-partial.received());
  }
}

function localPath(url: string): string | undefined {
  if (isAbsolute(url)) return url;
  if (!/^file:/i.test(url)) return undefined;
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new TareError({
      code: 'URL_UNSUPPORTED',
      message: `\`${url.slice(0, 300)}\` names no file of this machine`,
      expected: 'file:///ABSOLUTE/PATH',
      cause: error,
    });
  }
}
