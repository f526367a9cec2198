import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readTextIfThere } from '../base/atomic-file.ts';
import { type Digest, digestFromHex } from '../base/digest.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { StatedHash } from './archive-web.ts';
import { parseHashFile, parseHashList } from './hash-list.ts';

/** Names in a folder, or undefined where the path is a file. Throws `PYTHON_ARCHIVE_MISSING`. */
export async function readFolder(path: string): Promise<readonly string[] | undefined> {
  try {
    return (await stat(path)).isDirectory() ? await readdir(path) : undefined;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new TareError({
      code: 'PYTHON_ARCHIVE_MISSING',
      message: `there is no Python archive at \`${path}\` (${systemErrorCode(error)})`,
      hint: 'correct `archive` in `[tool.tare.standalone]`: an archive, a folder that holds archives, or an address',
      cause: error,
    });
  }
}

export async function isFileThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return false;
    throw error;
  }
}

/** Beside a file: the list of all hashes, else its own. */
export async function readHashBeside(file: string): Promise<StatedHash | undefined> {
  const list = await readTextIfThere(join(dirname(file), 'SHA256SUMS'));
  const listed = list === undefined ? undefined : parseHashList(list).get(basename(file));
  if (listed !== undefined) return { digest: listed, place: 'SHA256SUMS' };
  const own = await readTextIfThere(`${file}.sha256`);
  const digest = own === undefined ? undefined : parseHashFile(own);
  return digest === undefined ? undefined : { digest, place: `${basename(file)}.sha256` };
}

export async function digestOfFile(file: string, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) hash.update(chunk);
  return digestFromHex(hash.digest('hex'));
}
