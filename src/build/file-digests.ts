import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../base/concurrency.ts';
import { type Digest, digestFromHex, parseDigest, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import type { Cache } from '../store/cache.ts';

/** Up to this size a file is read whole and its bytes are kept for the layer. Bytes. */
const heldBytes = 256 * 1024;
/** From this size the digest is remembered by the file's identity, so that model weights are read once only. Bytes. */
const rememberedBytes = 1024 * 1024;

export interface DigestedFile {
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
  /** The bytes, for small files. */
  readonly bytes?: Uint8Array;
}

/** Size and SHA-256 of files of the project, in the order of `paths`. */
export async function readFileDigests(
  root: string,
  paths: readonly string[],
  cache: Cache,
): Promise<readonly DigestedFile[]> {
  return mapLimit(paths, 16, (path) => readOne(root, path, cache));
}

async function readOne(root: string, path: string, cache: Cache): Promise<DigestedFile> {
  const file = join(root, path);
  try {
    const stat = await lstat(file, { bigint: true });
    const size = Number(stat.size);
    if (size <= heldBytes) {
      const bytes = await readFile(file);
      return { path, size: bytes.byteLength, digest: sha256(bytes), bytes };
    }
    const identity = [file, stat.ino, size, stat.mtimeNs, stat.ctimeNs].join('\0');
    const known = size >= rememberedBytes ? await cache.readRecord('file-digest', identity) : undefined;
    if (typeof known === 'string') return { path, size, digest: parseDigest(known) };
    const digest = await hashFile(file);
    if (size >= rememberedBytes) await cache.writeRecord('file-digest', identity, digest);
    return { path, size, digest };
  } catch (error) {
    throw new TareError({
      code: 'PROJECT_FILE_UNREADABLE',
      message: `\`${path}\` cannot be read`,
      where: path,
      hint: 'make it readable, or leave it out with `[tool.tare] exclude`',
      cause: error,
    });
  }
}

async function hashFile(file: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Uint8Array);
  return digestFromHex(hash.digest('hex'));
}
