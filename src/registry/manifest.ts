import * as v from 'valibot';
import type { HttpResponse } from '../base/context.ts';
import { type Digest, sha256 } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { readBytes } from '../http/read-text.ts';
import { isIndexMediaType, isManifestMediaType, mediaTypes } from '../oci/descriptor.ts';
import { drain } from './answer.ts';
import type { Scope } from './scope.ts';
import type { Session } from './session.ts';

/** A manifest or an index, as bytes that have a digest. */
export interface ManifestDocument {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** Where a manifest is: by tag or by digest. */
export interface ManifestPlace {
  readonly repository: string;
  readonly reference: string;
  readonly scopes: readonly Scope[];
}

/** Registries refuse larger ones (distribution specification, "Pushing Manifests"). Bytes. */
const largestManifest = 4 * 1024 * 1024;
const accepted = [mediaTypes.index, mediaTypes.manifest, mediaTypes.dockerManifestList, mediaTypes.dockerManifest];
/** A body that breaks on the way is asked for again as often. */
const mostAttempts = 3;

/**
 * The manifest under a tag or digest; undefined where there is none. Throws `MANIFEST_TOO_LARGE`, `MANIFEST_DIGEST_MISMATCH`,
 * `MANIFEST_UNSUPPORTED` and for a refusal.
 */
export async function fetchManifest(session: Session, place: ManifestPlace): Promise<ManifestDocument | undefined> {
  for (let attempt = 1; ; attempt++) {
    const response = await session.request({
      method: 'GET',
      url: manifestPath(place),
      scopes: place.scopes,
      headers: { accept: accepted.join(', ') },
    });
    if (response.status === 404) {
      await drain(response);
      return undefined;
    }
    if (response.status !== 200) throw await session.refusal(response, { object: nameOf(place), verb: 'read' });
    try {
      return parseDocument(response, await readManifestBytes(response, place), place);
    } catch (error) {
      if (!isTareError(error) || error.code !== 'HTTP_FAILED' || !error.transient || attempt === mostAttempts)
        throw error;
    }
  }
}

/** Puts a manifest under a tag or its digest. Gives what the registry complains of, where blobs that it points at are not there. */
export async function putManifest(
  session: Session,
  place: ManifestPlace,
  document: ManifestDocument,
): Promise<'written' | 'blobs-missing'> {
  const response = await session.request({
    method: 'PUT',
    url: manifestPath(place),
    scopes: place.scopes,
    headers: { 'content-type': document.mediaType },
    body: document.bytes,
    isRepeatable: true,
  });
  if (response.status === 201 || response.status === 200 || response.status === 202) {
    await drain(response);
    assertSameDigest(document.digest, response, place);
    return 'written';
  }
  if (response.status !== 400 && response.status !== 404)
    throw await session.refusal(response, { object: nameOf(place), verb: 'write' });
  const complaint = await session.complaint(response);
  if (complaint?.code === 'MANIFEST_BLOB_UNKNOWN' || complaint?.code === 'BLOB_UNKNOWN') return 'blobs-missing';
  throw manifestRefused(session, response, place, `${complaint?.code ?? ''} ${complaint?.message ?? ''}`.trim());
}

function manifestPath({ repository, reference }: ManifestPlace): string {
  return `/v2/${repository}/manifests/${reference}`;
}

async function readManifestBytes(response: HttpResponse, place: ManifestPlace): Promise<Uint8Array> {
  try {
    return await readBytes(response, largestManifest);
  } catch (error) {
    if (!isTareError(error) || error.code !== 'HTTP_TOO_LARGE') throw error;
    throw new TareError({
      code: 'MANIFEST_TOO_LARGE',
      message: `${nameOf(place)} is larger than a manifest can be`,
      where: response.url,
      expected: `at most ${largestManifest} bytes`,
      hint: 'check the name of the image: this is none',
      cause: error,
    });
  }
}

const typeSchema = v.looseObject({
  schemaVersion: v.optional(v.unknown()),
  mediaType: v.optional(v.string()),
  manifests: v.optional(v.unknown()),
  layers: v.optional(v.unknown()),
});

function parseDocument(response: HttpResponse, bytes: Uint8Array, place: ManifestPlace): ManifestDocument {
  const digest = sha256(bytes);
  if (place.reference.startsWith('sha256:') && place.reference !== digest) {
    throw digestMismatch(response.url, place, place.reference, digest);
  }
  assertSameDigest(digest, response, place);
  return { mediaType: mediaTypeOf(response, bytes, place), digest, bytes };
}

/** What the document says of itself counts; where it says nothing, the header; and where that is general, what is in it. */
function mediaTypeOf(response: HttpResponse, bytes: Uint8Array, place: ManifestPlace): string {
  const header = (response.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const document = v.safeParse(typeSchema, parseJson(bytes));
  const content = document.success ? document.output : undefined;
  const guessed = content?.manifests !== undefined ? mediaTypes.index : mediaTypes.manifest;
  const isOpen = header === '' || header === 'application/json' || header.startsWith('text/plain');
  const type = content?.mediaType ?? (isOpen && content?.schemaVersion === 2 ? guessed : header);
  if (content !== undefined && (isManifestMediaType(type) || isIndexMediaType(type))) return type;
  throw new TareError({
    code: 'MANIFEST_UNSUPPORTED',
    message: `${nameOf(place)} is not an image that can be read`,
    where: response.url,
    expected: 'an OCI image or index, or a Docker image of schema 2 or a list of them',
    actual: content === undefined ? `not JSON, ${header}` : type.slice(0, 200),
    hint: type.includes('v1+')
      ? 'the image has the format of before 2017: push it anew with a tool of today'
      : 'check the name of the image; a proxy in between may have answered in its place',
  });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The registry's own idea of the digest, where it has one. */
function assertSameDigest(digest: Digest, response: HttpResponse, place: ManifestPlace): void {
  const said = response.header('docker-content-digest')?.trim();
  if (said === undefined || !said.startsWith('sha256:') || said === digest) return;
  throw digestMismatch(response.url, place, said, digest);
}

function digestMismatch(where: string, place: ManifestPlace, expected: string, actual: string): TareError {
  return new TareError({
    code: 'MANIFEST_DIGEST_MISMATCH',
    message: `${nameOf(place)} is not what its digest says`,
    where,
    expected,
    actual,
    hint: 'somebody changed it on the way, or the registry or a mirror of it is damaged: try again, or ask another one',
    transient: true,
  });
}

function manifestRefused(session: Session, response: HttpResponse, place: ManifestPlace, said: string): TareError {
  return new TareError({
    code: 'REGISTRY_MANIFEST_REFUSED',
    message: `the registry ${session.registry} does not take ${nameOf(place)}`,
    where: response.url,
    actual: `${response.status}${said === '' ? '' : `: ${said}`}`,
    hint: 'the registry may be too old for OCI manifests, or a rule of it refuses the image',
  });
}

/** `team/app:1.0`, `team/app@sha256:…`. */
export function nameOf({ repository, reference }: ManifestPlace): string {
  return `\`${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}\``;
}
