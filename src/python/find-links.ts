import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Digest, digestFromHex } from '../base/digest.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { compareText } from '../base/order.ts';
import { type IndexFile, kindOf } from './index-page.ts';

/** The path of a find-links entry that is a folder of this machine, else undefined. */
export function localFolder(entry: string): string | undefined {
  if (entry.startsWith('file:')) return URL.canParse(entry) ? fileURLToPath(entry) : undefined;
  return isAbsolute(entry) ? entry : undefined;
}

/** Wheels and source distributions of a folder, sorted. Hashes are computed when asked for. Throws `FIND_LINKS_MISSING`. */
export async function readLinksFolder(folder: string): Promise<readonly IndexFile[]> {
  const files: IndexFile[] = [];
  for (const filename of (await namesOf(folder)).sort(compareText)) {
    const kind = kindOf(filename);
    if (kind === 'other') continue;
    const localPath = join(folder, filename);
    const facts = await stat(localPath);
    if (!facts.isFile()) continue;
    const url = pathToFileURL(localPath).href;
    files.push({ filename, url, localPath, size: facts.size, yanked: false, metadata: false, index: folder, kind });
  }
  return files;
}

async function namesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    // As pip: a configured folder that is not there has nothing.
    if (code === 'ENOENT') return [];
    throw new TareError({
      code: 'FIND_LINKS_MISSING',
      message: `the folder \`${folder}\` of links cannot be read`,
      hint: 'correct PIP_FIND_LINKS, UV_FIND_LINKS or `find-links` in pip.conf or uv.toml',
      cause: error,
    });
  }
}

/** The hash of a file, streamed. */
export async function fileDigest(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return digestFromHex(hash.digest('hex'));
}
