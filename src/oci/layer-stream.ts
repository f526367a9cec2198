import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { digestFromHex, type Digest } from '../base/digest.ts';
import { isTareError, systemErrorCode, TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { layerCompression } from './descriptor.ts';
import type { ImageLayer } from './image.ts';

/** Unpacks zstd; comes from outside because this folder has no such decoder. */
export type ZstdDecoder = (
  source: AsyncIterable<Uint8Array>,
  where: string,
  limit: number,
) => AsyncIterable<Uint8Array>;

export interface LayerSource {
  /** Absolute path of the blob. */
  readonly file: string;
  readonly mediaType: string;
  readonly digest: Digest;
  /** Reads it in place of the file. */
  readonly open?: () => AsyncIterable<Uint8Array>;
}

/** How a layer is read: from disk, else from where it is. */
export async function layerSource({ descriptor, file, origin }: Omit<ImageLayer, 'diffId'>): Promise<LayerSource> {
  const { mediaType, digest } = descriptor;
  const isAtHand = origin === undefined || (await origin.isAtHand());
  return { file, mediaType, digest, ...(isAtHand ? {} : { open: () => origin.read() }) };
}

export interface LayerReadOptions {
  readonly decodeZstd?: ZstdDecoder;
  readonly signal?: AbortSignal;
  /** Called at the end with the digest of what was unpacked. */
  readonly onDiffId?: (diffId: Digest) => void;
}

const chunkSize = 256 * 1024;

/**
 * The tar stream of a layer, within `limits.archiveUnpacked`. Throws `LAYER_UNREADABLE`, `LAYER_TOO_LARGE`,
 * `LAYER_TYPE_UNSUPPORTED`.
 */
export async function* readLayer(source: LayerSource, options: LayerReadOptions = {}): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of unpack(source, options)) {
    size += chunk.byteLength;
    if (size > limits.archiveUnpacked) throw tooLarge(source);
    hash.update(chunk);
    yield chunk;
  }
  options.onDiffId?.(digestFromHex(hash.digest('hex')));
}

/** That a layer unpacked to what its image says; `actual` is of `onDiffId`. Throws `LAYER_DIFF_ID_MISMATCH`. */
export function assertDiffId({ descriptor, diffId, file }: ImageLayer, actual: Digest | undefined): void {
  if (actual === diffId) return;
  throw new TareError({
    code: 'LAYER_DIFF_ID_MISMATCH',
    message: `layer ${descriptor.digest} does not unpack to what the image says`,
    where: file,
    expected: diffId,
    actual: actual ?? 'a stream that goes on after the end of the archive',
    hint: 'the image is damaged: build or pull it again',
  });
}

function unpack(source: LayerSource, options: LayerReadOptions): AsyncIterable<Uint8Array> {
  const { decodeZstd, signal } = options;
  switch (layerCompression(source.mediaType)) {
    case 'none':
      return readRaw(source, signal);
    case 'gzip':
      return gunzip(source, signal);
    case 'zstd':
      if (decodeZstd === undefined) throw unsupported(source);
      return decodeZstd(readRaw(source, signal), source.digest, limits.archiveUnpacked);
    default:
      throw unsupported(source);
  }
}

async function* readRaw(source: LayerSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    yield* openBlob(source, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(source, error);
  }
}

async function* gunzip(source: LayerSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const inflating = createGunzip({ chunkSize });
  const feeding = pipeline(openBlob(source, undefined), inflating, {
    ...(signal === undefined ? {} : { signal }),
    end: true,
  });
  feeding.catch(() => undefined);
  try {
    yield* inflating;
    await feeding;
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(source, error);
  } finally {
    inflating.destroy();
  }
}

function openBlob({ file, open }: LayerSource, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  return open?.() ?? createReadStream(file, { highWaterMark: chunkSize, ...(signal === undefined ? {} : { signal }) });
}

function unreadable(source: LayerSource, cause: unknown): TareError {
  // What a registry has to say of it says more.
  if (isTareError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : 'no reason given';
  const isAbsent = systemErrorCode(cause) === 'ENOENT';
  return new TareError({
    code: 'LAYER_UNREADABLE',
    message: isAbsent ? `layer ${source.digest} is not there` : `layer ${source.digest} cannot be unpacked: ${reason}`,
    where: source.file,
    hint: 'the image is damaged: build or pull it again',
    cause,
  });
}

function tooLarge(source: LayerSource): TareError {
  return new TareError({
    code: 'LAYER_TOO_LARGE',
    message: `layer ${source.digest} unpacks to more than is sensible`,
    where: source.file,
    expected: `at most ${limits.archiveUnpacked} bytes`,
  });
}

function unsupported(source: LayerSource): TareError {
  return new TareError({
    code: 'LAYER_TYPE_UNSUPPORTED',
    message: `layer ${source.digest} is of a kind that cannot be unpacked`,
    where: source.file,
    expected: 'a tar archive, plain or packed with gzip or zstd',
    actual: source.mediaType,
  });
}
