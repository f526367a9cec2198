import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { readTar, type TarEntry } from '../archive/tar-reader.ts';
import { withDiskHint } from '../base/atomic-file.ts';
import { type Digest, digestFromHex } from '../base/digest.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { type DockerMembers, writeDockerLayout } from './read-docker-archive.ts';

/** More members than an archive of images has. */
const mostMembers = 100_000;

/** A file of an archive on disk. Sizes in bytes. */
export interface UnpackedMember {
  readonly file: string;
  readonly size: number;
  readonly digest: Digest;
}

/**
 * Unpacks an image archive (OCI image layout in a tar, or what `docker save` writes; plain or packed with gzip) into `dir`, a new
 * folder, so that it is an OCI layout. Blobs get the names that the archive gives them: whoever reads the layout checks them.
 *
 * @throws TareError `ARCHIVE_INVALID`, `ARCHIVE_MISSING`, and what reading a tar archive throws
 */
export async function unpackArchive(file: string, dir: string, signal: AbortSignal): Promise<void> {
  return unpackArchiveStream(openArchive(file, signal), file, dir, signal);
}

/** The same of a tar archive that streams by, not packed; `name` is for errors. */
export async function unpackArchiveStream(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await makeFolder(join(dir, 'blobs', 'sha256'));
    const members = await unpackMembers(stream, name, dir, signal);
    if (await placeLayout(dir, members)) return;
    if (await writeDockerLayout(dir, members)) return;
  } catch (error) {
    throw withDiskHint(error, dir);
  }
  throw archiveInvalid(name, 'it holds neither `index.json` nor `manifest.json`');
}

async function unpackMembers(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  dir: string,
  signal: AbortSignal,
): Promise<DockerMembers> {
  const files = new Map<string, UnpackedMember>();
  const links = new Map<string, string>();
  for await (const entry of readTar(stream, name, { entries: mostMembers })) {
    signal.throwIfAborted();
    const { path, type, linkTarget = '' } = entry;
    files.delete(path);
    links.delete(path);
    if (type === 'file')
      files.set(path, await unpackMember(entry, join(dir, `member-${files.size + links.size}-${hash(path)}`)));
    else if (type === 'symlink') links.set(path, joined(path, linkTarget));
    else if (type === 'hardlink') links.set(path, linkTarget);
  }
  return { files, links };
}

async function unpackMember(entry: TarEntry, file: string): Promise<UnpackedMember> {
  const digest = createHash('sha256');
  const handle = await open(file, 'w', 0o600);
  try {
    for await (const chunk of entry.body) {
      digest.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return { file, size: entry.size, digest: digestFromHex(digest.digest('hex')) };
}

/** The tar stream of a file, unpacked where it begins as gzip. */
async function* openArchive(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const isPacked = await isGzip(file);
  const source = createReadStream(file, { highWaterMark: 1024 * 1024, signal });
  if (!isPacked) {
    yield* source;
    return;
  }
  const inflating = createGunzip({ chunkSize: 256 * 1024 });
  const feeding = pipeline(source, inflating);
  feeding.catch(() => undefined);
  try {
    yield* inflating;
    await feeding;
  } catch (error) {
    signal.throwIfAborted();
    throw archiveInvalid(file, 'it cannot be unpacked', error);
  } finally {
    inflating.destroy();
  }
}

async function isGzip(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'r');
    try {
      const start = Buffer.alloc(2);
      await handle.read(start, 0, 2, 0);
      return start[0] === 0x1f && start[1] === 0x8b;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    if (systemErrorCode(error) !== 'ENOENT') throw archiveInvalid(file, 'it cannot be read', error);
    throw new TareError({
      code: 'ARCHIVE_MISSING',
      message: `there is neither an archive nor a layout \`${file}\``,
      where: file,
      expected: 'a file or folder: what `tare build`, `docker save` or `podman save` wrote',
      hint: 'correct the path; an image of a registry is named by `docker://REFERENCE`, or pulled first: `tare pull REFERENCE -o oci:DIR`',
    });
  }
}

/** An archive that is a layout, as Docker since 25 writes it too. */
async function placeLayout(dir: string, { files }: DockerMembers): Promise<boolean> {
  const index = files.get('index.json');
  if (index === undefined) return false;
  await rename(index.file, join(dir, 'index.json'));
  const marker = files.get('oci-layout');
  if (marker === undefined) await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  else await rename(marker.file, join(dir, 'oci-layout'));
  for (const [path, member] of files) {
    const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path) ?? [];
    if (hex !== undefined) await rename(member.file, join(dir, 'blobs', 'sha256', hex));
  }
  return true;
}

/** A link's target as a path of the archive. */
function joined(path: string, target: string): string {
  const parts = target.startsWith('/') ? [] : path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function archiveInvalid(file: string, reason: string, cause?: unknown): TareError {
  return new TareError({
    code: 'ARCHIVE_INVALID',
    message: `\`${file}\` is not an archive of an image: ${reason}`,
    where: file,
    expected: 'what `tare build --output oci-archive:FILE`, `docker save` or `podman save` wrote',
    hint: 'check that the file is whole',
    ...(cause === undefined ? {} : { cause }),
  });
}
