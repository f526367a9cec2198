import type { Image } from '../oci/image.ts';
import { digestHex } from '../base/digest.ts';
import { parseImageConfig } from '../oci/config.ts';
import { type ArchiveMember, type ArchiveOptions, firstMember, writeArchive } from './archive-file.ts';
import { type LayoutContents, layoutContents, refNameAnnotation } from './contents.ts';
import type { WriteOptions, WrittenOutput } from './layout.ts';

/** Writes an OCI image layout as one tar archive, as `podman load` and `skopeo` (`oci-archive:`) read it. */
export async function writeOciArchive(
  file: string,
  images: readonly Image[],
  options: WriteOptions,
): Promise<WrittenOutput> {
  const { refName, signal } = options;
  const contents = layoutContents(images, refName === undefined ? {} : { [refNameAnnotation]: refName });
  return writeOciArchiveContents(file, contents, { mtime: archiveTime(images), signal });
}

/** As `writeOciArchive`, for what is there already as manifests and blobs. */
export async function writeOciArchiveContents(
  file: string,
  contents: LayoutContents,
  options: ArchiveOptions,
): Promise<WrittenOutput> {
  await writeArchive(file, layoutMembers(contents), options);
  return { digest: contents.root.digest, mediaType: contents.root.mediaType, unchanged: false };
}

/** The files of a layout, small ones first, so that a reader knows early what follows. */
export function layoutMembers(contents: LayoutContents): readonly ArchiveMember[] {
  const held = (path: string, bytes: Uint8Array): ArchiveMember => ({
    path,
    blob: { kind: 'bytes', bytes, size: bytes.byteLength },
  });
  const blobs = [...contents.blobs].map(([digest, blob]) => ({ path: `blobs/sha256/${digestHex(digest)}`, blob }));
  return [
    held(firstMember, contents.marker),
    held('index.json', contents.index),
    ...blobs.filter(({ blob }) => blob.kind === 'bytes'),
    ...blobs.filter(({ blob }) => blob.kind === 'file'),
  ];
}

/** The newest image's date, in whole seconds; the epoch where none says one. */
export function archiveTime(images: readonly Image[]): number {
  const times = images.map((image) => Date.parse(parseImageConfig(image.config, 'the image').created ?? ''));
  return Math.max(0, ...times.map((time) => (Number.isNaN(time) ? 0 : Math.floor(time / 1000))));
}
