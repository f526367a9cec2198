import { readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';

export type LinkVerdict = { readonly target: string } | { readonly refused: string };

/**
 * Judges a symbolic link of the folder. One that stays inside is kept, its target relative; one that leads outside, also by
 * way of another link, is refused. A link whose target does not exist is judged by its text.
 */
export async function judgeLink(root: string, path: string): Promise<LinkVerdict> {
  const folder = dirname(join(root, path));
  const text = await readlink(join(root, path));
  const lexical = isAbsolute(text) ? text : join(folder, text);
  if (!isInside(root, lexical)) return { refused: 'a link that leads outside of the folder' };
  try {
    const real = await realpath(join(root, path));
    if (!isInside(root, real)) return { refused: 'a link that leads outside of the folder' };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ELOOP') return { refused: 'a link that leads to itself' };
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES') throw error;
  }
  const target = (isAbsolute(text) ? relative(folder, text) || '.' : text).split(sep).join('/');
  return { target };
}

/** True where `path` is `root` or lies below it. Both absolute. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
