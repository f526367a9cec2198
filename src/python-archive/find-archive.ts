import { basename, join } from 'node:path';
import type { Context } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { digestOfFile, isFileThere, readFolder, readHashBeside } from './archive-disk.ts';
import { type ArchiveName, type ArchiveWish, parseArchiveName, sortArchives } from './archive-name.ts';
import { type ArchivePlace, filenameOf, fillPattern, needsRelease } from './archive-place.ts';
import { fetchHashBeside, fetchListing, type StatedHash } from './archive-web.ts';

/** An archive that is there, what it must hash to, and where it can be had. Plain data. */
export interface FoundArchive {
  readonly filename: string;
  readonly sha256: Digest;
  /** An address, or an absolute path. */
  readonly url: string;
  /** What says the hash, for people. */
  readonly hashRule: string;
}

export interface FindInputs {
  readonly context: Pick<Context, 'http' | 'signal'>;
  readonly place: ArchivePlace;
  readonly wish: ArchiveWish;
  /** The hash that the configuration asks for. */
  readonly sha256?: Digest;
  /** The archives that uv knows of, asked for where only that says which there are. */
  readonly known: () => Promise<readonly ArchiveName[]>;
}

/** Minor versions that a pattern is tried with where nothing says which there are. */
const possiblePythons = Array.from({ length: 8 }, (_, index) => `3.${16 - index}`);
/** Releases that are looked for at a mirror before giving up: mirrors lag. */
const mostTries = 30;

/** The archive of a place that fits best. Throws `PYTHON_ARCHIVE_MISSING`, `PYTHON_ARCHIVE_HASH`. */
export async function findArchive(inputs: FindInputs): Promise<FoundArchive> {
  const { place } = inputs;
  switch (place.kind) {
    case 'local':
      return findOnDisk(inputs, place.path);
    case 'address':
      return onWeb(place.url, await hashOf(inputs, place.url));
    case 'listing': {
      const names = (await fetchListing(inputs.context, place.url)).flatMap((name) => parseArchiveName(name) ?? []);
      const { filename } = bestOf(names, inputs, place.url);
      const url = `${place.url}${encodeURIComponent(filename)}`;
      return onWeb(url, await hashOf(inputs, url));
    }
    case 'pattern':
      return findByTrying(inputs, place.url, await patternAddresses(inputs, place.url));
    case 'mirror': {
      const names = sortArchives(await inputs.known(), inputs.wish);
      const addresses = names.map(({ release, filename }) => `${place.root}/${release}/${filename}`);
      return findByTrying(inputs, place.root, addresses.slice(0, mostTries));
    }
  }
}

async function findOnDisk(inputs: FindInputs, path: string): Promise<FoundArchive> {
  const names = await readFolder(path);
  if (names === undefined) return onDisk(inputs, path);
  const archives = names.flatMap((name) => parseArchiveName(name) ?? []);
  return onDisk(inputs, join(path, bestOf(archives, inputs, path).filename));
}

async function onDisk({ context, sha256 }: FindInputs, file: string): Promise<FoundArchive> {
  const digest = await digestOfFile(file, context.signal);
  const stated = sha256 === undefined ? await readHashBeside(file) : configured(sha256);
  if (stated !== undefined && stated.digest !== digest) throw wrongHash(file, stated, digest);
  return {
    filename: basename(file),
    sha256: digest,
    url: file,
    hashRule: stated === undefined ? 'nothing says its hash, so it is the one of the file' : ruleOf(stated),
  };
}

function bestOf(names: readonly ArchiveName[], { wish }: FindInputs, where: string): ArchiveName {
  const [best] = sortArchives(names, wish);
  if (best !== undefined) return best;
  throw new TareError({
    code: 'PYTHON_ARCHIVE_MISSING',
    message: `none of the Python archives there fits`,
    where,
    expected: wanted(wish),
    actual:
      names.length === 0
        ? 'no archive at all'
        : names
            .slice(0, 8)
            .map((one) => one.filename)
            .join(', '),
    hint: 'put such an archive there, or name another place as `archive` in `[tool.tare.standalone]`',
  });
}

function wanted({ machine, isFreeThreaded }: ArchiveWish): string {
  const threads = isFreeThreaded ? 'freethreaded-' : '';
  return `cpython-3.N.P+RELEASE-${machine}-unknown-linux-gnu-${threads}install_only.tar.gz of a Python that the project allows`;
}

async function patternAddresses({ wish, known }: FindInputs, pattern: string): Promise<readonly string[]> {
  if (needsRelease(pattern)) {
    const names = sortArchives(await known(), wish);
    return [...new Set(names.map((name) => fillPattern(pattern, name)))].slice(0, mostTries);
  }
  const pythons = /\{python\}/.test(pattern) ? possiblePythons.filter(wish.allows) : ['3'];
  return pythons.map((python) => fillPattern(pattern, { python, machine: wish.machine }));
}

/** The first that is there: a place with a hash for it, or, where the hash is configured, the file itself. */
async function findByTrying(inputs: FindInputs, where: string, addresses: readonly string[]): Promise<FoundArchive> {
  for (const address of addresses) {
    if (!/^https?:/i.test(address)) {
      if (await isFileThere(address)) return onDisk(inputs, address);
      continue;
    }
    const url = encodeAddress(address);
    const stated = await hashOf(inputs, url);
    if (stated !== undefined && (inputs.sha256 === undefined || (await isThere(inputs.context, url)))) {
      return onWeb(url, stated);
    }
    if (stated === undefined && (await isThere(inputs.context, url))) throw noHash(url);
  }
  throw new TareError({
    code: 'PYTHON_ARCHIVE_MISSING',
    message: 'no Python archive that the project can use is there',
    where,
    expected: addresses.length === 0 ? wanted(inputs.wish) : addresses.slice(0, 3).map(filenameOf).join(', or '),
    hint: 'bring the archive there, or name another place as `archive` in `[tool.tare.standalone]`',
  });
}

/** `+` may mean a space in an address. */
function encodeAddress(address: string): string {
  const slash = address.lastIndexOf('/') + 1;
  return `${address.slice(0, slash)}${address.slice(slash).replaceAll('+', '%2B')}`;
}

async function isThere({ http }: Pick<Context, 'http'>, url: string): Promise<boolean> {
  const response = await http.request({ url, method: 'HEAD' });
  for await (const _chunk of response.body) break;
  return response.status === 200;
}

async function hashOf({ context, sha256 }: FindInputs, url: string): Promise<StatedHash | undefined> {
  return sha256 === undefined ? fetchHashBeside(context, url) : configured(sha256);
}

function configured(digest: Digest): StatedHash {
  return { digest, place: '`sha256` of `[tool.tare.standalone]`' };
}

function ruleOf({ place }: StatedHash): string {
  return place.startsWith('`') ? `hash of ${place}` : `hash of \`${place}\` beside it`;
}

function onWeb(url: string, stated: StatedHash | undefined): FoundArchive {
  if (stated === undefined) throw noHash(url);
  return { filename: filenameOf(url), sha256: stated.digest, url, hashRule: ruleOf(stated) };
}

function noHash(url: string): TareError {
  return new TareError({
    code: 'PYTHON_ARCHIVE_HASH',
    message: `nothing says what \`${filenameOf(url)}\` must hash to`,
    where: url,
    expected: 'a file `SHA256SUMS` or `FILE.sha256` beside the archive, or its hash in the configuration',
    hint: 'download it once, look at it, and set `sha256 = "…"` in `[tool.tare.standalone]` to what `sha256sum FILE` says',
  });
}

export function wrongHash(where: string, stated: StatedHash, actual: string): TareError {
  return new TareError({
    code: 'PYTHON_ARCHIVE_HASH',
    message: `the Python archive \`${filenameOf(where)}\` is not the one that ${stated.place} speaks of: its hash differs`,
    where,
    expected: stated.digest,
    actual,
    hint: 'fetch the archive again; if it was replaced on purpose, correct the hash',
  });
}
