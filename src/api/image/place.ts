import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../base/context.ts';
import { systemErrorCode, TareError } from '../../base/errors.ts';
import { defaultOutput, noOutput } from '../../config/resolve.ts';
import { saveImage } from '../../engine/save-image.ts';
import type { Cache } from '../../store/cache.ts';
import { removeTree } from '../../store/place.ts';
import { unpackArchive, unpackArchiveStream } from '../../store/read-archive.ts';
import { isLayout } from '../../store/read-layout.ts';
import { pullIntoCache } from '../pull.ts';
import { imageReferenceOf, type RegistryOptions } from '../registry/access.ts';

/** An image at hand as an OCI layout. */
export interface OpenedPlace {
  /** As it was opened: `oci:…`, `archive:…`, `docker://…`, `docker-daemon:…`. */
  readonly name: string;
  /** An OCI layout. */
  readonly dir: string;
  readonly close: () => Promise<void>;
}

export interface PlaceOptions extends RegistryOptions {
  /** Of an image in a registry, only these are fetched. @default all */
  readonly platforms?: readonly string[];
}

/**
 * Opens `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, a path to one of these, an image of a registry (`docker://REFERENCE`, or a
 * reference with a `/` where no such path is), or one that an engine has (`docker-daemon:NAME`, `podman:NAME`).
 */
export async function openPlace(
  place: string,
  cache: Cache,
  context: Context,
  options: PlaceOptions = {},
): Promise<OpenedPlace> {
  const [, kind, named = place] = /^(oci|oci-archive|docker-archive):(?!\/\/)(.+)$/.exec(place) ?? [];
  const [, engine, image] = /^(docker-daemon|podman):(?!\/\/)(.+)$/.exec(place) ?? [];
  if (engine !== undefined && image !== undefined) {
    const stream = saveImage(context, engine === 'podman' ? engine : 'docker', image);
    return unpacked(place, cache, (dir) => unpackArchiveStream(stream, place, dir, context.signal));
  }
  if (kind === 'oci') return { name: place, dir: named, close: async () => undefined };
  const reference = kind === undefined ? await imageReferenceOf(place) : undefined;
  if (reference !== undefined) {
    const { dir, name } = await pullIntoCache(reference, options, context);
    return { name: `docker://${name}`, dir, close: async () => undefined };
  }
  if (kind === undefined && (await isFolder(named))) return openFolder(named);
  const name = kind === undefined ? `archive:${named}` : place;
  return unpacked(name, cache, (dir) => unpackArchive(named, dir, context.signal));
}

async function unpacked(name: string, cache: Cache, unpack: (dir: string) => Promise<void>): Promise<OpenedPlace> {
  const dir = await cache.temporary();
  const close = (): Promise<void> => removeTree(dir);
  try {
    await unpack(dir);
    return { name, dir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A folder is a layout, or a project with one in the usual place. */
async function openFolder(folder: string): Promise<OpenedPlace> {
  const built = builtLayout(folder);
  const dir = (await isLayout(folder)) ? folder : (await isLayout(built)) ? built : undefined;
  if (dir === undefined) throw notBuilt(folder);
  return { name: `oci:${dir}`, dir, close: async () => undefined };
}

/** Where a build leaves the image of a project, unless it is told otherwise. */
function builtLayout(folder: string): string {
  return join(folder, '.tare', 'image');
}

/**
 * The output of a build that is pushed, where nobody names one: none, but for a project whose last build left an image, which must not stay
 * behind as an older one.
 */
export async function outputBesidesPush(folder: string): Promise<string> {
  return (await isLayout(builtLayout(folder))) ? defaultOutput : noOutput;
}

function notBuilt(folder: string): TareError {
  return new TareError({
    code: 'LAYOUT_INVALID',
    message: `there is no image in \`${folder}\`: neither is it an OCI image layout, nor was one built there`,
    where: folder,
    hint: 'build one with `tare build`; what `tare build --push` made is in its registry alone, unless `--output` says otherwise: name it by its reference',
  });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** Whether a text names an image at hand: a kind and a path, or a path to something that is there. */
export async function isImagePlace(text: string): Promise<boolean> {
  if (/^(?:oci|oci-archive|docker-archive|docker-daemon|podman):(?!\/\/)/.test(text)) return true;
  return stat(text).then(
    () => true,
    () => false,
  );
}
