import { lstat, open, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';

/** As many links as Linux follows (path_resolution(7)). */
const linkLimit = 40;

/**
 * The path on the host of a path in a root file system, following links as a process in that root would: none
 * leads out of it. What does not exist yet is taken as it is.
 */
export async function resolveInRoot(root: string, path: string): Promise<string> {
  const pending = path.split('/');
  const resolved: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const part = pending.shift();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      resolved.pop();
      continue;
    }
    const target = await linkTarget(join(root, ...resolved, part));
    if (target === undefined) {
      resolved.push(part);
      continue;
    }
    if (++links > linkLimit) {
      throw new TareError({
        code: 'IMAGE_LINK_LOOP',
        message: `\`${path}\` in the image leads through more than ${linkLimit} links`,
        hint: 'the image has a circle of links: build it anew',
      });
    }
    if (target.startsWith('/')) resolved.length = 0;
    pending.unshift(...target.split('/'));
  }
  return join(root, ...resolved);
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The host path of a folder in the root, made where it is missing. */
export async function ensureFolder(root: string, path: string): Promise<string> {
  const folder = await resolveInRoot(root, path);
  await makeFolder(folder);
  return folder;
}

/** The host path of a file in the root for something to be mounted on, made empty where it is missing. */
export async function ensureFile(root: string, path: string): Promise<string> {
  const file = await resolveInRoot(root, path);
  await makeFolder(dirname(file));
  const handle = await open(file, 'a');
  await handle.close();
  return file;
}
