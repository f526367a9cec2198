import { join } from 'node:path';
import type { Context } from '../base/context.ts';
import { type Digest, digestHex } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { imageDigest } from '../oci/image.ts';
import { hostPlatform, renderPlatform } from '../oci/platform.ts';
import { renderReference } from '../oci/reference.ts';
import { openBlobSources } from '../registry/blob-sources.ts';
import type { ImageContent } from '../registry/image-content.ts';
import { fromFirst, pullBlobs, pullManifests, pullRoot } from '../registry/pull.ts';
import { type Place, resolvePullPlaces } from '../registry/transport.ts';
import { type Cache, openCache } from '../store/cache.ts';
import { contentsOf, heldBlob, type LayoutContents, refNameAnnotation, type StoredBlob } from '../store/contents.ts';
import { readLayoutImages } from '../store/layout-platforms.ts';
import { writeLayoutContents, type WrittenOutput } from '../store/layout.ts';
import { archiveTime, writeOciArchiveContents } from '../store/oci-archive.ts';
import { type Output, parseOutput, renderOutput, writeOutput } from '../store/output.ts';
import type { MeteredContext } from './context.ts';
import {
  openAccess,
  parseRegistryReference,
  type RegistryOptions,
  type WholeReference,
  wantedOf,
} from './registry/access.ts';
import { choosePlatforms } from './registry/platforms.ts';

export interface PullOptions extends RegistryOptions {
  /** Only these of an image that has several. @default all; the machine's own for an output that holds one */
  readonly platforms?: readonly string[];
  /** `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE` or `rootfs:DIR`, relative to `folder`. @default `oci:` and the last part of the name */
  readonly output?: string;
  /** Absolute. */
  readonly folder: string;
}

/** What `tare pull --json` prints. Sizes in bytes. */
export interface PullReport {
  /** `registry.example/team/app:1.0`. */
  readonly reference: string;
  /** Of the manifest, or of the index over several, as it was written. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** `oci:…` as it was written. */
  readonly output: string;
  /** All was there already. */
  readonly isUnchanged: boolean;
  readonly platforms: readonly { readonly platform: string; readonly digest: Digest; readonly size: number }[];
  readonly bytesDownloaded: number;
  readonly requests: number;
}

/** Pulls an image, whole or not at all. Throws `TareError`. */
export async function pull(name: string, options: PullOptions, context: MeteredContext): Promise<PullReport> {
  const reference = parseRegistryReference(name);
  const lastPart = reference.repository.slice(reference.repository.lastIndexOf('/') + 1);
  const place = parseOutput(options.output ?? `oci:${lastPart}`, options.folder);
  const holdsOne = place.kind === 'docker-archive' || place.kind === 'rootfs';
  const platforms = options.platforms ?? (holdsOne ? [ownPlatform(context)] : undefined);
  const before = context.bytesDownloaded();
  const pulled = await pullIntoCache(name, { ...options, ...(platforms === undefined ? {} : { platforms }) }, context);
  const written = await writePulled(place, pulled, context);
  const images = await readLayoutImages(pulled.dir);
  return {
    reference: renderReference(reference),
    digest: written.digest,
    mediaType: written.mediaType,
    output: renderOutput(place),
    isUnchanged: written.unchanged,
    platforms: images.map((image) => ({
      platform: renderPlatform(image.platform),
      digest: imageDigest(image),
      size: image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
    })),
    bytesDownloaded: context.bytesDownloaded() - before,
    requests: pulled.requests,
  };
}

async function writePulled(place: Output, pulled: PulledImage, { signal }: Context): Promise<WrittenOutput> {
  if (place.kind === 'oci') return writeLayoutContents(place.path, pulled.contents, signal);
  const images = await readLayoutImages(pulled.dir);
  if (place.kind === 'oci-archive')
    return writeOciArchiveContents(place.path, pulled.contents, { mtime: archiveTime(images), signal });
  return writeOutput(place, images, { refName: pulled.name, signal });
}

/** The platform of the machine, where containers are always Linux. */
export function ownPlatform({ host }: Pick<Context, 'host'>): string {
  return renderPlatform(hostPlatform(host)).replace(/^[^/]+/, 'linux');
}

/** An image in the cache. */
export interface PulledImage {
  /** An OCI layout of it. */
  readonly dir: string;
  /** `registry.example/team/app:1.0`. */
  readonly name: string;
  readonly contents: LayoutContents;
  readonly requests: number;
}

/** Pulls an image into the cache, as an OCI layout whose blobs are the cache's. Throws `TareError`. */
export async function pullIntoCache(
  name: string,
  options: RegistryOptions & { readonly platforms?: readonly string[] },
  context: Context,
): Promise<PulledImage> {
  const reference = parseRegistryReference(name);
  if (context.offline) throw offline(renderReference(reference));
  const cache = openCache(context.cacheDir);
  const places = await resolvePullPlaces(context, reference, options);
  const describe = ({ endpoint, repository }: Place): string => `${endpoint.registry}/${repository}`;
  const { content, requests } = await fromFirst(context, places, describe, (place) =>
    pullFrom(place, reference, options, cache, context),
  );
  const shown = renderReference(reference);
  const contents = layoutOf(content, cache, shown);
  const dir = join(context.cacheDir, 'images', digestHex(content.root.digest));
  await writeLayoutContents(dir, contents, context.signal);
  return { dir, name: shown, contents, requests };
}

async function pullFrom(
  place: Place,
  reference: WholeReference,
  options: RegistryOptions & { readonly platforms?: readonly string[] },
  cache: Cache,
  context: Context,
): Promise<{ readonly content: ImageContent; readonly requests: number }> {
  const access = openAccess(context, place, 'pull', reference, options);
  const root = await pullRoot(access, wantedOf(reference), cache);
  const chosen = await choosePlatforms(access, root, options.platforms, cache);
  const content = await pullManifests(access, chosen, cache);
  await pullBlobs(context, access, content.blobs, cache);
  const known = openBlobSources(cache, place.endpoint.registry);
  await known.note(
    content.blobs.map((blob) => blob.digest),
    place.repository,
  );
  return { content, requests: access.session.requests() };
}

function layoutOf({ root, manifests, blobs }: ImageContent, cache: Cache, refName: string): LayoutContents {
  const stored = new Map<Digest, StoredBlob>();
  for (const { digest, size } of blobs) stored.set(digest, { kind: 'file', file: cache.blobPath(digest), size });
  for (const { digest, bytes } of [...manifests, root]) stored.set(digest, heldBlob(bytes));
  const { mediaType, digest, bytes } = root;
  return contentsOf({ mediaType, digest, size: bytes.byteLength }, stored, { [refNameAnnotation]: refName });
}

function offline(name: string): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: `${name} cannot be reached: --offline forbids it`,
    hint: 'run the same command without --offline',
  });
}
