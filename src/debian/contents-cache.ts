import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfThere, writeFileAtomically } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { digestHex, parseDigest, sha256 } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import {
  type CompiledContents,
  compileContents,
  contentsFormat,
  contentsSizeOf,
  openCompiledContents,
} from './contents-index.ts';
import {
  addressOf,
  damagedForm,
  type OpenedRelease,
  openKeptForm,
  openStoredForm,
  smallestOf,
  type StoredForm,
} from './index-file.ts';
import { lineTableHeaderSize } from './line-table.ts';
import { openKnownUnlisted, openUnlistedForm } from './contents-unlisted.ts';
import type { MirrorChoice } from './mirror-choice.ts';
import type { ReleaseFile } from './release.ts';

export interface OpenedContents {
  readonly contents: CompiledContents;
  /** Hash of the index file as the mirror has it. */
  readonly digest: string;
}

const compiledForm: StoredForm<CompiledContents> = {
  folder: 'contents',
  version: contentsFormat,
  // That of sid for all architectures has 650 MB.
  limit: 4 * 1024 * 1024 * 1024,
  what: 'contents',
  make: compileContents,
  headerSize: lineTableHeaderSize,
  sizeOf: contentsSizeOf,
  open: (path) => {
    let loaded: CompiledContents | undefined;
    const load = (): CompiledContents => (loaded ??= openCompiledContents(readFileSync(path)) ?? damagedForm(path));
    return {
      libraries: (name) => load().libraries(name),
      programs: (name) => load().programs(name),
      code: (packageName) => load().code(packageName),
    };
  },
};

/**
 * The Contents index of a release's component for one architecture, or for `all`: compiled, from the cache, else fetched and
 * compiled. Where the mirror does not give the one that its release lists, that of an earlier release does, if it was
 * verified then and is in the cache: it only says where to look. Undefined where the release lists none, or an empty one.
 * A mirror that has another one than its release lists is believed as far as where to look.
 * Throws `DEBIAN_CONTENTS_MISSING` where it is listed and the mirror does not carry it, `DEBIAN_CONTENTS_INVALID`,
 * `DEBIAN_INDEX_HASH_MISMATCH`, `OFFLINE_MISSING`.
 */
export async function openReleaseContents(
  choice: MirrorChoice,
  release: OpenedRelease,
  component: string,
  architecture: string,
): Promise<OpenedContents | undefined> {
  const { context } = choice;
  const file = listedContents(release, component, architecture);
  if (file === undefined) return undefined;
  const known = context.refresh ? undefined : await openKnownUnlisted(context, release, file, compiledForm);
  if (known !== undefined && (await openKeptForm(context, file.digest, compiledForm)) === undefined) return known;
  const memory = memoryFile(context, release, `${component}/${architecture}`);
  const earlier = await readTextIfThere(memory);
  try {
    const contents = await openStoredForm(context, release, file, compiledForm);
    if (earlier !== file.digest) await writeFileAtomically(memory, file.digest);
    return { contents, digest: file.digest };
  } catch (error) {
    if (!isTareError(error) || !(error.transient || ungivenCodes.has(error.code))) throw error;
    const kept = earlier === undefined ? undefined : await openEarlier(context, earlier);
    if (kept !== undefined) {
      context.log.warn(
        `the mirror does not give the Contents index that ${release.codename} lists: going on with the one of an earlier day (${error.message})`,
      );
      return kept;
    }
    const unlisted =
      error.code === 'DEBIAN_INDEX_HASH_MISMATCH'
        ? await openUnlistedForm(context, release, file, compiledForm)
        : undefined;
    if (unlisted === undefined) throw explained(error, release, file, architecture);
    context.log.warn(
      `the mirror has another Contents index than ${release.codename} lists: it is used to find out where to look, and what it names is looked into`,
    );
    return unlisted;
  }
}

const ungivenCodes = new Set(['DOWNLOAD_FAILED', 'OFFLINE_MISSING']);

/** Which one was verified last, by its digest. */
function memoryFile(context: Context, { archive, codename, trust = '' }: OpenedRelease, what: string): string {
  const name = digestHex(sha256([archive, codename, trust, what].join('\n')));
  return join(context.cacheDir, 'debian', compiledForm.folder, `${name}.last`);
}

async function openEarlier(context: Context, text: string): Promise<OpenedContents | undefined> {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) return undefined;
  const digest = parseDigest(text);
  const contents = await openKeptForm(context, digest, compiledForm);
  return contents === undefined ? undefined : { contents, digest };
}

/** That there is a way without is worth knowing whatever the mirror did. */
function explained(error: TareError, release: OpenedRelease, file: ReleaseFile, architecture: string): TareError {
  const where = addressOf(release, file);
  if (error.code === 'DOWNLOAD_FAILED' && !error.transient) {
    return contentsMissing(release.codename, architecture, where, error);
  }
  if (error.code !== 'DEBIAN_INDEX_HASH_MISMATCH') return error;
  const { code, message, expected, transient } = error;
  return new TareError({
    code,
    message,
    where,
    ...(expected === undefined ? {} : { expected }),
    ...(isTareError(error.cause) && error.cause.actual !== undefined ? { actual: error.cause.actual } : {}),
    hint: 'the mirror may be in the middle of an update: try again in some minutes, use another mirror, or name the packages in `system-packages` in `[tool.tare]`',
    transient,
    cause: error,
  });
}

/** Some archives have one for all their components. An empty one, as among Debian's security fixes, is none. */
function listedContents(release: OpenedRelease, component: string, architecture: string): ReleaseFile | undefined {
  for (const path of [`${component}/Contents-${architecture}`, `Contents-${architecture}`]) {
    const file = smallestOf(release, path);
    if (file !== undefined && release.state.indexes.get(path)?.size !== 0) return file;
  }
  return undefined;
}

export function contentsMissing(codename: string, architecture: string, where: string, cause?: unknown): TareError {
  return new TareError({
    code: 'DEBIAN_CONTENTS_MISSING',
    message: `the mirror has no Contents index of ${codename} for ${architecture}, which tells whose package has a library`,
    where,
    hint: 'name the packages in `system-packages` in `[tool.tare]`, or set a `mirror` in `[tool.tare.debian]` that carries Contents indexes',
    ...(cause === undefined ? {} : { cause }),
  });
}
