import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readTextIfThere, writeFileAtomically } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { type Digest, digestFromHex, digestHex, parseDigest, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { discardBody } from '../http/read-text.ts';
import { addressOf, type OpenedRelease, openKeptForm, type StoredForm, writeForm } from './index-file.ts';
import type { ReleaseFile } from './release.ts';

const day = 24 * 60 * 60 * 1000;
/** Packed; that of sid for all architectures has 40 MB. */
const largestPacked = 256 * 1024 * 1024;

interface UnlistedForm<T> {
  readonly contents: T;
  readonly digest: Digest;
}

/**
 * An index that is not the one that the signed release file lists, as a mirror may have while Contents are made anew. It is good for
 * finding out where to look and for nothing else: whoever uses it must look into the packages that it names. Kept for a day.
 */
export async function openUnlistedForm<T>(
  context: Context,
  release: OpenedRelease,
  file: ReleaseFile,
  form: StoredForm<T>,
): Promise<UnlistedForm<T> | undefined> {
  if (context.offline) return undefined;
  const { path, digest } = await fetchUnlisted(context, release, file, form);
  try {
    await writeForm(
      context,
      createReadStream(path, { highWaterMark: 256 * 1024 }),
      file,
      digest,
      form,
      addressOf(release, file),
    );
  } finally {
    await rm(path, { force: true });
  }
  await writeFileAtomically(memoryFile(context, release, file, form), `${digest} ${context.now().toISOString()}`);
  const contents = await openKeptForm(context, digest, form);
  return contents === undefined ? undefined : { contents, digest };
}

/** The one that was fetched within a day in place of the same listed one; offline, whenever that was. */
export async function openKnownUnlisted<T>(
  context: Context,
  release: OpenedRelease,
  file: ReleaseFile,
  form: StoredForm<T>,
): Promise<UnlistedForm<T> | undefined> {
  const [known = '', since = ''] = ((await readTextIfThere(memoryFile(context, release, file, form))) ?? '').split(' ');
  const age = context.now().getTime() - Date.parse(since);
  if (!/^sha256:[0-9a-f]{64}$/.test(known) || !(context.offline || (age >= 0 && age < day))) return undefined;
  const digest = parseDigest(known);
  const contents = await openKeptForm(context, digest, form);
  return contents === undefined ? undefined : { contents, digest };
}

function memoryFile<T>(context: Context, release: OpenedRelease, file: ReleaseFile, form: StoredForm<T>): string {
  const name = digestHex(sha256([addressOf(release, file), file.digest].join('\n')));
  return join(context.cacheDir, 'debian', form.folder, `${name}.unlisted`);
}

async function fetchUnlisted<T>(
  context: Context,
  release: OpenedRelease,
  file: ReleaseFile,
  form: StoredForm<T>,
): Promise<{ readonly path: string; readonly digest: Digest }> {
  const url = addressOf(release, file);
  const path = join(context.cacheDir, 'debian', 'incoming', randomUUID());
  await makeFolder(dirname(path));
  const task = context.progress.start(`Debian ${release.codename} ${form.what}, as the mirror has it`);
  const response = await context.http.request({ url, signal: context.signal });
  if (response.status !== 200) {
    await discardBody(response);
    task.done('failed');
    throw unusable(url, `status ${response.status}`);
  }
  const hash = createHash('sha256');
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > largestPacked) throw unusable(url, `more than ${largestPacked} bytes`);
      hash.update(chunk);
      task.advance(chunk.byteLength);
      yield chunk;
    }
  }
  try {
    await pipeline(Readable.from(counted()), createWriteStream(path), { signal: context.signal });
  } catch (error) {
    await rm(path, { force: true });
    task.done('failed');
    throw error;
  }
  task.done();
  return { path, digest: digestFromHex(hash.digest('hex')) };
}

function unusable(url: string, actual: string): TareError {
  return new TareError({
    code: 'DEBIAN_CONTENTS_INVALID',
    message: 'the Contents index that the mirror has cannot be used',
    where: url,
    actual,
    hint: 'name the packages in `system-packages` in `[tool.tare]`, or use another mirror',
  });
}
