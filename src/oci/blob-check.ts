import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestFromHex, digestHex } from '../base/digest.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { Descriptor } from './descriptor.ts';
import { largestJson } from './json.ts';

/** Where a layout keeps a blob (OCI image specification, image-layout.md). */
export function layoutBlobPath(dir: string, digest: Digest): string {
  return join(dir, 'blobs', 'sha256', digestHex(digest));
}

/** The size of a file in bytes; undefined where there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

export async function fileDigest(path: string, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024, ...(signal === undefined ? {} : { signal }) });
  for await (const chunk of stream) hash.update(chunk);
  return digestFromHex(hash.digest('hex'));
}

/** A small blob of a layout, checked against its descriptor. Throws `BLOB_MISSING`, `BLOB_SIZE_MISMATCH`, `BLOB_DIGEST_MISMATCH`. */
export async function readSmallBlob(dir: string, descriptor: Descriptor): Promise<Uint8Array> {
  const path = layoutBlobPath(dir, descriptor.digest);
  const size = await assertBlobSize(path, descriptor);
  if (size > largestJson)
    throw blobMismatch('BLOB_SIZE_MISMATCH', descriptor, path, `at most ${largestJson} bytes`, `${size} bytes`);
  const bytes = await readFile(path);
  const actual = digestFromHex(createHash('sha256').update(bytes).digest('hex'));
  if (actual !== descriptor.digest)
    throw blobMismatch('BLOB_DIGEST_MISMATCH', descriptor, path, descriptor.digest, actual);
  return bytes;
}

/** Throws where the file of a blob is absent or of another size. Gives the size. */
export async function assertBlobSize(path: string, descriptor: Descriptor): Promise<number> {
  const size = await fileSize(path);
  if (size === undefined) throw blobMismatch('BLOB_MISSING', descriptor, path, 'a file', 'none');
  if (size !== descriptor.size) {
    throw blobMismatch('BLOB_SIZE_MISMATCH', descriptor, path, `${descriptor.size} bytes`, `${size} bytes`);
  }
  return size;
}

function blobMismatch(
  code: string,
  descriptor: Descriptor,
  where: string,
  expected: string,
  actual: string,
): TareError {
  return new TareError({
    code,
    message: `the blob ${descriptor.digest} of the image is damaged or not there`,
    where,
    expected,
    actual,
    hint: 'build the image again',
  });
}
