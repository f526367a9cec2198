import type { Context } from '../../base/context.ts';
import { type Digest, digestFromHex } from '../../base/digest.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/order.ts';
import { listUvPythons } from '../../engine/uv-pythons.ts';
import { findUv } from '../../engine/uv.ts';
import { downloadBlob } from '../../http/download.ts';
import { allowsPython } from '../../plan/python.ts';
import type { Architecture } from '../../plan/target.ts';
import type { PythonFact } from '../../project/facts.ts';
import type { ArchiveWish } from '../../python-archive/archive-name.ts';
import type { ArchivePlace } from '../../python-archive/archive-place.ts';
import { type FoundArchive, findArchive, wrongHash } from '../../python-archive/find-archive.ts';
import { type ArchiveFacts, inspectArchive, inspectVersion } from '../../python-archive/inspect-archive.ts';
import type { Cache } from '../../store/cache.ts';
import type { BaseWish } from './resolution.ts';

/** For how long it is not looked again which archives a server has. */
const day = 24 * 60 * 60 * 1000;

/** Files of this machine are looked at each time; what a server has is remembered for a day. */
export async function rememberedArchive(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
  place: ArchivePlace,
): Promise<FoundArchive> {
  const sha256 = configuredHash(wish.config.standalone?.sha256, architecture.platform);
  const inputs = {
    context,
    place,
    wish: archiveWish(wish.python, architecture),
    ...(sha256 === undefined ? {} : { sha256 }),
    known: async () => listUvPythons(context, await findUv(context)),
  };
  if (place.kind === 'local') return findArchive(inputs);
  const { because: _because, ...python } = wish.python ?? {};
  const key = canonicalJson({ place, python, machine: architecture.machine, sha256: sha256 ?? 'beside' });
  const known = await cache.readRecord('python-archive-place', key);
  const age = isRemembered(known) ? context.now().getTime() - known.at : Number.NaN;
  if (isRemembered(known) && (context.offline || (!context.refresh && age >= 0 && age < day))) return known.found;
  if (context.offline) {
    throw new TareError({
      code: 'OFFLINE_MISSING',
      message: 'which Python archive to take is not in the cache, and --offline forbids to ask',
      hint: 'run the same command once without --offline',
    });
  }
  const found = await findArchive(inputs);
  await cache.writeRecord('python-archive-place', key, { at: context.now().getTime(), found });
  return found;
}

function isRemembered(value: unknown): value is { readonly at: number; readonly found: FoundArchive } {
  return typeof value === 'object' && value !== null && 'at' in value && 'found' in value;
}

function archiveWish(python: PythonFact | undefined, { machine }: Architecture): ArchiveWish {
  return {
    machine,
    isFreeThreaded: python?.isFreeThreaded === true,
    allows: (minor) => python === undefined || allowsPython(python, minor, true),
    ...(python?.exact === undefined ? {} : { exact: python.exact }),
  };
}

/** Throws `PYTHON_ARCHIVE_HASH`. */
function configuredHash(
  setting: string | Readonly<Record<string, string>> | undefined,
  platform: string,
): Digest | undefined {
  const text = typeof setting === 'object' ? setting[platform] : setting;
  if (text === undefined) return undefined;
  const [, hex] = /^(?:sha256:)?([0-9a-fA-F]{64})$/.exec(text.trim()) ?? [];
  if (hex !== undefined) return digestFromHex(hex);
  throw new TareError({
    code: 'PYTHON_ARCHIVE_HASH',
    message: '`sha256` of `[tool.tare.standalone]` is no hash',
    expected: '64 hexadecimal digits, or a table of them by platform: `{ "linux/amd64" = "…" }`',
    actual: text,
    hint: 'write what `sha256sum FILE` says',
  });
}

/** What is in the archive: remembered by its hash, else fetched and read. */
export async function archiveFactsOf(context: Context, cache: Cache, found: FoundArchive): Promise<ArchiveFacts> {
  const { filename, sha256 } = found;
  const key = canonicalJson({ inspectVersion, sha256, filename });
  const known = await cache.readRecord('python-archive', key);
  if (typeof known === 'object' && known !== null && 'interpreter' in known) return known as ArchiveFacts;
  const file = await fetchArchive(context, cache, found);
  const task = context.progress.start(`reading ${filename}`);
  const facts = await inspectArchive({ file, filename }, await cache.temporary());
  task.done();
  await cache.writeRecord('python-archive', key, facts);
  return facts;
}

async function fetchArchive(
  context: Context,
  cache: Cache,
  { filename, sha256, url, hashRule }: FoundArchive,
): Promise<string> {
  try {
    return await downloadBlob(context, { url, digest: sha256, name: filename }, cache);
  } catch (error) {
    if (!isTareError(error) || error.code !== 'DOWNLOAD_HASH_MISMATCH') throw error;
    throw wrongHash(url, { digest: sha256, place: hashRule }, error.actual ?? '');
  }
}
