import { digestHex } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { canonicalJson } from '../base/order.ts';
import { configDescriptor, type Image } from '../oci/image.ts';
import { renderPlatform } from '../oci/platform.ts';
import { parseReference, renderReference, withWholeName } from '../oci/reference.ts';
import { writeArchive } from './archive-file.ts';
import { layoutContents, refNameAnnotation } from './contents.ts';
import type { WriteOptions, WrittenOutput } from './layout.ts';
import { archiveTime, layoutMembers } from './oci-archive.ts';

/**
 * Writes what `docker load` reads: an OCI layout with Docker's `manifest.json` beside it, as Docker itself saves since version 25;
 * older engines read `manifest.json`, newer ones the layout. Throws `OUTPUT_ONE_PLATFORM` for several images.
 */
export async function writeDockerArchive(
  file: string,
  images: readonly Image[],
  options: WriteOptions,
): Promise<WrittenOutput> {
  const [image, ...others] = images;
  if (image === undefined || others.length > 0) throw onlyOne(images, file);
  const { refName, signal } = options;
  const tag = refName === undefined ? undefined : withTag(refName);
  const contents = layoutContents([image], tag === undefined ? {} : namingAnnotations(tag));
  const manifest = new TextEncoder().encode(canonicalJson([dockerManifest(image, tag)]));
  const blob = { kind: 'bytes', bytes: manifest, size: manifest.byteLength } as const;
  const [marker, ...rest] = layoutMembers(contents);
  if (marker === undefined) throw new Error('a layout has members');
  const members = [marker, { path: 'manifest.json', blob }, ...rest];
  await writeArchive(file, members, { mtime: archiveTime([image]), signal });
  return { digest: contents.root.digest, mediaType: contents.root.mediaType, unchanged: false };
}

/** One entry of `manifest.json` (Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format"). */
function dockerManifest(image: Image, tag: string | undefined): Readonly<Record<string, unknown>> {
  const path = (digest: Parameters<typeof digestHex>[0]): string => `blobs/sha256/${digestHex(digest)}`;
  return {
    Config: path(configDescriptor(image).digest),
    RepoTags: tag === undefined ? null : [tag],
    Layers: image.layers.map((layer) => path(layer.descriptor.digest)),
  };
}

/** Docker names an image by a whole reference with a tag. */
function withTag(refName: string): string {
  const reference = parseReference(refName);
  return renderReference({ ...reference, tag: reference.tag ?? 'latest' });
}

/** containerd takes the whole name from its own annotation, and the tag from the specification's. */
function namingAnnotations(tag: string): Readonly<Record<string, string>> {
  const reference = withWholeName(parseReference(tag));
  return {
    'io.containerd.image.name': renderReference(reference),
    [refNameAnnotation]: reference.tag ?? 'latest',
  };
}

function onlyOne(images: readonly Image[], file: string): TareError {
  return new TareError({
    code: 'OUTPUT_ONE_PLATFORM',
    message: `a docker-archive holds one platform only, and ${images.length} were asked for`,
    where: file,
    actual: images.map((image) => renderPlatform(image.platform)).join(', '),
    hint: 'give one --platform, or write `--output oci-archive:FILE`, which holds several',
  });
}
