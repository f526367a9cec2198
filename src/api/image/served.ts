import { readBlobFile } from '../../oci/blob-origin.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { ServedBlob, ServedImage } from '../../serving/served-image.ts';
import type { Pushable } from '../registry/push-content.ts';

/** An image that is at hand, as a registry serves it: under these tags of one repository. */
export function servedImage(pushable: Pushable, repository: string, tags: readonly string[] = []): ServedImage {
  const { root, manifests, blobs } = pushable.content;
  return {
    repository,
    tags: new Map(tags.map((tag) => [tag, root.digest])),
    manifests: new Map([...manifests, root].map(({ digest, mediaType, bytes }) => [digest, { mediaType, bytes }])),
    blobs: new Map(blobs.map((blob) => [blob.digest, servedBlob(pushable, blob)])),
  };
}

function servedBlob({ source }: Pushable, blob: Descriptor): ServedBlob {
  return {
    size: blob.size,
    open: async function* open(start, end) {
      const found = source(blob);
      if ('bytes' in found) yield found.bytes.subarray(start, end);
      else yield* readBlobFile(found, start, end);
    },
  };
}
