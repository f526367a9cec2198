import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { readTar, type TarEntry } from '../archive/tar-reader.ts';
import { isTareError } from '../base/errors.ts';
import { type Packing, unpack } from '../debian/unpack.ts';
import { archiveInvalid } from './archive-error.ts';

/** An archive on disk, and the name that people know it by: in the cache it has none. */
export interface ArchiveFile {
  readonly file: string;
  readonly filename: string;
}

/** Bounds on one archive, some ten times what the largest real ones have. Sizes in bytes. */
export const archiveLimits = { entries: 200_000, unpacked: 4 * 1024 ** 3, file: 1024 ** 3 };

export type ArchiveLimits = typeof archiveLimits;

const top = 'python';

/**
 * The entries of an archive as they stream, with paths below its one folder `python/`. What is unsafe or out of shape is
 * refused: other top folders, links that leave the folder, entries below what is no folder, devices, what is too large.
 * Throws `PYTHON_ARCHIVE_INVALID`.
 */
export async function* readArchiveEntries(
  { file, filename }: ArchiveFile,
  limits: ArchiveLimits = archiveLimits,
): AsyncGenerator<TarEntry, void, void> {
  const seen = new Map<string, TarEntry['type']>();
  try {
    const bytes = unpack(readFile(file), await packingOf(file, filename), filename, limits.unpacked);
    for await (const entry of readTar(bytes, filename, limits)) {
      const path = innerPath(entry.path, filename);
      if (path === '' && entry.type === 'directory') continue;
      assertPlace(seen, path, entry, filename);
      if (entry.size > limits.file)
        throw archiveInvalid(filename, `has a file of ${entry.size} bytes: \`${entry.path}\``);
      seen.set(path, entry.type);
      yield { ...entry, path, ...linkOf(seen, path, entry, filename), body: readBody(entry, filename) };
    }
  } catch (error) {
    throw asInvalid(error, filename);
  }
}

/** Damage may show only where a file is read. */
async function* readBody({ body }: TarEntry, filename: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* body;
  } catch (error) {
    throw asInvalid(error, filename);
  }
}

function asInvalid(error: unknown, filename: string): unknown {
  if (!isTareError(error) || error.code === 'PYTHON_ARCHIVE_INVALID') return error;
  return archiveInvalid(filename, `cannot be unpacked: ${error.message}`, error);
}

function readFile(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: 256 * 1024 });
}

/** By the first bytes: the name may be anybody's. */
async function packingOf(file: string, filename: string): Promise<Packing> {
  for await (const chunk of createReadStream(file, { end: 3 })) {
    if (!(chunk instanceof Uint8Array)) break;
    const hex = Buffer.from(chunk).toString('hex');
    if (hex.startsWith('1f8b')) return 'gz';
    if (hex === '28b52ffd') return 'zst';
  }
  throw archiveInvalid(filename, 'is packed neither by gzip nor by zstd');
}

function innerPath(path: string, filename: string): string {
  if (path === top) return '';
  if (path.startsWith(`${top}/`)) return path.slice(top.length + 1);
  throw archiveInvalid(filename, `has \`${path.slice(0, 200)}\` beside the folder \`${top}/\``);
}

/** What lies below a link or file would be written somewhere else. */
function assertPlace(
  seen: ReadonlyMap<string, TarEntry['type']>,
  path: string,
  { type }: TarEntry,
  filename: string,
): void {
  const known = seen.get(path);
  if (path === '' || (known !== undefined && (known !== 'directory' || type !== 'directory'))) {
    throw archiveInvalid(filename, `has \`${top}/${path}\` twice, or not as a folder`);
  }
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const parent = seen.get(path.slice(0, slash));
    if (parent === 'directory') return;
    if (parent !== undefined) throw archiveInvalid(filename, `has \`${top}/${path}\` below what is no folder`);
  }
}

function linkOf(
  seen: ReadonlyMap<string, TarEntry['type']>,
  path: string,
  { type, linkTarget = '' }: TarEntry,
  filename: string,
): { readonly linkTarget?: string } {
  if (type === 'symlink') {
    const target = posix.join(posix.dirname(path), linkTarget);
    if (linkTarget.startsWith('/') || target === '..' || target.startsWith('../')) {
      throw archiveInvalid(filename, `has a link that leaves its folder: \`${top}/${path}\` to \`${linkTarget}\``);
    }
    return { linkTarget };
  }
  if (type !== 'hardlink') return {};
  const target = innerPath(linkTarget, filename);
  if (seen.get(target) !== 'file') {
    throw archiveInvalid(filename, `has a hard link to what is no file before it: \`${top}/${path}\``);
  }
  return { linkTarget: target };
}
