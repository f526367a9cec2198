import { createHash, type Hash } from 'node:crypto';
import { type Digest, digestFromHex } from '../base/digest.ts';
import { renderGzipMember } from './gzip-member.ts';
import type { PackedFile } from './packed-file.ts';

/** Gathers the raw tar bytes that are to be encoded, and writes them as shared members when there are enough. */
export interface TarGatherer {
  /** For headers and small files: at most `gatherCapacity` bytes. */
  readonly append: (bytes: Uint8Array) => void;
  readonly appendZeros: (count: number) => void;
  /** Lets `read` put at most `most` bytes into the buffer, and returns how many there was room for. */
  readonly appendFrom: (
    most: number,
    uniform: boolean,
    read: (target: Buffer, at: number, room: number) => void,
  ) => number;
  /** Writes what is held as one member. `uniform`: it is all of one file. */
  readonly flush: (uniform?: boolean) => void;
  /** Counts raw bytes whose member the caller writes. Nothing may be held. */
  readonly pass: (raw: Uint8Array) => void;
  readonly finish: () => { readonly diffId: Digest; readonly unpackedSize: number };
}

/** How much raw data one shared member holds at most. */
export const gatherCapacity = 1024 * 1024;

export function createTarGatherer(packed: PackedFile): TarGatherer {
  const diff: Hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(gatherCapacity);
  let held = 0;
  let total = 0;

  const pass = (raw: Uint8Array): void => {
    diff.update(raw);
    total += raw.length;
  };
  const flush = (uniform = false): void => {
    if (held === 0) return;
    const raw = buffer.subarray(0, held);
    pass(raw);
    packed.write(renderGzipMember(raw, uniform));
    held = 0;
  };
  const makeRoom = (count: number): void => {
    if (held + count > gatherCapacity) flush();
  };
  return {
    append: (bytes) => {
      makeRoom(bytes.length);
      buffer.set(bytes, held);
      held += bytes.length;
    },
    appendZeros: (count) => {
      makeRoom(count);
      buffer.fill(0, held, held + count);
      held += count;
    },
    appendFrom: (most, uniform, read) => {
      if (held === gatherCapacity) flush(uniform);
      const room = Math.min(most, gatherCapacity - held);
      read(buffer, held, room);
      held += room;
      return room;
    },
    flush,
    pass,
    finish: () => {
      flush();
      return { diffId: digestFromHex(diff.digest('hex')), unpackedSize: total };
    },
  };
}
