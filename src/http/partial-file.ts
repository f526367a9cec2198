import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { type Digest, digestFromHex } from '../base/digest.ts';

/** A download in progress: what is in the file is hashed. */
export interface PartialFile {
  /** Bytes so far, those on their way to the disk among them. */
  readonly received: () => number;
  /** Takes pieces, which may not change after that. They are being written when it resolves, and those before them are. */
  readonly append: (chunks: readonly Uint8Array[]) => Promise<void>;
  /** Resolves when everything is written. */
  readonly written: () => Promise<void>;
  /** Forgets all bytes. */
  readonly restart: () => Promise<void>;
  /** Of all bytes so far. */
  readonly digest: () => Digest;
  readonly close: () => Promise<void>;
  /** Closes and removes. */
  readonly discard: () => Promise<void>;
}

/** Opens what an earlier run left, reading it once for the hash; a file longer than `size` is begun anew. */
export async function openPartial(path: string, size: number | undefined, signal: AbortSignal): Promise<PartialFile> {
  const handle = await open(path, 'a+', 0o644);
  let hash = createHash('sha256');
  let received = 0;
  // One write is under way while what comes next is received and hashed.
  let writing = Promise.resolve();
  const restart = async (): Promise<void> => {
    await writing;
    await handle.truncate(0);
    hash = createHash('sha256');
    received = 0;
  };
  try {
    received = await hashFile(handle, hash, signal);
    if (size !== undefined && received > size) await restart();
  } catch (error) {
    await handle.close();
    throw error;
  }
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    try {
      await writing;
    } finally {
      await handle.close();
    }
  };
  return {
    received: () => received,
    append: async (chunks) => {
      await writing;
      writing = writeAll(handle, chunks);
      // Whoever waits for it gets the error.
      writing.catch(() => undefined);
      for (const chunk of chunks) {
        hash.update(chunk);
        received += chunk.byteLength;
      }
    },
    written: () => writing,
    restart,
    digest: () => digestFromHex(hash.copy().digest('hex')),
    close,
    discard: async () => {
      await close();
      await rm(path, { force: true });
    },
  };
}

/** Without a copy of what came; a disk may take less than all at once. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten } = await handle.writev(chunks);
  for (const chunk of chunks) {
    const done = Math.min(bytesWritten, chunk.byteLength);
    bytesWritten -= done;
    for (let offset = done; offset < chunk.byteLength; ) {
      offset += (await handle.write(chunk, offset, chunk.byteLength - offset)).bytesWritten;
    }
  }
}

async function hashFile(handle: FileHandle, hash: Hash, signal: AbortSignal): Promise<number> {
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, position);
    if (bytesRead === 0) return position;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
