import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpClient } from '../base/context.ts';
import { type Digest, sha256 as digestOfBytes } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { fileDigest, localFolder, readLinksFolder } from './find-links.ts';
import type { IndexCache } from './index-cache.ts';
import { createCredentials, type Credentials, type GivenCredentials, splitUserInfo } from './index-credentials.ts';
import { fetchBytes, fetchPage, type IndexFetcher } from './index-fetch.ts';
import { belongsTo, type IndexFile, indexAccept, parseIndexPage } from './index-page.ts';
import type { PackageName } from './package-name.ts';

export type { IndexCache } from './index-cache.ts';
export type { IndexFile } from './index-page.ts';

export interface IndexClientConfig {
  /** In the order in which they are asked; the first that knows a project answers for it. */
  readonly indexUrls: readonly string[];
  /** Addresses of pages, or absolute paths of folders. */
  readonly findLinks: readonly string[];
  readonly credentials: (url: string) => Credentials | undefined;
}

export interface IndexClientOptions {
  readonly offline: boolean;
  readonly refresh: boolean;
  readonly now: () => Date;
}

export interface IndexClient {
  /** Every file of a project, those of find-links first. Throws `PROJECT_NOT_FOUND` where nobody knows it. */
  readonly project: (name: PackageName) => Promise<readonly IndexFile[]>;
  /** The METADATA of a wheel where the index serves it, checked by hash; else undefined. */
  readonly metadata: (file: IndexFile) => Promise<string | undefined>;
  /** The hash of a file: as the index says, for a local file computed. */
  readonly sha256: (file: IndexFile) => Promise<Digest | undefined>;
}

/** A client of simple repository indexes (PEP 503, 629, 658, 691, 714) and find-links places. */
export function createIndexClient(
  http: HttpClient,
  config: IndexClientConfig,
  cache: IndexCache,
  options: IndexClientOptions,
): IndexClient {
  const places = withoutUserInfo(config);
  const fetcher: IndexFetcher = { http, cache, credentials: places.credentials, ...options };
  const links = memoized((entry: string) => readLinks(fetcher, entry));
  return {
    // Not remembered: a page of a large project takes many MB, and the text is in the cache.
    project: (name) => readProject(fetcher, places, links, name),
    metadata: (file) => readMetadata(fetcher, file),
    sha256: async (file) =>
      file.sha256 ?? (file.localPath === undefined ? undefined : await fileDigest(file.localPath)),
  };
}

/** Takes credentials out of addresses, so that none gets into a cache key or a message. */
function withoutUserInfo(config: IndexClientConfig): IndexClientConfig {
  const given: GivenCredentials[] = [];
  const strip = (text: string): string => {
    const { url, credentials } = splitUserInfo(text);
    if (credentials !== undefined) given.push({ url, ...credentials });
    return url;
  };
  const indexUrls = config.indexUrls.map(strip);
  const findLinks = config.findLinks.map(strip);
  const inAddress = createCredentials(given, []);
  return { indexUrls, findLinks, credentials: (url) => inAddress(url) ?? config.credentials(url) };
}

/** One call a key at a time; a failure is not kept. */
function memoized<K extends string, T>(work: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const known = new Map<K, Promise<T>>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const started = work(key);
    known.set(key, started);
    started.catch(() => known.delete(key));
    return started;
  };
}

async function readProject(
  fetcher: IndexFetcher,
  config: IndexClientConfig,
  links: (entry: string) => Promise<readonly IndexFile[]>,
  name: PackageName,
): Promise<readonly IndexFile[]> {
  const files = new Map<string, IndexFile>();
  for (const entry of config.findLinks) {
    for (const file of await links(entry)) {
      if (belongsTo(file.filename, name) && !files.has(file.filename)) files.set(file.filename, file);
    }
  }
  for (const index of config.indexUrls) {
    const found = await readIndex(fetcher, index, name);
    if (found === undefined) continue;
    for (const file of found) if (!files.has(file.filename)) files.set(file.filename, file);
    return [...files.values()];
  }
  if (files.size > 0) return [...files.values()];
  throw projectNotFound(config, name);
}

/** The project's files on one index; undefined where it does not know the project. */
async function readIndex(
  fetcher: IndexFetcher,
  index: string,
  name: PackageName,
): Promise<readonly IndexFile[] | undefined> {
  const url = `${index.replace(/\/+$/, '')}/${name}/`;
  const page = await fetchPage(fetcher, url, indexAccept, limits.indexPage);
  if (page.status === 404) return undefined;
  return parseIndexPage({ ...page, index }).filter((file) => belongsTo(file.filename, name));
}

async function readLinks(fetcher: IndexFetcher, entry: string): Promise<readonly IndexFile[]> {
  const folder = localFolder(entry);
  if (folder !== undefined) return readLinksFolder(folder);
  const page = await fetchPage(fetcher, entry, indexAccept, limits.indexPage);
  if (page.status !== 404) return parseIndexPage({ ...page, index: entry });
  throw new TareError({
    code: 'FIND_LINKS_MISSING',
    message: 'a page of links does not exist',
    where: entry,
    hint: 'correct PIP_FIND_LINKS, UV_FIND_LINKS or `find-links` in pip.conf or uv.toml',
  });
}

async function readMetadata(fetcher: IndexFetcher, file: IndexFile): Promise<string | undefined> {
  if (file.metadata === false || file.kind !== 'wheel' || file.localPath !== undefined) return undefined;
  const wanted = typeof file.metadata === 'string' ? file.metadata : undefined;
  // A wheel's hash settles its metadata too.
  const key = `index:metadata:${wanted ?? file.sha256 ?? file.url}`;
  const kept = await fetcher.cache.read(key);
  if (kept !== undefined) return kept;
  const url = new URL(file.url);
  url.pathname += '.metadata';
  const bytes = await fetchBytes(fetcher, url.href, limits.metadataMember);
  if (bytes === undefined) return undefined;
  const actual = digestOfBytes(bytes);
  if (wanted !== undefined && actual !== wanted) {
    throw new TareError({
      code: 'METADATA_HASH_MISMATCH',
      message: `the metadata of \`${file.filename}\` is not what the index promises`,
      where: url.href,
      expected: wanted,
      actual,
      hint: 'run the same command with --refresh; if it fails again, ask who runs the index',
    });
  }
  const text = new TextDecoder().decode(bytes);
  await fetcher.cache.write(key, text);
  return text;
}

function projectNotFound(config: IndexClientConfig, name: PackageName): TareError {
  const places = [...config.findLinks, ...config.indexUrls];
  return new TareError({
    code: 'PROJECT_NOT_FOUND',
    message: `no package index knows \`${name}\``,
    ...(places.length === 0 ? {} : { where: places.map(shownPlace).join(', ') }),
    hint:
      places.length === 0
        ? 'configure an index for pip or uv (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf, uv.toml)'
        : 'check the spelling, or add the index that has it (UV_INDEX, PIP_EXTRA_INDEX_URL)',
  });
}

function shownPlace(place: string): string {
  return isAbsolute(place) || !place.startsWith('file:') ? place : fileURLToPath(place);
}
