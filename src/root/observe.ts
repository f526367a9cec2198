import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { ContentSink } from '../archive/layer-writer.ts';
import { withDiskHint } from '../base/atomic-file.ts';
import { isTareError } from '../base/errors.ts';
import { type ElfFacts, type ElfRequest, isElf, readElf } from '../elf/elf.ts';
import type { FileFacts } from './file-facts.ts';

/** What an entry of a layer says of itself. */
export type ObservedEntry = Pick<FileFacts, 'path' | 'type' | 'mode' | 'uid' | 'gid' | 'linkTarget'>;

/** Gathers the facts of files while something else reads or writes them. */
export interface Observer {
  /** The facts of an entry are there once its sink has ended; of folders and links at once. */
  readonly sinkFor: (entry: ObservedEntry, size: number) => ContentSink;
  /** In the order of the entries. */
  readonly facts: () => readonly FileFacts[];
  /** The bytes of the files that were to be kept. */
  readonly kept: () => ReadonlyMap<string, Uint8Array>;
  /** To be called when no more comes, also after a failure. */
  readonly close: () => void;
}

/** An ELF file is held up to this size; a larger one goes through a file on disk. */
const heldWhole = 8 * 1024 * 1024;
/** Enough to tell what a file is, and for the first line of a script (Linux reads 256 bytes, binfmt_script). */
const headSize = 256;
const magicSize = 4;

export interface ObserverOptions {
  /** A path that large files may pass through: it must not exist, and does not afterwards. */
  readonly spool: string;
  /** Files whose bytes are wanted too, up to `largestKept` each; larger ones count as absent. */
  readonly keep?: (path: string) => boolean;
}

/** Far above a large dpkg database. */
export const largestKept = 32 * 1024 * 1024;

export function createObserver({ spool, keep = () => false }: ObserverOptions): Observer {
  const kept = new Map<string, Uint8Array>();
  const list: FileFacts[] = [];
  let open: FileReader | undefined;
  const finish = (file: FileReader, facts: FileFacts, pieces: Uint8Array[] | undefined): void => {
    list.push({ ...facts, ...file.finish(facts.path) });
    if (pieces !== undefined) kept.set(facts.path, Buffer.concat(pieces));
  };
  return {
    facts: () => list,
    kept: () => kept,
    close: () => open?.close(),
    sinkFor: (entry, size) => {
      const facts = factsOf(entry, size);
      if (entry.type !== 'file') {
        list.push(facts);
        return { push: () => undefined, end: () => undefined };
      }
      const file = createFileReader(size, spool);
      open = file;
      const pieces = size <= largestKept && keep(entry.path) ? [] : undefined;
      return { push: pushBoth(file, pieces), end: () => finish(file, facts, pieces) };
    },
  };
}

function pushBoth(file: FileReader, pieces: Uint8Array[] | undefined): ContentSink['push'] {
  if (pieces === undefined) return file.push;
  return (bytes) => {
    file.push(bytes);
    // The reader's buffer is written over.
    pieces.push(Uint8Array.from(bytes));
  };
}

/** The facts of a file whose bytes are at hand, or of a folder or link. */
export function factsOfBytes(entry: ObservedEntry, bytes: Uint8Array): FileFacts {
  if (entry.type !== 'file') return factsOf(entry, 0);
  const reading = isElf(bytes) ? elfOf(entry.path, bytes.length, (request) => rangeOf(bytes, request)) : {};
  return { ...factsOf(entry, bytes.length), ...reading, ...headFacts(entry.path, bytes.subarray(0, headSize)) };
}

function factsOf(entry: ObservedEntry, size: number): FileFacts {
  const { path, type, mode, uid, gid, linkTarget } = entry;
  return { path, type, mode, uid, gid, size, ...(linkTarget === undefined ? {} : { linkTarget }) };
}

interface FileReader {
  readonly push: (bytes: Uint8Array) => void;
  readonly finish: (path: string) => Partial<FileFacts>;
  readonly close: () => void;
}

function createFileReader(size: number, spool: string): FileReader {
  const head = Buffer.alloc(Math.min(size, headSize));
  let done = 0;
  let kept: Kept | undefined;
  const close = (): void => {
    kept?.close();
    kept = undefined;
  };
  return {
    push: (bytes) => {
      const before = done;
      done += bytes.length;
      if (before < head.length) head.set(bytes.subarray(0, head.length - before), before);
      // The first piece may be shorter than what tells an ELF file.
      if (before < magicSize && done >= magicSize && isElf(head)) {
        kept = size <= heldWhole ? keepInMemory(size) : keepOnDisk(spool);
        kept.write(head.subarray(0, before), 0);
      }
      kept?.write(bytes, before);
    },
    finish: (path) => {
      const reading = kept === undefined ? {} : elfOf(path, done, kept.read);
      close();
      return { ...reading, ...headFacts(path, head.subarray(0, done)) };
    },
    close,
  };
}

/** Where the bytes of an ELF file are until it can be read: its tables may stand at its end. */
interface Kept {
  readonly write: (bytes: Uint8Array, at: number) => void;
  readonly read: (request: ElfRequest) => Uint8Array;
  readonly close: () => void;
}

function keepInMemory(size: number): Kept {
  const whole = Buffer.allocUnsafe(size);
  let length = 0;
  return {
    write: (bytes, at) => {
      whole.set(bytes.subarray(0, size - at), at);
      length = Math.min(size, at + bytes.length);
    },
    read: (request) => rangeOf(whole.subarray(0, length), request),
    close: () => undefined,
  };
}

function keepOnDisk(spool: string): Kept {
  const descriptor = openSync(spool, 'wx+', 0o600);
  return {
    write: (bytes, at) => {
      try {
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
        }
      } catch (error) {
        throw withDiskHint(error, spool);
      }
    },
    read: ({ offset, length }) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
    },
    close: () => {
      closeSync(descriptor);
      rmSync(spool, { force: true });
    },
  };
}

function rangeOf(bytes: Uint8Array, { offset, length }: ElfRequest): Uint8Array {
  return bytes.subarray(offset, offset + length);
}

/** What cannot be read is told, not thrown: an image may hold broken files that nobody loads. */
function elfOf(
  path: string,
  size: number,
  read: (request: ElfRequest) => Uint8Array,
): { readonly elf: ElfFacts } | { readonly elfProblem: string } {
  try {
    return { elf: readElf(size, path, read) };
  } catch (error) {
    if (!isTareError(error)) throw error;
    return { elfProblem: error.message };
  }
}

function headFacts(path: string, head: Uint8Array): Partial<FileFacts> {
  if (head[0] === 0x23 && head[1] === 0x21) {
    const line = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('utf8').split('\n', 1)[0] ?? '';
    return { shebang: line.slice(2).trim() };
  }
  if (path.endsWith('.pyc') && head.length >= 4) {
    return { bytecodeMagic: (head[0] ?? 0) | ((head[1] ?? 0) << 8) };
  }
  return {};
}
