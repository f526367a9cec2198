import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { BlobCache } from '../base/blob-cache.ts';
import type { Context, ProgressTask } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { withDiskHint } from '../base/atomic-file.ts';
import { type DownloadSource, hashMismatch, sizeMismatch } from './download-source.ts';
import { openPartial } from './partial-file.ts';

/** Copies a file of this machine into the cache, with the same checks as a download. */
export async function copyLocalFile(
  file: string,
  source: DownloadSource,
  cache: BlobCache,
  context: Context,
  task: ProgressTask,
): Promise<string> {
  const path = await cache.temporary();
  const partial = await openPartial(path, source.size, context.signal);
  try {
    for await (const chunk of readChunks(file, source, context.signal)) {
      await partial.append([chunk]);
      if (source.size !== undefined && partial.received() > source.size) break;
      task.advance(chunk.byteLength);
    }
    if (source.size !== undefined && partial.received() !== source.size) {
      throw sizeMismatch(
        source,
        partial.received() > source.size ? `more than ${source.size} bytes` : `${partial.received()} bytes`,
      );
    }
    if (partial.digest() !== source.digest) throw hashMismatch(source, partial.digest());
    await partial.close();
    return await cache.adopt(path, source.digest);
  } catch (error) {
    throw withDiskHint(error, path);
  } finally {
    await partial.close();
    await rm(path, { force: true });
  }
}

async function* readChunks(file: string, source: DownloadSource, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 1024 * 1024, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new TareError({
      code: 'DOWNLOAD_FAILED',
      message: `${source.name} cannot be read from \`${file}\` (${systemErrorCode(error) ?? 'no reason given'})`,
      where: source.url,
      hint: 'check that the file is there and can be read',
      cause: error,
    });
  }
}
