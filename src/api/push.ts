import { rm } from 'node:fs/promises';
import type { Context } from '../base/context.ts';
import { type Digest, parseDigest } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { fileDigest } from '../oci/blob-check.ts';
import type { Image } from '../oci/image.ts';
import { renderReference } from '../oci/reference.ts';
import { openBlobSources } from '../registry/blob-sources.ts';
import { pushImage, type PushOutcome } from '../registry/push.ts';
import { resolvePlace } from '../registry/transport.ts';
import { type Cache, openCache } from '../store/cache.ts';
import { openPlace } from './image/place.ts';
import { openAccess, parseRegistryReference, type RegistryOptions } from './registry/access.ts';
import { type Pushable, pushableImages, pushableLayout } from './registry/push-content.ts';
import { assertPushName } from './registry/push-name.ts';

export { assertPushTag } from './registry/push-name.ts';

export interface PushOptions extends RegistryOptions {
  /** Only these of an image that has several. @default all */
  readonly platforms?: readonly string[];
}

/** What `tare push --json` prints. */
export interface PushReport extends PushOutcome {
  /** `registry.example/team/app:1.0`. */
  readonly reference: string;
  /** Of the manifest, or of the index over several. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** To the registry and to its token server. */
  readonly requests: number;
}

/**
 * Pushes an image that is at hand: a layout, an archive, or what was built in a project (see `openPlace`). Without `name`, to where the
 * layout says that it belongs. Throws `TareError`; the tag then is as it was.
 */
export async function push(
  place: string,
  name: string | undefined,
  options: PushOptions,
  context: Context,
): Promise<PushReport> {
  if (name !== undefined) assertPushName(name, 'as given');
  const cache = openCache(context.cacheDir);
  const opened = await openPlace(place, cache, context);
  try {
    const pushable = await pushableLayout(opened.dir, options.platforms);
    return await pushTo(pushable, name ?? nameOf(pushable, opened.name), options, cache, context);
  } finally {
    await opened.close();
  }
}

/** Pushes the images of a build, one a platform. Throws as `push` does. */
export async function pushImages(
  images: readonly Image[],
  name: string,
  options: RegistryOptions,
  context: Context,
): Promise<PushReport> {
  assertPushName(name, 'the tag of the image');
  return pushTo(await pushableImages(images), name, options, openCache(context.cacheDir), context);
}

async function pushTo(
  pushable: Pushable,
  name: string,
  options: RegistryOptions,
  cache: Cache,
  context: Context,
): Promise<PushReport> {
  const reference = parseRegistryReference(name);
  const { digest, mediaType } = pushable.content.root;
  if (context.offline) throw offline(renderReference(reference));
  if (reference.digest !== undefined && reference.digest !== digest) throw otherDigest(name, reference.digest, digest);
  const target = await resolvePlace(context, reference, options);
  const access = openAccess(context, target, 'push', reference, options);
  const outcome = await pushImage(context, {
    content: pushable.content,
    source: pushable.source,
    access,
    tag: reference.tag,
    known: openBlobSources(cache, target.endpoint.registry),
    cache,
  }).catch(async (error: unknown) => {
    await forgetDamaged(error, cache, context);
    throw error;
  });
  return { reference: renderReference(reference), digest, mediaType, ...outcome, requests: access.session.requests() };
}

/** The cache may hold the same damaged file under another name: the next build makes it anew. */
async function forgetDamaged(error: unknown, cache: Cache, { signal }: Context): Promise<void> {
  if (!isTareError(error) || error.code !== 'BLOB_DIGEST_MISMATCH' || error.expected === undefined) return;
  const digest = parseDigest(error.expected);
  if (!(await cache.has(digest))) return;
  const path = cache.blobPath(digest);
  if ((await fileDigest(path, signal)) !== digest) await rm(path, { force: true });
}

function nameOf({ refName }: Pushable, place: string): string {
  if (refName === undefined) {
    throw new TareError({
      code: 'REFERENCE_INVALID',
      message: `\`${place}\` does not say what its image is called`,
      expected: 'HOST[:PORT]/NAME[:TAG]',
      hint: 'give the name: `tare push registry.example/app:1.0`',
    });
  }
  assertPushName(refName, 'the name that the image was built with');
  return refName;
}

function otherDigest(name: string, expected: string, actual: string): TareError {
  return new TareError({
    code: 'REFERENCE_INVALID',
    message: `\`${name}\` names another image by its digest`,
    expected,
    actual,
    hint: 'leave the digest out: it follows from the image',
  });
}

function offline(name: string): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: `${name} cannot be reached: --offline forbids it`,
    hint: 'run the same command without --offline',
  });
}
