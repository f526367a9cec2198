import type { HttpResponse } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { fileDigest } from '../oci/blob-check.ts';
import { drain } from './answer.ts';
import type { Session } from './session.ts';
import type { BlobSource } from './upload.ts';
import type { UploadPlace } from './upload-place.ts';

/** What an error says of an upload. */
interface BrokenUpload {
  readonly session: Session;
  readonly blob: BlobSource;
  readonly signal: AbortSignal;
  readonly place: UploadPlace;
  readonly offset: number;
  isSpoilt: boolean;
}

/** The error for an answer to a part of an upload; transient where the upload can go on. Marks the upload where what arrived is wrong. */
export async function failed(upload: BrokenUpload, response: HttpResponse): Promise<TareError> {
  const { session, blob } = upload;
  const { status } = response;
  const object = `blob ${blob.digest}`;
  if (status === 404 || status === 416) {
    await drain(response);
    return retryLater(`the registry answered ${status} to a part of it`);
  }
  if (status !== 400) return session.refusal(response, { object, verb: 'write' });
  const complaint = await session.complaint(response);
  if (complaint?.code === 'BLOB_UPLOAD_UNKNOWN' || complaint?.code === 'BLOB_UPLOAD_INVALID')
    return retryLater('the registry has forgotten the upload');
  if (complaint?.code !== 'DIGEST_INVALID' && complaint?.code !== 'SIZE_INVALID')
    return new TareError({
      code: 'REGISTRY_UPLOAD_FAILED',
      message: `the registry ${session.registry} does not take ${object}`,
      where: response.url,
      actual: `400${complaint === undefined ? '' : `: ${complaint.code}, ${complaint.message}`}`,
      hint: 'its log tells more',
    });
  upload.isSpoilt = true;
  return (await damaged(blob, upload.signal)) ?? retryLater('it arrived changed');
}

/** Whether the blob itself is wrong: asked only where a registry says so. */
async function damaged(blob: BlobSource, signal: AbortSignal): Promise<TareError | undefined> {
  if ('bytes' in blob) return undefined;
  if (blob.origin !== undefined && !(await blob.origin.isAtHand())) return undefined;
  const actual = await fileDigest(blob.file, signal);
  if (actual === blob.digest) return undefined;
  return new TareError({
    code: 'BLOB_DIGEST_MISMATCH',
    message: `the blob ${blob.digest} of the image was damaged on this machine`,
    where: blob.file,
    expected: blob.digest,
    actual,
    hint: 'build or pull the image again: what is damaged in the cache is made anew',
  });
}

/** A failure after which the upload goes on; `uploadFailed` says the rest where it cannot. */
export function retryLater(reason: string): TareError {
  return new TareError({ code: 'REGISTRY_UPLOAD_FAILED', message: reason, transient: true });
}

/** The error of an upload that was given up. */
export function uploadFailed(upload: BrokenUpload, cause: TareError): TareError {
  const { session, blob, offset } = upload;
  return new TareError({
    code: 'REGISTRY_UPLOAD_FAILED',
    message: `blob ${blob.digest} could not be uploaded to ${session.registry}: ${cause.message}`,
    where: session.address(new URL(upload.place.url).pathname),
    actual: `${offset} of ${blob.size} bytes arrived`,
    hint: 'push again: what is there already is not sent twice',
    transient: true,
    cause,
  });
}
