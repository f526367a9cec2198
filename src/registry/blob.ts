import type { Digest } from '../base/digest.ts';
import { isTareError } from '../base/errors.ts';
import { drain } from './answer.ts';
import { pullScope, type Scope } from './scope.ts';
import type { Session } from './session.ts';
import { type UploadPlace, uploadPlaceOf } from './upload-place.ts';

/** A repository that is spoken to with a right. */
export interface RepositoryAccess {
  readonly session: Session;
  /** `team/app`. */
  readonly repository: string;
  readonly scopes: readonly Scope[];
}

/** A blob by what it is. Size in bytes. */
export interface BlobName {
  readonly digest: Digest;
  readonly size: number;
}

/** Whether a repository has a blob (distribution specification, "Checking if content exists in the registry"). */
export async function hasBlob(access: RepositoryAccess, { digest }: BlobName): Promise<boolean> {
  const { session, repository, scopes } = access;
  const response = await session.request({ method: 'HEAD', url: `/v2/${repository}/blobs/${digest}`, scopes });
  if (response.status === 404) {
    await drain(response);
    return false;
  }
  if (response.status !== 200) throw await session.refusal(response, { object: `blob ${digest}`, verb: 'read' });
  await drain(response);
  return true;
}

/**
 * Takes a blob over from another repository of the registry; where that cannot be, the answer begins an upload (distribution
 * specification, "Mounting a blob from another repository").
 */
export async function mountBlob(
  access: RepositoryAccess,
  { digest }: BlobName,
  from: string,
): Promise<'mounted' | UploadPlace> {
  const { session, repository, scopes } = access;
  const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
  const response = await session
    .request({
      method: 'POST',
      url: `/v2/${repository}/blobs/uploads/?${query}`,
      scopes: [...scopes, pullScope(from)],
      isRepeatable: true,
    })
    .catch((error: unknown) => {
      // The other repository may be one that this account must not read.
      if (isTareError(error) && error.code.startsWith('REGISTRY_LOGIN_')) return undefined;
      throw error;
    });
  if (response !== undefined) await drain(response);
  if (response?.status === 201) return 'mounted';
  if (response?.status === 202) return uploadPlaceOf(session, response, undefined);
  // Who cannot mount may say so in any way; an upload of its own tells what is wrong.
  return beginUpload(access);
}

/** Begins an upload (distribution specification, "Pushing Blobs"). Throws for a refusal. */
export async function beginUpload(access: RepositoryAccess): Promise<UploadPlace> {
  const { session, repository, scopes } = access;
  const response = await session.request({
    method: 'POST',
    url: `/v2/${repository}/blobs/uploads/`,
    scopes,
    isRepeatable: true,
  });
  if (response.status !== 202)
    throw await session.refusal(response, { object: `a layer of \`${repository}\``, verb: 'write' });
  await drain(response);
  return uploadPlaceOf(session, response, undefined);
}
