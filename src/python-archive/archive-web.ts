import type { Context } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { discardBody, readText, textEncodings } from '../http/read-text.ts';
import { filenameOf } from './archive-place.ts';
import { parseHashFile, parseHashList } from './hash-list.ts';

/** A release has some hundred archives. */
const largestList = 4 * 1024 * 1024;

/** The text at an address; undefined where there is none. Throws `PYTHON_ARCHIVE_MISSING` where the server fails. */
export async function fetchTextIfThere(context: Pick<Context, 'http'>, url: string): Promise<string | undefined> {
  const response = await context.http.request({ url, headers: { 'accept-encoding': textEncodings } });
  if (response.status === 200) return readText(response, largestList);
  await discardBody(response);
  if ([403, 404, 410].includes(response.status)) return undefined;
  throw new TareError({
    code: 'PYTHON_ARCHIVE_MISSING',
    message: `the server of the Python archives answers with ${response.status}`,
    where: url,
    hint: 'check the address, or try again later',
    transient: response.status >= 500 || response.status === 429,
  });
}

/** Beside an archive: the list of all hashes, else the archive's own file. The place that says it, for `because`. */
export async function fetchHashBeside(context: Pick<Context, 'http'>, url: string): Promise<StatedHash | undefined> {
  const bare = url.replace(/[?#].*$/s, '');
  const list = await fetchTextIfThere(context, `${bare.slice(0, bare.lastIndexOf('/'))}/SHA256SUMS`);
  const listed = list === undefined ? undefined : parseHashList(list).get(filenameOf(bare));
  if (listed !== undefined) return { digest: listed, place: 'SHA256SUMS' };
  const own = await fetchTextIfThere(context, `${bare}.sha256`);
  const digest = own === undefined ? undefined : parseHashFile(own);
  return digest === undefined ? undefined : { digest, place: `${filenameOf(bare)}.sha256` };
}

/** A hash, and what says it. */
export interface StatedHash {
  readonly digest: Digest;
  readonly place: string;
}

/** File names at an address that ends in `/`: those of `SHA256SUMS`, else those that its page links to. */
export async function fetchListing(context: Pick<Context, 'http'>, url: string): Promise<readonly string[]> {
  const sums = await fetchTextIfThere(context, `${url}SHA256SUMS`);
  if (sums !== undefined) return [...parseHashList(sums).keys()];
  const page = (await fetchTextIfThere(context, url)) ?? '';
  return [...page.matchAll(/href\s*=\s*["']([^"']+)["']/gi)].map(([, link = '']) =>
    filenameOf(link.replaceAll('&#43;', '+').replaceAll('&amp;', '&')),
  );
}
