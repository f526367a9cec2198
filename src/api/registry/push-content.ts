import { sha256 } from '../../base/digest.ts';
import { assertBlobSize, layoutBlobPath, readSmallBlob } from '../../oci/blob-check.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Image } from '../../oci/image.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { collectContent, type ImageContent } from '../../registry/image-content.ts';
import type { BlobSource } from '../../registry/upload.ts';
import { layoutContents, refNameAnnotation } from '../../store/contents.ts';
import { readLayoutImages } from '../../store/layout-platforms.ts';
import { listTop } from '../../store/list-manifests.ts';
import { readLayout } from '../../store/read-layout.ts';

/** An image that can be pushed. */
export interface Pushable {
  readonly content: ImageContent;
  readonly source: (blob: Descriptor) => BlobSource;
  /** The name that the layout gives it. */
  readonly refName?: string;
}

/** The images of a build, one a platform. */
export async function pushableImages(images: readonly Image[]): Promise<Pushable> {
  const { root, blobs } = layoutContents(images);
  const held = (descriptor: Descriptor): Uint8Array => {
    const blob = blobs.get(descriptor.digest);
    if (blob?.kind !== 'bytes') throw new Error(`no manifest ${descriptor.digest}`);
    return blob.bytes;
  };
  const document = (descriptor: Descriptor) => ({
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    bytes: held(descriptor),
  });
  return {
    content: await collectContent(document(root), async (descriptor) => document(descriptor)),
    source: ({ digest, size }) => {
      const blob = blobs.get(digest);
      if (blob === undefined) throw new Error(`no blob ${digest}`);
      if (blob.kind === 'bytes') return { digest, size, bytes: blob.bytes };
      const { file, origin } = blob;
      return { digest, size, file, ...(origin === undefined ? {} : { origin }) };
    },
  };
}

/**
 * What a layout holds: its one image or index as it is, byte for byte; with `platforms`, or where it lists several images, an index over
 * those. Throws as `readLayout` does.
 */
export async function pushableLayout(dir: string, platforms: readonly string[] | undefined): Promise<Pushable> {
  if (platforms !== undefined && platforms.length > 0) {
    const images = [];
    for (const platform of platforms) images.push(await readLayout(dir, parsePlatform(platform)));
    return pushableImages(images);
  }
  // Says what is wrong with a folder that is no layout, or whose blobs are not whole.
  const images = await readLayoutImages(dir);
  const listed = await listTop(dir);
  const [root, ...others] = listed;
  const names = new Set(listed.map((one) => one.annotations?.[refNameAnnotation]));
  const [refName] = names.size === 1 ? names : [];
  const named = refName === undefined ? {} : { refName };
  if (root === undefined || others.some((one) => one.digest !== root.digest))
    return { ...(await pushableImages(images)), ...named };
  return { ...(await pushableRoot(dir, root)), ...named };
}

async function pushableRoot(dir: string, root: Descriptor): Promise<Pushable> {
  const read = async (descriptor: Descriptor) => {
    const bytes = await readSmallBlob(dir, descriptor);
    return { mediaType: descriptor.mediaType, digest: sha256(bytes), bytes };
  };
  const content = await collectContent(await read(root), read);
  for (const blob of content.blobs) await assertBlobSize(layoutBlobPath(dir, blob.digest), blob);
  return {
    content,
    source: ({ digest, size }) => ({ digest, size, file: layoutBlobPath(dir, digest) }),
  };
}
