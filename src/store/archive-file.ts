import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryBeside, withDiskHint } from '../base/atomic-file.ts';
import { TareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { renderTarHeader, tarPadding } from '../archive/tar-header.ts';
import type { StoredBlob } from './contents.ts';
import { occupantOf, outputExists, removeLeftoversBeside } from './place.ts';

/** A file in an archive. */
export interface ArchiveMember {
  readonly path: string;
  readonly blob: StoredBlob;
}

export interface ArchiveOptions {
  /** Of every member, seconds since the epoch. */
  readonly mtime: number;
  readonly signal: AbortSignal;
}

/** The first member of every archive that is written here, by which it is known again. */
export const firstMember = 'oci-layout';

/**
 * Writes a tar archive, whole or not at all: members in the order given, the first one named `oci-layout`. Replaces an earlier
 * one; throws `OUTPUT_EXISTS` where anything else is at `file`.
 */
export async function writeArchive(
  file: string,
  members: readonly ArchiveMember[],
  options: ArchiveOptions,
): Promise<void> {
  const temporary = temporaryBeside(file);
  try {
    await assertReplaceable(file);
    await makeFolder(dirname(file));
    await removeLeftoversBeside(file);
    const handle = await open(temporary, 'wx', 0o644);
    try {
      for (const member of members) await writeMember(handle, member, options);
      // Two empty blocks end the archive; tar pads to ten kilobytes, which nothing needs.
      await handle.writeFile(new Uint8Array(1024));
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    throw withDiskHint(error, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeMember(handle: FileHandle, member: ArchiveMember, options: ArchiveOptions): Promise<void> {
  const { path, blob } = member;
  const { mtime, signal } = options;
  signal.throwIfAborted();
  const header = renderTarHeader({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime }, blob.size);
  await handle.writeFile(header);
  if (blob.kind === 'bytes') await handle.writeFile(blob.bytes);
  else await copyInto(handle, blob.file, blob.size, signal);
  await handle.writeFile(new Uint8Array(tarPadding(blob.size)));
}

async function copyInto(handle: FileHandle, file: string, size: number, signal: AbortSignal): Promise<void> {
  let copied = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) {
    copied += chunk.byteLength;
    if (copied <= size) await handle.writeFile(chunk);
  }
  if (copied !== size) {
    throw new TareError({
      code: 'BLOB_SIZE_MISMATCH',
      message: `the blob \`${file}\` changed while it was written to the archive`,
      expected: `${size} bytes`,
      actual: `${copied} bytes`,
      hint: 'build again',
    });
  }
}

async function assertReplaceable(file: string): Promise<void> {
  const occupant = await occupantOf(file);
  if (occupant === 'nothing') return;
  if (occupant !== 'file') throw outputExists(file, 'it is a folder');
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw outputExists(file, 'it cannot be read', error);
  });
  try {
    const start = Buffer.alloc(firstMember.length + 1);
    const { bytesRead } = await handle.read(start, 0, start.byteLength, 0);
    if (bytesRead === 0 && (await handle.stat()).isFile()) return;
    if (start.toString('latin1') !== `${firstMember}\0`) throw outputExists(file, 'it is not an image archive of tare');
  } finally {
    await handle.close();
  }
}
