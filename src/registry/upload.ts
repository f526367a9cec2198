import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpResponse, HttpStream } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { isTareError, type TareError } from '../base/errors.ts';
import { type BlobFile, readBlobFile } from '../oci/blob-origin.ts';
import { drain } from './answer.ts';
import { beginUpload, hasBlob } from './blob.ts';
import type { Scope } from './scope.ts';
import type { Session } from './session.ts';
import { failed, retryLater, uploadFailed } from './upload-failure.ts';
import { type UploadPlace, uploadPlaceOf } from './upload-place.ts';

/** A blob that goes to a registry: held, on disk, or to be read from where it is. Size in bytes. */
export type BlobSource = { readonly digest: Digest; readonly size: number } & (
  | { readonly bytes: Uint8Array }
  | BlobFile
);

export interface UploadOptions {
  readonly session: Session;
  readonly repository: string;
  readonly scopes: readonly Scope[];
  readonly signal: AbortSignal;
  /** Called with bytes that were sent; negative where some are sent again. */
  readonly advance: (bytes: number) => void;
}

/** Up to here a blob goes in one request: cheaper than asking whether it is there. Bytes. */
export const smallBlob = 256 * 1024;
/** What is sent at once after a registry found the whole too large. Bytes. */
const pieceSize = 16 * 1024 * 1024;
/** Failures without a byte in between before giving up. */
const mostFailures = 4;
const pauseMs = 300;

interface Upload extends UploadOptions {
  readonly blob: BlobSource;
  place: UploadPlace;
  /** Bytes that the registry has. */
  offset: number;
  /** At most so much in one request. */
  piece: number;
  /** What arrived is wrong: it must be sent anew. */
  isSpoilt: boolean;
}

/**
 * Uploads a blob into a session that was begun (distribution specification, "Pushing Blobs"): small ones with the request that ends it,
 * others as a stream that goes on where it broke. Throws `REGISTRY_UPLOAD_FAILED`, `BLOB_DIGEST_MISMATCH` and for a refusal.
 */
export async function uploadBlob(options: UploadOptions, blob: BlobSource, begun: UploadPlace): Promise<void> {
  const upload: Upload = {
    ...options,
    blob,
    place: begun,
    offset: 0,
    piece: Number.POSITIVE_INFINITY,
    isSpoilt: false,
  };
  let reached = 0;
  for (let failures = 0; ; ) {
    const outcome = await attemptUpload(upload, failures > 0);
    if (outcome === 'done') return;
    failures = upload.offset > reached ? 1 : failures + 1;
    reached = upload.offset;
    if (failures >= mostFailures) throw uploadFailed(upload, outcome);
    await sleep(randomInt(1, 2 + pauseMs * 2 ** failures), undefined, { signal: options.signal });
  }
}

/** Sends what is left and ends the upload; gives the error of a failure after which it can go on. */
async function attemptUpload(upload: Upload, isBroken: boolean): Promise<'done' | TareError> {
  const { blob } = upload;
  try {
    if (isBroken && (await findOffset(upload)) === 'done') return 'done';
    if (blob.size > smallBlob) while (upload.offset < blob.size) await sendPiece(upload);
    return await finish(upload);
  } catch (error) {
    upload.signal.throwIfAborted();
    if (isTareError(error) && error.transient) return error;
    throw error;
  }
}

async function sendPiece(upload: Upload): Promise<void> {
  const { session, blob, scopes, offset } = upload;
  const end = Math.min(blob.size, offset + upload.piece);
  const body = streamOf(upload, offset, end);
  const response = await session.request({
    method: 'PATCH',
    url: upload.place.url,
    scopes,
    headers: {
      'content-type': 'application/octet-stream',
      // Some registries take the whole alone, and not as a part.
      ...(end - offset === blob.size ? {} : { 'content-range': `${offset}-${end - 1}` }),
    },
    body: body.stream,
  });
  if (response.status === 202 || response.status === 204 || response.status === 201) {
    await drain(response);
    upload.place = uploadPlaceOf(session, response, upload.place);
    upload.offset = rangeEnd(response) ?? end;
    body.settle(upload.offset);
    return;
  }
  body.settle(offset);
  if (response.status === 413 && upload.piece > pieceSize) {
    await drain(response);
    upload.piece = pieceSize;
    throw retryLater('the registry takes less at once');
  }
  throw await failed(upload, response);
}

/** The last request names the digest; a small blob goes along with it. */
async function finish(upload: Upload): Promise<'done'> {
  const { session, blob, scopes } = upload;
  const isWhole = blob.size <= smallBlob;
  const url = new URL(upload.place.url);
  // By hand: what the registry put into its query stays as it is.
  const address = `${url.href}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(blob.digest)}`;
  const body = streamOf(upload, 0, isWhole ? blob.size : 0);
  const response = await session.request({
    method: 'PUT',
    url: address,
    scopes,
    headers: { 'content-type': 'application/octet-stream' },
    body: isWhole ? body.stream : new Uint8Array(0),
  });
  if (response.status === 201 || response.status === 204 || response.status === 202) {
    await drain(response);
    if (isWhole) body.settle(blob.size);
    return 'done';
  }
  if (isWhole) body.settle(0);
  throw await failed(upload, response);
}

/** Where a broken upload stands; what the registry has forgotten is begun anew, unless the blob is there. */
async function findOffset(upload: Upload): Promise<'open' | 'done'> {
  const { session, scopes, blob } = upload;
  if (!upload.isSpoilt) {
    const response = await session.request({ method: 'GET', url: upload.place.url, scopes });
    await drain(response);
    const end = response.status < 300 ? rangeEnd(response) : undefined;
    if (end !== undefined && blob.size > smallBlob && end <= blob.size) {
      upload.place = uploadPlaceOf(session, response, upload.place);
      upload.advance(end - upload.offset);
      upload.offset = end;
      return 'open';
    }
    if (await hasBlob(upload, blob)) return 'done';
  }
  upload.advance(-upload.offset);
  upload.offset = 0;
  upload.isSpoilt = false;
  upload.place = await beginUpload(upload);
  return 'open';
}

/** How many bytes the registry has (`Range: 0-499` for 500); undefined where it does not tell. */
function rangeEnd(response: HttpResponse): number | undefined {
  const [, last] = /^(?:bytes[= ])?0-(\d{1,15})$/.exec(response.header('range')?.trim() ?? '') ?? [];
  // Nothing yet is said as `0-0`, which would also be one byte: that byte is sent again.
  return last === undefined ? undefined : Number(last) === 0 ? 0 : Number(last) + 1;
}

function bytesOf(blob: BlobSource, start: number, end: number): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  if ('bytes' in blob) return [blob.bytes.subarray(start, end)];
  return readBlobFile(blob, start, end);
}

interface CountedStream {
  readonly stream: HttpStream;
  /** Corrects what was counted to what the registry has. */
  readonly settle: (offset: number) => void;
}

function streamOf(upload: Upload, start: number, end: number): CountedStream {
  const { blob, advance } = upload;
  let counted = 0;
  async function* open(): AsyncGenerator<Uint8Array> {
    advance(-counted);
    counted = 0;
    if (end === start) return;
    for await (const chunk of bytesOf(blob, start, end)) {
      yield chunk;
      counted += chunk.byteLength;
      advance(chunk.byteLength);
    }
  }
  return {
    stream: { size: end - start, open },
    settle: (offset) => {
      advance(offset - start - counted);
      counted = offset - start;
    },
  };
}
