import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpResponse } from '../base/context.ts';
import { digestFromHex } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { hashMismatch, sizeMismatch } from '../http/download-source.ts';
import { drain } from './answer.ts';
import type { BlobName, RepositoryAccess } from './blob.ts';

/** Broken connections in a row, without a byte in between, before giving up. */
const mostBreaks = 5;
const pauseMs = 250;

export interface BlobRange {
  /** First byte. @default 0 */
  readonly start?: number;
  /** Behind the last byte. @default the size of the blob */
  readonly end?: number;
}

/**
 * The bytes of a blob as they come, with no file in between; where a connection breaks, what is missing is asked for (distribution
 * specification, "Pulling blobs"; RFC 9110, 14). A whole blob is checked against its digest. Throws `DOWNLOAD_FAILED`,
 * `DOWNLOAD_HASH_MISMATCH`, `DOWNLOAD_SIZE_MISMATCH` and for a refusal.
 */
export async function* readBlob(
  access: RepositoryAccess,
  blob: BlobName,
  signal: AbortSignal,
  { start = 0, end = blob.size }: BlobRange = {},
): AsyncGenerator<Uint8Array> {
  const hash = start === 0 && end === blob.size ? createHash('sha256') : undefined;
  let offset = start;
  for (let breaks = 0; offset < end; ) {
    const before = offset;
    try {
      for await (const chunk of readOnce(access, blob, offset, end)) {
        offset += chunk.byteLength;
        hash?.update(chunk);
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isTareError(error) || error.code !== 'HTTP_FAILED' || !error.transient) throw error;
    }
    if (offset >= end) break;
    breaks = offset > before ? 1 : breaks + 1;
    if (breaks >= mostBreaks) throw broken(access, blob, offset);
    await sleep(pauseMs * breaks, undefined, { signal });
  }
  const actual = hash === undefined ? blob.digest : digestFromHex(hash.digest('hex'));
  if (actual !== blob.digest) throw hashMismatch(sourceOf(access, blob), actual);
}

/** One answer, cut to what is wanted of it: a server may send the whole. */
async function* readOnce(
  { session, repository, scopes }: RepositoryAccess,
  { digest, size }: BlobName,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const response = await session.request({
    method: 'GET',
    url: `/v2/${repository}/blobs/${digest}`,
    scopes,
    ...(start === 0 && end === size ? {} : { headers: { range: `bytes=${start}-${end - 1}` } }),
  });
  if (response.status === 416) {
    await drain(response);
    throw sizeMismatch(sourceOf({ session, repository, scopes }, { digest, size }), `${start} bytes at most`);
  }
  if (response.status !== 200 && response.status !== 206)
    throw await session.refusal(response, { object: `blob ${digest}`, verb: 'read' });
  let position = response.status === 206 ? rangeStart(response) : 0;
  if (position === undefined || position > start) {
    await drain(response);
    return;
  }
  for await (const chunk of response.body) {
    const useful = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
    position += chunk.byteLength;
    if (useful.byteLength > 0) yield useful;
    if (position >= end) return;
  }
}

function rangeStart(response: HttpResponse): number | undefined {
  const [, start] = /^bytes (\d{1,15})-/.exec(response.header('content-range') ?? '') ?? [];
  return start === undefined ? undefined : Number(start);
}

function sourceOf({ session, repository }: RepositoryAccess, { digest, size }: BlobName) {
  const url = session.address(`/v2/${repository}/blobs/${digest}`);
  return { url, digest, size, name: `blob ${digest.slice(0, 19)}` };
}

function broken(access: RepositoryAccess, blob: BlobName, offset: number): TareError {
  const { url, name } = sourceOf(access, blob);
  return new TareError({
    code: 'DOWNLOAD_FAILED',
    message: `${name} could not be read from ${access.session.registry}: the connection keeps breaking`,
    where: url,
    actual: `${offset} of ${blob.size} bytes came`,
    hint: 'run the same command again',
    transient: true,
  });
}
