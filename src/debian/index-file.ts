import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withDiskHint, writeFileAtomically } from '../base/atomic-file.ts';
import type { BlobCache } from '../base/blob-cache.ts';
import type { Context } from '../base/context.ts';
import { type Digest, digestHex } from '../base/digest.ts';
import { isTareError, systemErrorCode, TareError } from '../base/errors.ts';
import { withFileLock } from '../base/file-lock.ts';
import { makeFolder } from '../base/make-folder.ts';
import { downloadBlob } from '../http/download.ts';
import type { ReleaseState } from './mirror-state.ts';
import type { ReleaseFile } from './release.ts';
import { type Packing, unpack } from './unpack.ts';

/** A release whose release file was verified, and where it is. */
export interface OpenedRelease {
  /** Address of the archive, without a final `/`. */
  readonly archive: string;
  readonly codename: string;
  /** Tells apart what was verified by which keys, as in `ReleasePlace`. */
  readonly trust?: string;
  readonly state: ReleaseState;
}

/** A form of an index file that tare makes once and keeps: its whole is read when it is first asked. */
export interface StoredForm<T> {
  /** Folder below `debian/` of the cache. */
  readonly folder: string;
  /** Part of the file's name: another version is another form. */
  readonly version: number;
  /** Most bytes that the index may unpack to. */
  readonly limit: number;
  /** For people: `packages`. */
  readonly what: string;
  readonly make: (source: AsyncIterable<Uint8Array>, where: string) => Promise<Uint8Array>;
  /** How much of the beginning `sizeOf` wants to see. */
  readonly headerSize: number;
  /** How large a form is that begins so; undefined where it is none. */
  readonly sizeOf: (header: Uint8Array) => number | undefined;
  /** Looks into the form at `path` when it is first asked. */
  readonly open: (path: string) => T;
}

export function addressOf(release: OpenedRelease, file: ReleaseFile): string {
  return `${release.archive}/dists/${release.codename}/${file.path}`;
}

/** The smallest packing of an index that the release lists. */
export function smallestOf(release: OpenedRelease, path: string): ReleaseFile | undefined {
  for (const ending of ['.xz', '.gz', '']) {
    const file = release.state.indexes.get(`${path}${ending}`);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** The form of an index file from the cache, else fetched, checked and made; two runs that want the same one share the work. */
export async function openStoredForm<T>(
  context: Context,
  release: OpenedRelease,
  file: ReleaseFile,
  form: StoredForm<T>,
): Promise<T> {
  const path = formPath(context, file.digest, form);
  if (await isWhole(path, form)) return form.open(path);
  if (context.offline) throw offlineMissing(release.codename, form.what, file.path);
  try {
    await makeFolder(dirname(path));
  } catch (error) {
    throw withDiskHint(error, dirname(path));
  }
  await withFileLock(
    `${path}.lock`,
    async () => {
      if (!(await isWhole(path, form))) await makeForm(context, release, file, form);
    },
    context.signal,
  );
  return form.open(path);
}

/** The form of an index file that was verified before; undefined where the cache has it no more. */
export async function openKeptForm<T>(context: Context, digest: Digest, form: StoredForm<T>): Promise<T | undefined> {
  const path = formPath(context, digest, form);
  return (await isWhole(path, form)) ? form.open(path) : undefined;
}

function formPath<T>(context: Context, digest: Digest, form: StoredForm<T>): string {
  return join(context.cacheDir, 'debian', form.folder, `${digestHex(digest)}.v${form.version}`);
}

async function makeForm<T>(
  context: Context,
  release: OpenedRelease,
  file: ReleaseFile,
  form: StoredForm<T>,
): Promise<void> {
  const where = addressOf(release, file);
  const packed = await fetchIndex(context, release, file, form.what);
  await writeForm(context, createReadStream(packed, { highWaterMark: 256 * 1024 }), file, file.digest, form, where);
  await rm(packed, { force: true });
}

/** Makes the form of an index file, packed as `file` says by its name, and keeps it under a digest. */
export async function writeForm<T>(
  context: Context,
  stream: AsyncIterable<Uint8Array>,
  file: Pick<ReleaseFile, 'path'>,
  digest: Digest,
  form: StoredForm<T>,
  where: string,
): Promise<void> {
  const bytes = await form.make(unpack(stream, packingOf(file.path), where, form.limit), where);
  await writeFileAtomically(formPath(context, digest, form), bytes);
}

/** False where there is none, or a damaged one. Only the header is read. */
async function isWhole<T>(path: string, form: StoredForm<T>): Promise<boolean> {
  try {
    const handle = await open(path);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(form.headerSize), 0, form.headerSize, 0);
      return form.sizeOf(buffer.subarray(0, bytesRead)) === (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function packingOf(path: string): Packing {
  return path.endsWith('.xz') ? 'xz' : path.endsWith('.gz') ? 'gz' : 'none';
}

/** By name, and where that gives another file (the mirror is just being updated) by hash. */
async function fetchIndex(context: Context, release: OpenedRelease, file: ReleaseFile, what: string): Promise<string> {
  const cache = indexFiles(context);
  const { path, digest, size } = file;
  const folder = path.slice(0, path.lastIndexOf('/'));
  const byHash = `${folder}/by-hash/SHA256/${digestHex(digest)}`;
  const name = `Debian ${release.codename} ${what}`;
  let mismatch: unknown;
  for (const place of release.state.acquireByHash ? [path, byHash] : [path]) {
    const url = `${release.archive}/dists/${release.codename}/${place}`;
    try {
      return await downloadBlob(context, { url, digest, size, name }, cache);
    } catch (error) {
      if (!isTareError(error) || !['DOWNLOAD_HASH_MISMATCH', 'DOWNLOAD_SIZE_MISMATCH'].includes(error.code)) {
        if (mismatch === undefined) throw error;
      } else mismatch ??= error;
    }
  }
  throw new TareError({
    code: 'DEBIAN_INDEX_HASH_MISMATCH',
    message: `the index of ${what} of ${release.codename} is not the one that its release file lists`,
    where: `${release.archive}/dists/${release.codename}/${path}`,
    expected: `${size} bytes, ${digest}`,
    hint: 'the mirror may be in the middle of an update: try again in some minutes with `--refresh`, or use another mirror',
    transient: true,
    cause: mismatch,
  });
}

/** Index files are kept only until their compact form is made. */
function indexFiles(context: Context): BlobCache {
  const folder = join(context.cacheDir, 'debian', 'incoming');
  const blobPath: BlobCache['blobPath'] = (digest) => join(folder, digestHex(digest));
  return {
    blobPath,
    has: async (digest, size) => {
      try {
        const found = await stat(blobPath(digest));
        return size === undefined || found.size === size;
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return false;
        throw error;
      }
    },
    temporary: async (name = randomUUID()) => {
      const path = join(folder, name);
      try {
        await makeFolder(folder);
      } catch (error) {
        throw withDiskHint(error, folder);
      }
      return path;
    },
    adopt: async (temporary, digest) => {
      await rename(temporary, blobPath(digest));
      return blobPath(digest);
    },
  };
}

/** For a form that was whole a moment ago. */
export function damagedForm(path: string): never {
  throw new TareError({
    code: 'DEBIAN_INDEX_INVALID',
    message: 'an index in the cache was changed while it was in use',
    where: path,
    hint: 'run the command again',
  });
}

function offlineMissing(codename: string, what: string, path: string): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: `the index of ${what} of ${codename} (\`${path}\`) is not in the cache, and --offline forbids to fetch it`,
    hint: 'run the same command once without --offline',
  });
}
