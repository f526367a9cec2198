import type { BlobCache } from '../base/blob-cache.ts';
import { mapLimit } from '../base/concurrency.ts';
import type { Context, HttpClient } from '../base/context.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { downloadBlob } from '../http/download.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RepositoryAccess } from './blob.ts';
import { collectContent, type ImageContent } from './image-content.ts';
import { fetchManifest, type ManifestDocument, nameOf } from './manifest.ts';
import { keepManifest, readKeptManifest } from './manifest-cache.ts';

/** Blobs that are under way at once. */
const mostDownloads = 4;

/** The manifest or index under a tag or digest, from the cache where its digest is known and it is there. Throws `IMAGE_NOT_FOUND`. */
export async function pullRoot(
  access: RepositoryAccess,
  reference: string,
  cache: BlobCache,
): Promise<ManifestDocument> {
  const found = await fetchManifest(access.session, { ...access, reference });
  if (found === undefined) throw notFound(access, reference);
  await keepManifest(found, cache);
  return found;
}

/** All manifests that `root` points at, without the blobs. */
export async function pullManifests(
  access: RepositoryAccess,
  root: ManifestDocument,
  cache: BlobCache,
): Promise<ImageContent> {
  return collectContent(root, (descriptor) => pullManifest(access, descriptor, cache));
}

/** One manifest of an index. */
export async function pullManifest(
  access: RepositoryAccess,
  descriptor: Descriptor,
  cache: BlobCache,
): Promise<ManifestDocument> {
  return (await readKeptManifest(descriptor, cache)) ?? pullRoot(access, descriptor.digest, cache);
}

/** Downloads blobs into the cache, those that are not there. Throws as `downloadBlob` does, and for what a registry refuses. */
export async function pullBlobs(
  context: Context,
  access: RepositoryAccess,
  blobs: readonly Descriptor[],
  cache: BlobCache,
): Promise<void> {
  const signedIn = { ...context, http: blobClient(access) };
  await mapLimit(blobs, mostDownloads, ({ digest, size }) =>
    downloadBlob(
      signedIn,
      {
        url: access.session.address(`/v2/${access.repository}/blobs/${digest}`),
        digest,
        size,
        name: `pull ${digest.slice(0, 19)}`,
      },
      cache,
    ),
  );
}

/** The registry as a client for downloads: signs in, and explains refusals in its own words. */
function blobClient({ session, scopes }: RepositoryAccess): HttpClient {
  return {
    request: async ({ url, headers }) => {
      const response = await session.request({
        method: 'GET',
        url,
        scopes,
        ...(headers === undefined ? {} : { headers }),
      });
      const { status } = response;
      if (status < 400 || status === 416) return response;
      const object = `blob ${url.slice(url.lastIndexOf('/') + 1)}`;
      throw await session.refusal(response, { object, verb: 'read' });
    },
  };
}

/** Tries places in order; the error of the last one counts, for the others only stand in for it. */
export async function fromFirst<P, R>(
  context: Pick<Context, 'log' | 'signal'>,
  places: readonly P[],
  nameOfPlace: (place: P) => string,
  work: (place: P) => Promise<R>,
): Promise<R> {
  for (const [at, place] of places.entries()) {
    try {
      return await work(place);
    } catch (error) {
      context.signal.throwIfAborted();
      if (at === places.length - 1 || !isTareError(error)) throw error;
      context.log.debug(`${nameOfPlace(place)} is passed over: ${error.message}`);
    }
  }
  throw new Error('there is no place to look at');
}

function notFound(access: RepositoryAccess, reference: string): TareError {
  const { registry } = access.session;
  return new TareError({
    code: 'IMAGE_NOT_FOUND',
    message: `there is no image ${nameOf({ ...access, reference })} at ${registry}`,
    where: `${registry}/${access.repository}`,
    hint: `check name and tag; some registries say this of images that the account must not see: \`tare login ${registry}\``,
  });
}
