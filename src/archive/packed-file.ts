import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { withDiskHint } from '../base/atomic-file.ts';
import { type Digest, digestFromHex } from '../base/digest.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';

/** A file that is written once from start to end through one buffer, and hashed on the way. */
export interface PackedFile {
  /** Where the next bytes go, after `reserve`. */
  readonly buffer: Buffer;
  /** Makes room for `length` bytes, at most `packedCapacity`, and returns their place in `buffer`. */
  readonly reserve: (length: number) => number;
  /** Takes what was put into the reserved place. */
  readonly commit: (length: number) => void;
  /** Copies bytes of any length. */
  readonly write: (bytes: Uint8Array) => void;
  readonly finish: () => { readonly digest: Digest; readonly size: number };
  /** Closes and removes the file, whatever state it is in. */
  readonly abandon: () => void;
}

/**
 * The largest reservation. Writes are made of buffers about this large, which also keeps them in the processor's cache
 * between reading, inflating and hashing.
 */
export const packedCapacity = 1024 * 1024;

/** Makes `path`, which must not exist. */
export function createPackedFile(path: string, onBytes?: (bytes: number) => void): PackedFile {
  const descriptor = openNew(path);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(packedCapacity);
  let held = 0;
  let size = 0;
  let open = true;

  const put = (bytes: Uint8Array): void => {
    hash.update(bytes);
    writeWhole(descriptor, bytes, path);
    size += bytes.length;
    onBytes?.(bytes.length);
  };
  const flush = (): void => {
    if (held === 0) return;
    put(buffer.subarray(0, held));
    held = 0;
  };
  const close = (): void => {
    if (!open) return;
    open = false;
    closeSync(descriptor);
  };
  const reserve = (length: number): number => {
    if (held + length > packedCapacity) flush();
    return held;
  };
  const commit = (length: number): void => {
    held += length;
  };
  return {
    buffer,
    reserve,
    commit,
    write: (bytes) => {
      if (bytes.length > packedCapacity / 4) {
        flush();
        put(bytes);
        return;
      }
      buffer.set(bytes, reserve(bytes.length));
      commit(bytes.length);
    },
    finish: () => {
      flush();
      close();
      return { digest: digestFromHex(hash.digest('hex')), size };
    },
    abandon: () => {
      close();
      rmSync(path, { force: true });
    },
  };
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx');
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw withDiskHint(error, path);
    throw new TareError({
      code: 'LAYER_EXISTS',
      message: `\`${path}\` exists already`,
      hint: 'remove it, or let tare write to another place',
      cause: error,
    });
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array, path: string): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done);
  } catch (error) {
    throw withDiskHint(error, path);
  }
}
