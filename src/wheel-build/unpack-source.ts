import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { type TarEntry, readTar } from '../archive/tar-reader.ts';
import { decodeXz } from '../archive/xz.ts';
import { readZip, streamZipMember, type ZipEntry } from '../archive/zip.ts';
import { isTareError, systemErrorCode, TareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { unpack } from '../debian/unpack.ts';
import { applyLayer, openRootfs } from '../store/apply-layer.ts';
import { sourceInvalid } from './source-error.ts';
import type { UnpackedSource } from './types.ts';

export interface SourceLimits {
  readonly entries: number;
  /** Bytes. */
  readonly unpacked: number;
}

/** Far above what any source distribution has. */
const usualLimits: SourceLimits = { entries: 200_000, unpacked: 4 * 1024 ** 3 };

/** 1980-01-01: the first date that a zip file can hold. */
const earliest = 315_532_800;

/**
 * Unpacks a source distribution into an empty folder: a tar archive that is packed with gzip, xz or not at all, or a zip archive.
 * Nothing is written outside of the folder, and no link leads out of it. Throws `SDIST_INVALID`, `SDIST_UNSUPPORTED`, `TAR_*`, `ZIP_*`.
 */
export async function unpackSource(
  file: string,
  filename: string,
  folder: string,
  options: { readonly signal: AbortSignal; readonly limits?: Partial<SourceLimits> },
): Promise<UnpackedSource> {
  const bounds = { ...usualLimits, ...options.limits };
  await makeFolder(folder);
  let newest = earliest;
  const note = (mtime: number): void => {
    newest = Math.max(newest, mtime);
  };
  const entries = filename.endsWith('.zip') ? zipEntries(file, bounds) : tarEntries(file, filename, bounds);
  try {
    await applyLayer(openRootfs(folder, false, filename), checked(entries, filename, note), filename, options.signal);
  } catch (error) {
    if (isTareError(error) && error.code === 'LAYER_ENTRY_INVALID') throw sourceInvalid(error.message, filename, error);
    throw error;
  }
  return { folder: await projectFolder(folder, filename), newest };
}

async function* tarEntries(file: string, filename: string, bounds: SourceLimits): AsyncGenerator<TarEntry> {
  const stream = createReadStream(file);
  const packed: AsyncIterable<Uint8Array> = /\.(?:tar\.gz|tgz)$/.test(filename)
    ? unpack(stream, 'gz', filename, bounds.unpacked)
    : /\.tar\.xz$/.test(filename)
      ? decodeXz(stream, filename, bounds.unpacked)
      : stream;
  try {
    yield* readTar(packed, filename, bounds);
  } finally {
    stream.destroy();
  }
}

async function* zipEntries(file: string, limits: SourceLimits): AsyncGenerator<TarEntry> {
  const { entries } = await readZip(file, { limits });
  for (const entry of entries) yield asTarEntry(file, entry);
}

function asTarEntry(file: string, entry: ZipEntry): TarEntry {
  const { slice, isDirectory, externalMode, modified } = entry;
  const isLink = (externalMode & 0o170000) === 0o120000;
  if (isLink) throw sourceInvalid(`has a link \`${entry.name}\`, which no zip archive of sources needs`, file);
  return {
    path: entry.name.replace(/\/$/, ''),
    type: isDirectory ? 'directory' : 'file',
    mode: externalMode & 0o777,
    uid: 0,
    gid: 0,
    mtime: modified,
    size: slice.size,
    body: isDirectory ? emptyBody() : streamZipMember(slice),
  };
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** Modes that let the build read and change everything, and links that stay inside ("Source distribution format", unpacking). */
async function* checked(
  entries: AsyncIterable<TarEntry>,
  where: string,
  note: (mtime: number) => void,
): AsyncGenerator<TarEntry> {
  for await (const entry of entries) {
    if (entry.path.split('/').some((part) => part.startsWith('.wh.'))) {
      throw sourceInvalid(`has an entry \`${entry.path}\`, whose name hides others`, where);
    }
    if (entry.type === 'symlink') assertInside(entry, where);
    if (entry.type === 'file') note(entry.mtime);
    const isRun = entry.type === 'directory' || (entry.mode & 0o111) !== 0;
    yield { ...entry, mode: isRun ? 0o755 : 0o644 };
  }
}

function assertInside({ path, linkTarget = '' }: TarEntry, where: string): void {
  const target = posix.join(posix.dirname(path), linkTarget);
  if (!linkTarget.startsWith('/') && target !== '..' && !target.startsWith('../')) return;
  throw sourceInvalid(`has a link that leads out of it: \`${path}\` to \`${linkTarget}\``, where);
}

/** The one folder at the top, `NAME-VERSION`; older archives may have none. */
async function projectFolder(folder: string, where: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name !== 'pax_global_header');
  const [only] = names;
  if (only === undefined) throw sourceInvalid('is empty', where);
  const inner = join(folder, only);
  return names.length === 1 && (await lstat(inner)).isDirectory() ? inner : folder;
}

/** A folder inside an unpacked source, links not followed. Throws `SDIST_INVALID`. */
export async function subfolder(folder: string, path: string | undefined, where: string): Promise<string> {
  if (path === undefined || path === '' || path === '.') return folder;
  let place = folder;
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    place = join(place, part);
    if (part === '..' || !(await isFolder(place))) {
      throw new TareError({
        code: 'SDIST_INVALID',
        message: `the source has no folder \`${path}\``,
        where,
        hint: 'correct `subdirectory` in the requirement',
      });
    }
  }
  return place;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return false;
    throw error;
  }
}
