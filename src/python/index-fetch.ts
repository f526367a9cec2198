import type { HttpClient, HttpResponse } from '../base/context.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { discardBody, readBytes, readText, textEncodings } from '../http/read-text.ts';
import { type CachedPage, type IndexCache, isFresh, maxAgeOf, readCachedPage, writeCachedPage } from './index-cache.ts';
import { basicAuthorization, type Credentials } from './index-credentials.ts';

/** What a page is fetched with. */
export interface IndexFetcher {
  readonly http: HttpClient;
  readonly cache: IndexCache;
  readonly credentials: (url: string) => Credentials | undefined;
  readonly offline: boolean;
  readonly refresh: boolean;
  readonly now: () => Date;
}

/**
 * A page from the cache or the network: as long as it is fresh without asking, then by its validators (RFC 9111). Status
 * 404 is an answer too. Throws `INDEX_UNREACHABLE`, `INDEX_UNAUTHORIZED`, `OFFLINE_MISSING`.
 */
export async function fetchPage(
  fetcher: IndexFetcher,
  url: string,
  accept: string,
  limit: number,
): Promise<CachedPage> {
  const key = `index:page:${url}`;
  const cached = await readCachedPage(fetcher.cache, key);
  if (cached !== undefined && (fetcher.offline || (!fetcher.refresh && isFresh(cached, fetcher.now())))) return cached;
  if (fetcher.offline) throw offlineMissing(url);
  const validators = cached?.status === 200 ? validatorsOf(cached) : {};
  const response = await ask(fetcher, url, { accept, 'accept-encoding': textEncodings, ...validators });
  const page = await pageOf(fetcher, response, url, cached, limit);
  const maxAge = maxAgeOf(response);
  if (maxAge !== undefined) await writeCachedPage(fetcher.cache, key, page);
  return page;
}

/** The bytes of a small file that never changes; undefined where there is none. Throws as `fetchPage`. */
export async function fetchBytes(fetcher: IndexFetcher, url: string, limit: number): Promise<Uint8Array | undefined> {
  if (fetcher.offline) throw offlineMissing(url);
  const response = await ask(fetcher, url, { 'accept-encoding': 'identity' });
  if (response.status === 200) return readBytes(response, limit);
  await discardBody(response);
  if (response.status === 404 || response.status === 410) return undefined;
  throw failure(fetcher, url, response.status);
}

function validatorsOf({ etag, lastModified }: CachedPage): Readonly<Record<string, string>> {
  if (etag !== undefined) return { 'if-none-match': etag };
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified };
}

async function ask(
  fetcher: IndexFetcher,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  const credentials = fetcher.credentials(url);
  const authorization = credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };
  try {
    return await fetcher.http.request({
      url,
      headers: { ...headers, ...authorization },
    });
  } catch (error) {
    if (!isTareError(error) || error.code !== 'HTTP_FAILED') throw error;
    throw new TareError({
      code: 'INDEX_UNREACHABLE',
      message: `the package index does not answer: ${error.message}`,
      where: url,
      hint: error.hint ?? 'check the network and the proxy, then run the same command again',
      transient: true,
      cause: error,
    });
  }
}

async function pageOf(
  fetcher: IndexFetcher,
  response: HttpResponse,
  url: string,
  cached: CachedPage | undefined,
  limit: number,
): Promise<CachedPage> {
  const checked = fetcher.now().getTime();
  const maxAge = maxAgeOf(response) ?? 0;
  const { status } = response;
  if (status === 200) {
    const etag = response.header('etag');
    const lastModified = response.header('last-modified');
    return {
      status,
      url: response.url,
      contentType: response.header('content-type') ?? '',
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
      checked,
      maxAge,
      body: await readText(response, limit),
    };
  }
  await discardBody(response);
  if (status === 304 && cached !== undefined) return { ...cached, checked, maxAge };
  if (status === 404 || status === 410) {
    // Kept for working offline only: a project may appear at any time.
    return { status: 404, url: response.url, contentType: '', checked, maxAge: 0, body: '' };
  }
  throw failure(fetcher, url, status);
}

function failure(fetcher: IndexFetcher, url: string, status: number): TareError {
  return status === 401 || status === 403 ? unauthorized(fetcher, url, status) : unreachable(url, status);
}

function unauthorized(fetcher: IndexFetcher, url: string, status: number): TareError {
  const given = fetcher.credentials(url) !== undefined;
  return new TareError({
    code: 'INDEX_UNAUTHORIZED',
    message: `the package index ${given ? 'refuses the credentials' : 'wants credentials'} (status ${status})`,
    where: url,
    hint: `${given ? 'correct' : 'give'} them in ~/.netrc, in UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD for an index called NAME, or in the address that pip or uv is configured with`,
  });
}

function unreachable(url: string, status: number): TareError {
  return new TareError({
    code: 'INDEX_UNREACHABLE',
    message: `the package index answers with status ${status}`,
    where: url,
    expected: 'status 200 or 404',
    hint: 'check the address of the index, or run the same command again later',
    transient: status === 408 || status === 429 || status >= 500,
  });
}

function offlineMissing(url: string): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: 'a page of the package index is not in the cache, and --offline forbids to fetch it',
    where: url,
    hint: 'run the same command once without --offline',
  });
}
