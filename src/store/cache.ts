import { chmod, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere, withDiskHint, writeFileAtomically } from '../base/atomic-file.ts';
import type { BlobCache } from '../base/blob-cache.ts';
import { type Digest, digestHex, sha256 } from '../base/digest.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { withFileLock } from '../base/file-lock.ts';
import { makeFolder } from '../base/make-folder.ts';
import { canonicalJson } from '../base/order.ts';
import { removeLeftovers, temporaryName } from './leftovers.ts';

/** Raised when the files below change their meaning; an older tare then keeps using its own folder. */
const cacheVersion = 'v1';

/** What tare keeps between runs: blobs by digest, records (plain JSON) by kind and key. Safe for several processes at once. */
export interface Cache extends BlobCache {
  /** The value written under this key; undefined where there is none or the file is damaged. */
  readonly readRecord: (kind: string, key: string) => Promise<unknown>;
  readonly writeRecord: (kind: string, key: string, value: unknown) => Promise<void>;
  /** Runs `work` while no other process runs work of the same name: for what is costly to do twice. */
  readonly withLock: <T>(name: string, work: () => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/** The cache at `cacheDir`. Nothing is made on disk before the first write. */
export function openCache(cacheDir: string): Cache {
  const root = join(cacheDir, cacheVersion);
  const blobs = join(root, 'blobs', 'sha256');
  let prepared: Promise<void> | undefined;
  const prepare = (): Promise<void> => (prepared ??= prepareFolders(root));
  const blobPath = (digest: Digest): string => join(blobs, digestHex(digest));
  return {
    blobPath,
    has: (digest, size) => hasBlob(blobPath(digest), size),
    temporary: async (name) => {
      await prepare();
      return join(root, 'tmp', name === undefined ? temporaryName() : assertFileName(name));
    },
    adopt: async (temporary, digest) => {
      await prepare();
      return adoptBlob(temporary, blobPath(digest));
    },
    readRecord: (kind, key) => readRecord(recordPath(root, kind, key)),
    writeRecord: async (kind, key, value) => {
      await prepare();
      await writeFileAtomically(recordPath(root, kind, key), canonicalJson(value));
    },
    withLock: async (name, work, signal) => {
      await prepare();
      return withFileLock(join(root, 'locks', `${hexOf(name)}.lock`), work, signal);
    },
  };
}

async function prepareFolders(root: string): Promise<void> {
  try {
    for (const folder of ['blobs/sha256', 'records', 'tmp', 'locks']) {
      await makeFolder(join(root, folder));
    }
    await removeLeftovers(join(root, 'tmp'));
  } catch (error) {
    throw new TareError({
      code: 'CACHE_UNWRITABLE',
      message: `the cache folder \`${root}\` cannot be made or written`,
      ...(systemErrorCode(error) === undefined ? {} : { actual: systemErrorCode(error) ?? '' }),
      hint: 'point TARE_CACHE_DIR to a folder that can be written: `TARE_CACHE_DIR=/var/tmp/tare tare build`',
      cause: error,
    });
  }
}

async function hasBlob(path: string, size: number | undefined): Promise<boolean> {
  try {
    const found = await stat(path);
    return found.isFile() && (size === undefined || found.size === size);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** A blob that is there already with the same size stays: others may hold links to it. */
async function adoptBlob(temporary: string, path: string): Promise<string> {
  try {
    const { size } = await stat(temporary);
    if (await hasBlob(path, size)) {
      await rm(temporary, { force: true });
      return path;
    }
    await chmod(temporary, 0o444);
    await rename(temporary, path);
    return path;
  } catch (error) {
    throw withDiskHint(error, path);
  }
}

async function readRecord(path: string): Promise<unknown> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function recordPath(root: string, kind: string, key: string): string {
  return join(root, 'records', assertFileName(kind), `${hexOf(key)}.json`);
}

function hexOf(text: string): string {
  return digestHex(sha256(text));
}

/** Kinds and names are chosen in code, never taken from outside. */
function assertFileName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) throw new Error(`\`${name}\` is no file name for the cache`);
  return name;
}
