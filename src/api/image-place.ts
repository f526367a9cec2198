import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../base/context.ts';
import { systemErrorCode } from '../base/errors.ts';
import type { Cache } from '../store/cache.ts';
import { removeTree } from '../store/place.ts';
import { unpackArchive } from '../store/read-archive.ts';
import { isLayout } from '../store/read-layout.ts';
import { imageReferenceOf, type RegistryOptions } from './registry-access.ts';
import { pullIntoCache } from './pull.ts';

/** An image at hand as an OCI layout. */
export interface OpenedPlace {
  /** As it was opened: `oci:…`, `archive:…`, `docker://…`. */
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
 * Opens `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, a path to one of these, or an image of a registry: `docker://REFERENCE`, or a
 * reference with a `/` where no such path is.
 */
export async function openPlace(
  place: string,
  cache: Cache,
  context: Context,
  options: PlaceOptions = {},
): Promise<OpenedPlace> {
  const [, kind, named = place] = /^(oci|oci-archive|docker-archive):(?!\/\/)(.+)$/.exec(place) ?? [];
  if (kind === 'oci') return { name: place, dir: named, close: async () => undefined };
  const reference = kind === undefined ? await imageReferenceOf(place) : undefined;
  if (reference !== undefined) {
    const { dir, name } = await pullIntoCache(reference, options, context);
    return { name: `docker://${name}`, dir, close: async () => undefined };
  }
  if (kind === undefined && (await isFolder(named))) return openFolder(named);
  const dir = await cache.temporary();
  const close = (): Promise<void> => removeTree(dir);
  try {
    await unpackArchive(named, dir, context.signal);
    return { name: kind === undefined ? `archive:${named}` : place, dir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A folder is a layout, or a project with one in the usual place. */
async function openFolder(folder: string): Promise<OpenedPlace> {
  const built = join(folder, '.tare', 'image');
  const dir = !(await isLayout(folder)) && (await isLayout(built)) ? built : folder;
  return { name: `oci:${dir}`, dir, close: async () => undefined };
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
  if (/^(?:oci|oci-archive|docker-archive):(?!\/\/)/.test(text)) return true;
  return stat(text).then(
    () => true,
    () => false,
  );
}
