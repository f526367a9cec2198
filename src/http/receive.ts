import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, HttpResponse, ProgressTask } from '../base/context.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { type DownloadSource, sizeMismatch } from './download-source.ts';
import type { PartialFile } from './partial-file.ts';
import { discardBody } from './read-text.ts';

/** Broken connections in a row, without a byte in between, before giving up. */
const mostBreaks = 5;
const pauseMs = 250;
/** What came is written in pieces of this size: a write of each packet costs more than the packet. Bytes. */
const writeSize = 1024 * 1024;

/** Fetches until the partial file is whole, continuing by range where a connection broke (RFC 9110, 14). */
export async function receive(
  context: Context,
  source: DownloadSource,
  partial: PartialFile,
  task: ProgressTask,
): Promise<void> {
  let validator: string | undefined;
  for (let breaks = 0; ; ) {
    const before = partial.received();
    if (before > 0 && before === source.size) return;
    const response = await request(context, source, before, validator);
    if (response.status === 416 && before > 0) {
      // What is here is at least as long as what is there; the hash decides, and a fresh start follows if it must.
      await discardBody(response);
      if (source.size === undefined) return;
      throw sizeMismatch(source, `${before} bytes at most`);
    }
    assertSuccess(response, source);
    validator = strongValidator(response);
    const failure = await storeUntilBreak(response, source, partial, task, context.signal);
    if (failure === undefined && (source.size === undefined || partial.received() === source.size)) return;
    breaks = partial.received() > before ? 1 : breaks + 1;
    if (failure === undefined && breaks > 1) throw sizeMismatch(source, `${partial.received()} bytes`);
    if (failure !== undefined && breaks >= mostBreaks) throw broken(source, partial.received(), failure);
    await sleep(pauseMs * breaks, undefined, { signal: context.signal });
  }
}

/** Gives the error of a connection that broke on the way; every other error is thrown. */
async function storeUntilBreak(
  response: HttpResponse,
  source: DownloadSource,
  partial: PartialFile,
  task: ProgressTask,
  signal: AbortSignal,
): Promise<TareError | undefined> {
  try {
    await store(response, source, partial, task);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (isTareError(error) && error.code === 'HTTP_FAILED' && error.transient) return error;
    throw error;
  }
}

function request(
  context: Context,
  source: DownloadSource,
  offset: number,
  validator: string | undefined,
): Promise<HttpResponse> {
  return context.http.request({
    url: source.url,
    headers: {
      ...source.headers,
      ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
      ...(offset === 0 || validator === undefined ? {} : { 'if-range': validator }),
    },
    signal: context.signal,
  });
}

async function store(
  response: HttpResponse,
  source: DownloadSource,
  partial: PartialFile,
  task: ProgressTask,
): Promise<void> {
  if (partial.received() > 0 && rangeStart(response) !== partial.received()) {
    task.advance(-partial.received());
    await partial.restart();
    if (response.status === 206) {
      await discardBody(response);
      return;
    }
  }
  const whole = wholeSize(response);
  if (source.size !== undefined && whole !== undefined && whole !== source.size) {
    await discardBody(response);
    throw sizeMismatch(source, `${whole} bytes`);
  }
  const most = source.size ?? limits.archiveUnpacked;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const flush = async (): Promise<void> => {
    const chunks = held;
    held = [];
    heldBytes = 0;
    if (chunks.length > 0) await partial.append(chunks);
  };
  try {
    for await (const chunk of response.body) {
      if (partial.received() + heldBytes + chunk.byteLength > most)
        throw sizeMismatch(source, `more than ${most} bytes`);
      held.push(chunk);
      heldBytes += chunk.byteLength;
      task.advance(chunk.byteLength);
      if (heldBytes >= writeSize) await flush();
    }
  } finally {
    // What came before a break is kept.
    await flush();
    await partial.written();
  }
}

/** Where a partial answer begins; undefined for a whole one. */
function rangeStart(response: HttpResponse): number | undefined {
  if (response.status !== 206) return undefined;
  const [, start] = /^bytes (\d{1,15})-/.exec(response.header('content-range') ?? '') ?? [];
  return start === undefined ? undefined : Number(start);
}

/** What the server says that the whole has, in bytes, where nothing is encoded on the way. */
function wholeSize(response: HttpResponse): number | undefined {
  const text =
    response.status === 206
      ? /\/(\d{1,15})$/.exec(response.header('content-range') ?? '')?.[1]
      : response.header('content-length');
  const isEncoded = (response.header('content-encoding') ?? 'identity') !== 'identity';
  return text === undefined || isEncoded ? undefined : Number(text);
}

/** Only a strong entity tag may be used with If-Range (RFC 9110, 13.1.5). */
function strongValidator(response: HttpResponse): string | undefined {
  const tag = response.header('etag');
  return tag?.startsWith('"') === true ? tag : undefined;
}

function assertSuccess(response: HttpResponse, source: DownloadSource): void {
  const { status } = response;
  if (status === 200 || status === 206) return;
  throw new TareError({
    code: 'DOWNLOAD_FAILED',
    message: `${source.name} could not be downloaded: the server answered ${status}`,
    where: response.url,
    ...hintFor(status),
    transient: status === 408 || status === 425 || status === 429 || status >= 500,
  });
}

function hintFor(status: number): { readonly hint: string } {
  if (status === 401 || status === 403 || status === 407) {
    return {
      hint: 'check the credentials for this host: in the index URL, in ~/.netrc, or in the keyring that pip and uv use',
    };
  }
  if (status === 404 || status === 410)
    return { hint: 'the file is gone from there: refresh with --refresh, or lock again' };
  return { hint: 'try again later, or use another mirror' };
}

function broken(source: DownloadSource, received: number, cause: unknown): TareError {
  const of = source.size === undefined ? '' : ` of ${source.size}`;
  return new TareError({
    code: 'DOWNLOAD_FAILED',
    message: `${source.name} could not be downloaded: the connection keeps breaking`,
    where: source.url,
    actual: `${received}${of} bytes came`,
    hint: 'run the same command again: it continues where it stopped',
    transient: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
