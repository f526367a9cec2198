import { closeSync, openSync, readSync } from 'node:fs';
import { systemErrorCode, TareError } from '../base/errors.ts';

/** Reads ranges of a few files, which stay open meanwhile. */
export interface SourceFiles {
  /** The range, valid until the next call. Near ranges in rising order cost one read for many. */
  readonly view: (file: string, offset: number, length: number) => Buffer;
  /** Reads at most `length` bytes to `at` in `target`, and returns how many there were. */
  readonly readInto: (file: string, offset: number, target: Buffer, at: number, length: number) => number;
  readonly close: () => void;
}

const openAtOnce = 8;
const windowSize = 64 * 1024;

export function openSourceFiles(): SourceFiles {
  /** In order of their last opening: the first is closed first. */
  const descriptors = new Map<string, number>();
  const window = Buffer.allocUnsafeSlow(windowSize);
  let windowFile = '';
  let windowStart = 0;
  let windowEnd = 0;

  const descriptorOf = (file: string): number => {
    const known = descriptors.get(file);
    if (known !== undefined) return known;
    for (const [oldest, descriptor] of descriptors) {
      if (descriptors.size < openAtOnce) break;
      descriptors.delete(oldest);
      closeSync(descriptor);
    }
    const descriptor = guarded(file, () => openSync(file, 'r'));
    descriptors.set(file, descriptor);
    return descriptor;
  };
  const readInto = (file: string, offset: number, target: Buffer, at: number, length: number): number => {
    const descriptor = descriptorOf(file);
    let done = 0;
    while (done < length) {
      const count = guarded(file, () => readSync(descriptor, target, at + done, length - done, offset + done));
      if (count === 0) break;
      done += count;
    }
    return done;
  };
  return {
    readInto,
    view: (file, offset, length) => {
      if (length > windowSize) {
        const own = Buffer.allocUnsafe(length);
        return own.subarray(0, readInto(file, offset, own, 0, length));
      }
      if (file !== windowFile || offset < windowStart || offset + length > windowEnd) {
        windowEnd = offset + readInto(file, offset, window, 0, windowSize);
        windowStart = offset;
        windowFile = file;
      }
      return window.subarray(offset - windowStart, Math.min(offset + length, windowEnd) - windowStart);
    },
    close: () => {
      for (const descriptor of descriptors.values()) closeSync(descriptor);
      descriptors.clear();
    },
  };
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = systemErrorCode(error);
    if (reason === undefined) throw error;
    throw new TareError({
      code: 'FILE_UNREADABLE',
      message: `\`${file}\` cannot be read: ${reason}`,
      hint: 'check that the file is there and readable, and build again',
      cause: error,
    });
  }
}
