import { randomUUID } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withDiskHint, writeFileAtomically } from '../base/atomic-file.ts';
import type { BlobCache } from '../base/blob-cache.ts';
import type { Context } from '../base/context.ts';
import { digestHex } from '../base/digest.ts';
import { isTareError, systemErrorCode, TareError } from '../base/errors.ts';
import { withFileLock } from '../base/file-lock.ts';
import { limits } from '../base/limits.ts';
import { downloadBlob } from '../http/download.ts';
import type { MirrorChoice } from './mirror-choice.ts';
import type { ReleaseState } from './mirror-state.ts';
import {
  type CompactIndex,
  compactFormat,
  compactHeaderSize,
  compactPackages,
  compactSizeOf,
  openCompact,
} from './packages-index.ts';
import type { ReleaseFile } from './release.ts';
import { type Packing, unpack } from './unpack.ts';

export interface OpenedRelease {
  readonly archive: string;
  readonly codename: string;
  readonly state: ReleaseState;
}

export interface OpenedPackages {
  readonly index: CompactIndex;
  /** Hash of the index file as the mirror has it. */
  readonly digest: string;
  readonly where: string;
}

/** The package index of a release for one architecture: its compact form from the cache, else fetched, checked and made. */
export async function openPackages(
  choice: MirrorChoice,
  release: OpenedRelease,
  architecture: string,
): Promise<OpenedPackages> {
  const { context } = choice;
  const file = indexFile(release, architecture);
  const where = `${release.archive}/dists/${release.codename}/${file.path}`;
  const compact = join(context.cacheDir, 'debian', 'packages', `${digestHex(file.digest)}.v${compactFormat}`);
  const known = await openStored(compact);
  if (known !== undefined) return { index: known, digest: file.digest, where };
  if (context.offline) throw offlineMissing(release.codename, architecture);
  try {
    await mkdir(dirname(compact), { recursive: true });
  } catch (error) {
    throw withDiskHint(error, dirname(compact));
  }
  const index = await withFileLock(
    `${compact}.lock`,
    async () => (await openStored(compact)) ?? makeCompact(context, release, file, compact, where),
    context.signal,
  );
  return { index, digest: file.digest, where };
}

async function makeCompact(
  context: Context,
  release: OpenedRelease,
  file: ReleaseFile,
  compact: string,
  where: string,
): Promise<CompactIndex> {
  const packed = await fetchIndex(context, release, file, indexFiles(context));
  const stream = createReadStream(packed, { highWaterMark: 256 * 1024 });
  const bytes = await compactPackages(unpack(stream, packingOf(file.path), where, limits.packagesIndex), where);
  await writeFileAtomically(compact, bytes);
  await rm(packed, { force: true });
  const made = openCompact(bytes);
  if (made === undefined) throw new Error('the compact form that was just made cannot be read');
  return made;
}

function packingOf(path: string): Packing {
  return path.endsWith('.xz') ? 'xz' : path.endsWith('.gz') ? 'gz' : 'none';
}

/**
 * The stored form, whose whole is read when it is first asked: a build with nothing to do asks nothing, and 27 MB take a while.
 * Undefined where there is none, or a damaged one.
 */
async function openStored(path: string): Promise<CompactIndex | undefined> {
  const header = await readHeader(path);
  if (header === undefined || compactSizeOf(header.bytes) !== header.fileSize) return undefined;
  let loaded: CompactIndex | undefined;
  const load = (): CompactIndex => (loaded ??= openCompact(readFileSync(path)) ?? damaged(path));
  return { find: (name) => load().find(name), providers: (name) => load().providers(name) };
}

async function readHeader(path: string): Promise<{ bytes: Uint8Array; fileSize: number } | undefined> {
  try {
    const handle = await open(path);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(compactHeaderSize), 0, compactHeaderSize, 0);
      return { bytes: buffer.subarray(0, bytesRead), fileSize: (await handle.stat()).size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function damaged(path: string): never {
  throw new TareError({
    code: 'DEBIAN_INDEX_INVALID',
    message: 'the package index in the cache was changed while it was in use',
    where: path,
    hint: 'run the command again',
  });
}

/** The smallest form that the release lists. */
function indexFile(release: OpenedRelease, architecture: string): ReleaseFile {
  const base = `main/binary-${architecture}/Packages`;
  for (const path of [`${base}.xz`, `${base}.gz`, base]) {
    const file = release.state.indexes.get(path);
    if (file !== undefined) return file;
  }
  throw new TareError({
    code: 'DEBIAN_ARCHITECTURE_MISSING',
    message: `${release.codename} has no packages for ${architecture}`,
    where: `${release.archive}/dists/${release.codename}`,
    hint: 'use a mirror that carries this architecture: set `mirror` in `[tool.tare.debian]`',
  });
}

/** By name, and where that gives another file (the mirror is just being updated) by hash. */
async function fetchIndex(
  context: Context,
  release: OpenedRelease,
  file: ReleaseFile,
  cache: BlobCache,
): Promise<string> {
  const { path, digest, size } = file;
  const folder = path.slice(0, path.lastIndexOf('/'));
  const byHash = `${folder}/by-hash/SHA256/${digestHex(digest)}`;
  const name = `Debian ${release.codename} packages`;
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
    message: `the package index of ${release.codename} is not the one that its release file lists`,
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
        await mkdir(folder, { recursive: true });
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

function offlineMissing(codename: string, architecture: string): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: `the package index of ${codename} for ${architecture} is not in the cache, and --offline forbids to fetch it`,
    hint: 'run the same command once without --offline',
  });
}
