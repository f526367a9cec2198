import { resolve } from 'node:path';
import { assertNever, TareError } from '../base/errors.ts';
import type { Image } from '../oci/image.ts';
import { renderPlatform } from '../oci/platform.ts';
import { writeDockerArchive } from './docker-archive.ts';
import { writeLayout, type WriteOptions, type WrittenOutput } from './layout.ts';
import { writeOciArchive } from './oci-archive.ts';
import { writeRootfs } from './rootfs.ts';

export type OutputKind = 'oci' | 'oci-archive' | 'docker-archive' | 'rootfs';

/** Where an image goes. */
export interface Output {
  readonly kind: OutputKind;
  /** A folder for `oci` and `rootfs`, else a file. */
  readonly path: string;
}

const kinds: readonly OutputKind[] = ['oci', 'oci-archive', 'docker-archive', 'rootfs'];

/** Parses `KIND:PATH`; with `base`, the path becomes absolute. Throws `OUTPUT_INVALID`. */
export function parseOutput(text: string, base?: string): Output {
  const colon = text.indexOf(':');
  const kind = kinds.find((one) => one === text.slice(0, colon));
  const path = text.slice(colon + 1);
  if (kind !== undefined && path !== '' && !path.includes('\0')) {
    return { kind, path: base === undefined ? path : resolve(base, path) };
  }
  throw new TareError({
    code: 'OUTPUT_INVALID',
    message: `\`${text.slice(0, 200)}\` is not an output`,
    expected: 'oci:DIR, oci-archive:FILE, docker-archive:FILE or rootfs:DIR',
    hint: `give \`--output ${text.endsWith('.tar') ? 'oci-archive' : 'oci'}:${kind === undefined && colon === -1 && text !== '' ? text : 'PATH'}\``,
  });
}

export function renderOutput(output: Output): string {
  return `${output.kind}:${output.path}`;
}

/** Writes the images, one a platform, whole or not at all. */
export async function writeOutput(
  output: Output,
  images: readonly Image[],
  options: WriteOptions,
): Promise<WrittenOutput> {
  switch (output.kind) {
    case 'oci':
      return writeLayout(output.path, images, options);
    case 'oci-archive':
      return writeOciArchive(output.path, images, options);
    case 'docker-archive':
      return writeDockerArchive(output.path, images, options);
    case 'rootfs': {
      const image = onlyImage(images, output);
      const { digest, unchanged } = await writeRootfs(image, output.path, options);
      return { digest, mediaType: image.mediaType, unchanged };
    }
    default:
      return assertNever(output.kind);
  }
}

function onlyImage(images: readonly Image[], output: Output): Image {
  const [image, ...others] = images;
  if (image !== undefined && others.length === 0) return image;
  throw new TareError({
    code: 'OUTPUT_ONE_PLATFORM',
    message: `\`${renderOutput(output)}\` holds one platform only, and ${images.length} were asked for`,
    actual: images.map((one) => renderPlatform(one.platform)).join(', '),
    hint: 'give one --platform, or write `--output oci:DIR`, which holds several',
  });
}
