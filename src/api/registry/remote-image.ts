import { readFile } from 'node:fs/promises';
import type { Context } from '../../base/context.ts';
import { sha256 } from '../../base/digest.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import type { BlobOrigin } from '../../oci/blob-origin.ts';
import { parseImageConfig } from '../../oci/config.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Image } from '../../oci/image.ts';
import { largestJson } from '../../oci/json.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { parsePlatform, renderPlatform } from '../../oci/platform.ts';
import { openBlobSources } from '../../registry/blob-sources.ts';
import type { ManifestDocument } from '../../registry/manifest.ts';
import { fromFirst, pullBlobs } from '../../registry/pull.ts';
import { readBlob } from '../../registry/read-blob.ts';
import type { Cache } from '../../store/cache.ts';
import { choosePlatforms } from './platforms.ts';
import { notAtHand, type OpenedRoot } from './remote-root.ts';

/**
 * The image of a registry for one platform as its manifest and configuration say; its layers stay where they are until somebody wants their
 * bytes. Throws `PLATFORM_MISSING`, `IMAGE_CONFIG_INVALID`, and offline `OFFLINE_MISSING` for what is not at hand.
 */
export async function readRemoteImage(
  context: Context,
  cache: Cache,
  opened: OpenedRoot,
  platform: string,
): Promise<Image> {
  const { access, name } = opened;
  const document = await choosePlatforms(access, opened.root, [platform], cache);
  const manifest = parseManifest(document.bytes, document.digest);
  const configBytes = await readConfig(context, cache, opened, manifest.config);
  const config = parseImageConfig(configBytes, `${name}, ${manifest.config.digest}`);
  assertFits(document, manifest.layers, config, name, platform);
  await openBlobSources(cache, access.session.registry).note(
    manifest.layers.map((layer) => layer.digest),
    access.repository,
  );
  return {
    config: configBytes,
    manifest: document.bytes,
    mediaType: document.mediaType,
    platform: config.platform,
    layers: manifest.layers.map((descriptor, at) => ({
      descriptor,
      diffId: config.diffIds[at] ?? descriptor.digest,
      file: cache.blobPath(descriptor.digest),
      origin: originOf(context, cache, opened, descriptor),
    })),
  };
}

function originOf(context: Context, cache: Cache, opened: OpenedRoot, blob: Descriptor): BlobOrigin {
  const { access, others } = opened;
  return {
    isAtHand: () => cache.has(blob.digest, blob.size),
    bring: () =>
      fromFirst(
        context,
        [access, ...others],
        ({ session }) => session.registry,
        (place) => pullBlobs(context, place, [blob], cache),
      ),
    read: (start = 0, end = blob.size) => readShown(context, opened, blob, start, end),
  };
}

/** With its progress in bytes. */
async function* readShown(
  context: Context,
  { access }: OpenedRoot,
  blob: Descriptor,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const task = context.progress.start(`read ${blob.digest.slice(0, 19)}`, end - start);
  try {
    for await (const chunk of readBlob(access, blob, context.signal, { start, end })) {
      task.advance(chunk.byteLength);
      yield chunk;
    }
  } finally {
    task.done();
  }
}

async function readConfig(
  context: Context,
  cache: Cache,
  { access, name }: OpenedRoot,
  config: Descriptor,
): Promise<Uint8Array> {
  if (config.size > largestJson) throw tooLarge(name, config);
  await pullBlobs(context, access, [config], cache).catch((error: unknown) => {
    throw isTareError(error) && error.code === 'OFFLINE_MISSING' ? notAtHand(name, 'its configuration') : error;
  });
  const bytes = await readFile(cache.blobPath(config.digest));
  if (sha256(bytes) === config.digest) return bytes;
  throw new TareError({
    code: 'BLOB_DIGEST_MISMATCH',
    message: `the configuration of ${name} was damaged in the cache`,
    where: cache.blobPath(config.digest),
    expected: config.digest,
    actual: sha256(bytes),
    hint: 'remove that file: it is fetched anew',
  });
}

/** For an image that stands for itself alone, nothing but its configuration says its platform. */
function assertFits(
  document: ManifestDocument,
  layers: readonly Descriptor[],
  config: ReturnType<typeof parseImageConfig>,
  name: string,
  platform: string,
): void {
  const wanted = parsePlatform(platform);
  const { os, architecture } = config.platform;
  if (os !== wanted.os || architecture !== wanted.architecture) {
    throw new TareError({
      code: 'PLATFORM_MISSING',
      message: `there is no image for ${renderPlatform(wanted)}`,
      where: name,
      expected: renderPlatform(wanted),
      actual: renderPlatform(config.platform),
      hint: 'choose one that is there with --platform',
    });
  }
  if (config.diffIds.length === layers.length) return;
  throw new TareError({
    code: 'IMAGE_CONFIG_INVALID',
    message: 'the image configuration and the manifest do not list the same layers',
    where: `${name}, ${document.digest}`,
    expected: `${layers.length} diff IDs`,
    actual: `${config.diffIds.length}`,
  });
}

function tooLarge(name: string, { size }: Descriptor): TareError {
  return new TareError({
    code: 'IMAGE_CONFIG_INVALID',
    message: `the configuration of ${name} is larger than one can be`,
    expected: `at most ${largestJson} bytes`,
    actual: `${size} bytes`,
  });
}
