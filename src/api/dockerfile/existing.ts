import { join } from 'node:path';
import { readTextIfThere, writeFileAtomically } from '../../base/atomic-file.ts';
import { type Digest, parseDigest } from '../../base/digest.ts';
import { systemErrorCode, TareError } from '../../base/errors.ts';
import type { InlineConfig } from '../../config/schema.ts';
import { readFlags, readMark } from '../../dockerfile/mark.ts';
import { settingsOf } from './asked.ts';

/** Digests of the images that a Dockerfile begins its stages with, by their name and tag. */
export function pinsOf(text: string | undefined): ReadonlyMap<string, Digest> {
  const found = [...(text ?? '').matchAll(/^FROM (\S+)@(sha256:[0-9a-f]{64}) AS /gm)];
  return new Map(found.map(([, name = '', digest = '']) => [name, parseDigest(digest)]));
}

/** What is asked for now, and where that says nothing, what the file that is there was asked for. */
export function asBefore<Wish>(
  before: string | undefined,
  inline: InlineConfig,
  wish: Wish,
): { readonly inline: InlineConfig; readonly wish: Wish & { readonly before?: string } } {
  const { variant, comments, link, asked } = readFlags(before ?? '') ?? {};
  const flags = {
    ...(variant === undefined ? {} : { variant }),
    ...(comments === undefined ? {} : { comments }),
    ...(link === undefined ? {} : { link }),
  };
  return {
    inline: { ...settingsOf(asked), ...inline },
    wish: { ...flags, ...wish, ...(before === undefined ? {} : { before }) },
  };
}

/** The text of a file that may be written over; undefined where there is none. */
export async function readExisting(path: string): Promise<string | undefined> {
  try {
    return await readTextIfThere(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EISDIR') throw error;
    throw new TareError({
      code: 'DOCKERFILE_FOREIGN',
      message: `\`${path}\` is a folder`,
      expected: 'the name of a file',
      hint: 'name the file in it: `-o FOLDER/Dockerfile`',
      cause: error,
    });
  }
}

/** The Dockerfile that a project has where one usually is; undefined where there is none, or something else of that name. */
export async function readUsualDockerfile(folder: string): Promise<string | undefined> {
  try {
    return await readTextIfThere(join(folder, 'Dockerfile'));
  } catch (error) {
    if (systemErrorCode(error) === 'EISDIR') return undefined;
    throw error;
  }
}

/** Writes a file unless somebody else wrote or changed the one that is there. Gives whether it changed anything. */
export async function writeOwn(path: string, text: string, force: boolean): Promise<boolean> {
  const before = await readExisting(path);
  if (before === text) return false;
  const standing = before === undefined ? 'own' : readMark(before);
  if (standing === 'own' || force) {
    await writeFileAtomically(path, text);
    return true;
  }
  throw new TareError({
    code: 'DOCKERFILE_FOREIGN',
    message:
      standing === 'edited'
        ? `\`${path}\` was changed by hand since tare wrote it`
        : `\`${path}\` was not written by tare`,
    hint: 'write to another file with `-o FILE`, compare with `tare dockerfile`, or overwrite it with `--force`',
  });
}
