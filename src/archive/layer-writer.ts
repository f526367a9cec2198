import { crc32 } from 'node:zlib';
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { digestFromHex } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { gzipHeaderSize, gzipTrailerSize, writeGzipHeader, writeGzipTrailer } from './gzip-member.ts';
import type { FileContent, LayerEntry, WrittenLayer, ZipSlice } from './layer-entry.ts';
import { contentSize, isCopied, ownMembersFrom } from './layer-order.ts';
import { createPathCheck } from './layer-paths.ts';
import { createPackedFile, type PackedFile, packedCapacity } from './packed-file.ts';
import { assertPossible, assertSlice, invalidData } from './slice-errors.ts';
import { inflateSlice, inflateSliceInPieces } from './slice-inflate.ts';
import { openSourceFiles, type SourceFiles } from './source-files.ts';
import { createTarGatherer, type TarGatherer } from './tar-gatherer.ts';
import { renderTarHeader, tarBlock, tarPadding } from './tar-header.ts';

export { orderForGathering } from './layer-order.ts';

export interface WriteLayerOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of packed bytes written since the last call. */
  readonly onBytes?: (bytes: number) => void;
  /** Called for every entry in turn; what it returns is given the raw bytes of a file as they pass by, valid during the call. */
  readonly observe?: (entry: LayerEntry, size: number) => ContentSink;
}

/** Takes a file's bytes as they pass by. */
export interface ContentSink {
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => void;
}

/** Up to here a member is inflated in one call. */
const inflatedWhole = 2 * 1024 * 1024;
const inputPiece = 256 * 1024;
/** How much raw data is handled between two looks at the signal and turns of the event loop. */
const breathEvery = 8 * 1024 * 1024;

interface Writing {
  readonly packed: PackedFile;
  readonly tar: TarGatherer;
  readonly sources: SourceFiles;
  /** To be called with the raw bytes handled, often. */
  readonly breathe: (bytes: number) => Promise<void> | undefined;
  readonly observe: NonNullable<WriteLayerOptions['observe']>;
}

const nobody: ContentSink = { push: () => undefined, end: () => undefined };

/**
 * Writes the entries, in their order, as a gzip-compressed tar to `output`, an absolute path that must not exist.
 * The bytes depend on the entries alone. Large deflated zip members are copied without being compressed again, each as one
 * gzip member, and verified on the way. Nothing is left behind on failure.
 *
 * @throws TareError `LAYER_PATH_INVALID`, `LAYER_PATH_DUPLICATE`, `LAYER_EXISTS`, `ZIP_CRC_MISMATCH`, `ZIP_SIZE_MISMATCH`,
 * `ZIP_TRAILING_DATA`, `ZIP_DATA_INVALID`, `RECORD_HASH_MISMATCH`, `FILE_CHANGED`, `FILE_UNREADABLE`, `DISK_FULL`, `WRITE_DENIED`
 */
export async function writeLayer(
  entries: Iterable<LayerEntry> | AsyncIterable<LayerEntry>,
  output: string,
  options: WriteLayerOptions = {},
): Promise<WrittenLayer> {
  options.signal?.throwIfAborted();
  const packed = createPackedFile(output, options.onBytes);
  const sources = openSourceFiles();
  const writing: Writing = {
    packed,
    sources,
    tar: createTarGatherer(packed),
    breathe: createBreath(options.signal),
    observe: options.observe ?? (() => nobody),
  };
  try {
    const check = createPathCheck();
    for await (const entry of entries) {
      check(entry);
      await writeEntry(writing, entry);
    }
    // POSIX.1-2001, ustar: two zero blocks end the archive.
    writing.tar.appendZeros(2 * tarBlock);
    return { ...writing.tar.finish(), ...packed.finish() };
  } catch (error) {
    packed.abandon();
    throw error;
  } finally {
    sources.close();
  }
}

function createBreath(signal: AbortSignal | undefined): Writing['breathe'] {
  let since = 0;
  return (bytes) => {
    since += bytes + tarBlock;
    if (since < breathEvery) return undefined;
    since = 0;
    return setImmediate().then(() => signal?.throwIfAborted());
  };
}

async function writeEntry(writing: Writing, entry: LayerEntry): Promise<void> {
  const { tar } = writing;
  const { content } = entry;
  if ((content !== undefined) !== (entry.type === 'file')) {
    throw new Error(`${JSON.stringify(entry.path)} is a ${entry.type} ${content ? 'with' : 'without'} content`);
  }
  const size = content === undefined ? 0 : contentSize(content);
  tar.append(renderTarHeader(entry, size));
  const sink = writing.observe(entry, size);
  if (content !== undefined) await writeContent(writing, entry.path, content, sink.push);
  sink.end();
  tar.appendZeros(tarPadding(size));
  await writing.breathe(size);
}

type Push = ContentSink['push'];

async function writeContent(writing: Writing, path: string, content: FileContent, push: Push): Promise<void> {
  const { tar, sources } = writing;
  switch (content.kind) {
    case 'bytes': {
      const { bytes } = content;
      push(bytes);
      return encode(writing, bytes.length, (target, at, room, done) => {
        target.set(bytes.subarray(done, done + room), at);
      });
    }
    case 'disk':
      return encodeDisk(writing, content, push);
    case 'zip':
      if (content.method === 'stored') return encodeStored(writing, path, content, push);
      if (!isCopied(content)) {
        const raw = inflateSlice(content, path, sources.view(content.file, content.offset, content.compressedSize));
        push(raw);
        tar.append(raw);
        return;
      }
      tar.flush();
      if (content.size <= inflatedWhole && content.compressedSize <= inputPiece * 3)
        return copyWhole(writing, path, content, push);
      return copyInPieces(writing, path, content, push);
  }
}

type DiskContent = Extract<FileContent, { readonly kind: 'disk' }>;
type PieceReader = (target: Buffer, at: number, room: number, done: number) => void;

/** Sends `size` bytes that `read` gives through the encoder. */
async function encode({ tar, breathe }: Writing, size: number, read: PieceReader): Promise<void> {
  const own = size >= ownMembersFrom;
  if (own) tar.flush();
  for (let done = 0; done < size; ) {
    const from = done;
    done += tar.appendFrom(size - from, own, (target, at, room) => read(target, at, room, from));
    await breathe(done - from);
  }
  if (own) tar.flush(true);
}

async function encodeDisk(writing: Writing, { file, size, sha256 }: DiskContent, push: Push): Promise<void> {
  const { sources } = writing;
  const hash = sha256 === undefined ? undefined : createHash('sha256');
  await encode(writing, size, (target, at, room, done) => {
    if (sources.readInto(file, done, target, at, room) < room) throw changed(file, `${size} bytes`, 'fewer');
    const piece = target.subarray(at, at + room);
    hash?.update(piece);
    push(piece);
  });
  if (sources.readInto(file, size, Buffer.allocUnsafe(1), 0, 1) > 0) throw changed(file, `${size} bytes`, 'more');
  const actual = hash && digestFromHex(hash.digest('hex'));
  if (sha256 !== undefined && actual !== undefined && actual !== sha256) throw changed(file, sha256, actual);
}

function changed(file: string, expected: string, actual: string): TareError {
  return new TareError({
    code: 'FILE_CHANGED',
    message: `\`${file}\` changed while it was read`,
    expected,
    actual,
    hint: 'build again when nothing writes to it',
  });
}

async function encodeStored(writing: Writing, path: string, slice: ZipSlice, push: Push): Promise<void> {
  assertPossible(slice, path);
  const sha256 = slice.sha256 === undefined ? undefined : createHash('sha256');
  let crc = 0;
  await encode(writing, slice.size, (target, at, room, done) => {
    if (writing.sources.readInto(slice.file, slice.offset + done, target, at, room) < room) {
      throw invalidData(slice, path, 'reaches beyond the end of the archive');
    }
    const piece = target.subarray(at, at + room);
    crc = crc32(piece, crc);
    sha256?.update(piece);
    push(piece);
  });
  const { size } = slice;
  assertSlice(slice, path, { consumed: size, size, crc32: crc, sha256: sha256?.digest('hex') });
}

/** Reads the stream straight to its place in the output, and inflates it from there. */
function copyWhole({ packed, sources, tar }: Writing, path: string, slice: ZipSlice, push: Push): void {
  const { compressedSize } = slice;
  const start = packed.reserve(gzipHeaderSize + compressedSize + gzipTrailerSize);
  const from = writeGzipHeader(packed.buffer, start);
  const to = from + sources.readInto(slice.file, slice.offset, packed.buffer, from, compressedSize);
  const raw = inflateSlice(slice, path, packed.buffer.subarray(from, to));
  push(raw);
  tar.pass(raw);
  packed.commit(writeGzipTrailer(packed.buffer, to, slice.crc32, slice.size) - start);
}

async function copyInPieces(writing: Writing, path: string, slice: ZipSlice, push: Push): Promise<void> {
  const { packed, tar } = writing;
  const header = packed.reserve(gzipHeaderSize);
  packed.commit(writeGzipHeader(packed.buffer, header) - header);
  await inflateSliceInPieces(slice, path, copiedPieces(writing, slice), (raw) => {
    push(raw);
    tar.pass(raw);
  });
  const trailer = packed.reserve(gzipTrailerSize);
  packed.commit(writeGzipTrailer(packed.buffer, trailer, slice.crc32, slice.size) - trailer);
}

async function* copiedPieces({ packed, sources, breathe }: Writing, slice: ZipSlice): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < slice.compressedSize; ) {
    const length = Math.min(inputPiece, packedCapacity, slice.compressedSize - done);
    const at = packed.reserve(length);
    const count = sources.readInto(slice.file, slice.offset + done, packed.buffer, at, length);
    if (count === 0) return;
    packed.commit(count);
    yield packed.buffer.subarray(at, at + count);
    done += count;
    await breathe(count);
  }
}
