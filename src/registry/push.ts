import type { BlobCache } from '../base/blob-cache.ts';
import type { Context, ProgressTask } from '../base/context.ts';
import { mapLimit } from '../base/concurrency.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { type Descriptor, isIndexMediaType, isManifestMediaType } from '../oci/descriptor.ts';
import { parseImageIndex } from '../oci/image-index.ts';
import { beginUpload, hasBlob, mountBlob, type RepositoryAccess } from './blob.ts';
import type { BlobSources } from './blob-sources.ts';
import { blobsOf, type ImageContent } from './image-content.ts';
import { fetchManifest, type ManifestDocument, putManifest } from './manifest.ts';
import { keepManifest, readKeptManifest } from './manifest-cache.ts';
import { type BlobSource, smallBlob, uploadBlob } from './upload.ts';

/** What is pushed, and where. */
export interface PushWish {
  readonly content: ImageContent;
  /** The bytes of each blob of `content`. */
  readonly source: (blob: Descriptor) => BlobSource;
  readonly access: RepositoryAccess;
  /** Gets the image at the end; absent where its digest is name enough. */
  readonly tag: string | undefined;
  /** Repositories of the registry that have blobs. */
  readonly known: BlobSources;
  /** Manifests that were seen before. */
  readonly cache: BlobCache;
}

export interface PushOutcome {
  /** Nothing was to be done. */
  readonly isUnchanged: boolean;
  /** Blobs by what became of them. */
  readonly uploaded: number;
  readonly mounted: number;
  readonly present: number;
  /** Of blobs and manifests that were sent. */
  readonly uploadedBytes: number;
}

/** Blobs that are under way at once. */
const mostUploads = 4;

type BlobFate = 'uploaded' | 'mounted' | 'present';

/**
 * Pushes an image: blobs, then manifests, then what they are listed in, and the tag with the last of them, so that nothing ever points at
 * what is not there. Throws for what a registry refuses, and `REGISTRY_UPLOAD_FAILED`.
 */
export async function pushImage(context: Context, wish: PushWish): Promise<PushOutcome> {
  const { content, access, tag } = wish;
  const reference = tag ?? content.root.digest;
  const before = await fetchManifest(access.session, { ...access, reference });
  if (before?.digest === content.root.digest)
    return { isUnchanged: true, uploaded: 0, mounted: 0, present: content.blobs.length, uploadedBytes: 0 };
  const there = before === undefined ? new Set<Digest>() : await contentOf(wish, before);
  const sent = { bytes: 0 };
  let fates = await pushBlobs(context, wish, there, sent);
  if (!(await pushManifests(wish, there, sent))) {
    // What was there a moment ago, or what another manifest says is there, is not: ask for each.
    fates = await pushBlobs(context, wish, undefined, sent);
    if (!(await pushManifests(wish, new Set(), sent))) throw blobsMissing(wish);
  }
  for (const document of content.manifests) await keepManifest(document, wish.cache);
  await wish.known.note(
    content.blobs.map((blob) => blob.digest),
    access.repository,
  );
  const count = (fate: BlobFate): number => fates.filter((one) => one === fate).length;
  return {
    isUnchanged: false,
    uploaded: count('uploaded'),
    mounted: count('mounted'),
    present: count('present'),
    uploadedBytes: sent.bytes,
  };
}

/** All digests that the image under the tag is known to consist of: they need not be asked for. */
async function contentOf({ access, cache }: PushWish, document: ManifestDocument): Promise<Set<Digest>> {
  if (!isIndexMediaType(document.mediaType)) return new Set(digestsOf(document));
  const known = new Set<Digest>();
  for (const one of parseImageIndex(document.bytes, document.digest).manifests) {
    known.add(one.digest);
    if (!isManifestMediaType(one.mediaType)) continue;
    const child =
      (await readKeptManifest(one, cache)) ??
      (await fetchManifest(access.session, { ...access, reference: one.digest }));
    if (child !== undefined) for (const digest of digestsOf(child)) known.add(digest);
  }
  return known;
}

function digestsOf(document: ManifestDocument): readonly Digest[] {
  return blobsOf(document).map((blob) => blob.digest);
}

/** With `there` undefined, every blob is asked for. */
async function pushBlobs(
  context: Context,
  wish: PushWish,
  there: ReadonlySet<Digest> | undefined,
  sent: { bytes: number },
): Promise<readonly BlobFate[]> {
  // Large ones first: what is left at the end is short.
  const blobs = [...wish.content.blobs].sort((left, right) => right.size - left.size);
  return mapLimit(blobs, mostUploads, async (blob) => {
    if (there?.has(blob.digest) === true) return 'present';
    return pushBlob(context, wish, blob, there === undefined, sent);
  });
}

async function pushBlob(
  context: Context,
  wish: PushWish,
  blob: Descriptor,
  isAsked: boolean,
  sent: { bytes: number },
): Promise<BlobFate> {
  const { access, known } = wish;
  const from = await known.find(blob.digest, access.repository);
  if (from === undefined || isAsked) {
    // Sending a small one costs no more than asking whether it is there.
    if ((blob.size > smallBlob || isAsked) && (await hasBlob(access, blob))) return 'present';
  }
  const begun = from === undefined ? await beginUpload(access) : await mountBlob(access, blob, from);
  if (begun === 'mounted') return 'mounted';
  // Who does not mount may have it all the same.
  if (from !== undefined && !isAsked && blob.size > smallBlob && (await hasBlob(access, blob))) return 'present';
  const task = context.progress.start(`push ${blob.digest.slice(0, 19)}`, blob.size);
  await withTask(task, async () => {
    const { session, repository, scopes } = access;
    const advance = (bytes: number): void => {
      if (bytes !== 0) task.advance(bytes);
    };
    await uploadBlob({ session, repository, scopes, signal: context.signal, advance }, wish.source(blob), begun);
  });
  sent.bytes += blob.size;
  return 'uploaded';
}

async function withTask(task: ProgressTask, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    task.done();
  } catch (error) {
    task.done('failed');
    throw error;
  }
}

/** False where the registry lacks blobs that they point at. */
async function pushManifests(wish: PushWish, there: ReadonlySet<Digest>, sent: { bytes: number }): Promise<boolean> {
  const { content, access, tag } = wish;
  const put = async (document: ManifestDocument, reference: string): Promise<boolean> => {
    const outcome = await putManifest(access.session, { ...access, reference }, document);
    if (outcome === 'written') sent.bytes += document.bytes.byteLength;
    return outcome === 'written';
  };
  for (const document of content.manifests) {
    if (!there.has(document.digest) && !(await put(document, document.digest))) return false;
  }
  return put(content.root, tag ?? content.root.digest);
}

function blobsMissing({ access, content }: PushWish): TareError {
  return new TareError({
    code: 'REGISTRY_UPLOAD_FAILED',
    message: `the registry ${access.session.registry} lacks layers that it just took`,
    where: `${access.repository}@${content.root.digest}`,
    hint: 'push again; where it happens again, the storage of the registry is damaged, or it is being cleaned up',
    transient: true,
  });
}
