import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlobCache } from '../base/blob-cache.ts';
import type { Context } from '../base/context.ts';
import { digestFromHex, digestHex, sha256 } from '../base/digest.ts';
import { createHttpClient } from './client.ts';
import { type DownloadSource, downloadBlob } from './download.ts';
import { rename, stat } from 'node:fs/promises';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) % 256));
const digest = digestFromHex(createHash('sha256').update(content).digest('hex'));
/** Big enough that what was sent has left the buffers when the connection is cut. */
const cut = 200_000;

let folder: string;
let server: Server;
let origin: string;
let answer: (request: IncomingMessage, response: ServerResponse, count: number) => void;
let requests: IncomingMessage[];
let advanced: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-download-'));
  requests = [];
  advanced = 0;
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

function cache(): BlobCache {
  let count = 0;
  const blobPath: BlobCache['blobPath'] = (one) => join(folder, digestHex(one));
  return {
    blobPath,
    has: async (one, size) => {
      const found = await stat(blobPath(one)).catch(() => undefined);
      return found !== undefined && (size === undefined || found.size === size);
    },
    temporary: async (name) => join(folder, name ?? `${++count}.tmp`),
    adopt: async (temporary, one) => {
      await rename(temporary, blobPath(one));
      return blobPath(one);
    },
  };
}

function context(changes: Partial<Context> = {}): Context {
  const signal = changes.signal ?? new AbortController().signal;
  const silent = (): void => undefined;
  return {
    env: {},
    home: folder,
    cacheDir: folder,
    workers: 1,
    offline: false,
    refresh: false,
    now: () => new Date(0),
    signal,
    log: { warn: silent, info: silent, debug: silent },
    progress: {
      start: () => ({
        advance: (bytes) => {
          advanced += bytes;
        },
        done: silent,
      }),
    },
    http: createHttpClient({
      env: {},
      userAgent: 'tare/test',
      retry: { attempts: 3, pauseMs: 1, longestPauseMs: 1000 },
    }),
    host: { platform: 'linux', arch: 'x64' },
    ...changes,
  };
}

function source(changes: Partial<DownloadSource> = {}): DownloadSource {
  return { url: `${origin}/wheel`, digest, size: content.byteLength, name: 'wheel.whl', ...changes };
}

/** A well-behaved server. */
function sendRange(request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const tag = request.headers['if-range'];
  if (request.headers.range === undefined || (tag !== undefined && tag !== '"v1"')) {
    response.writeHead(200, { etag: '"v1"', 'content-length': content.byteLength }).end(content);
    return;
  }
  response.writeHead(206, {
    etag: '"v1"',
    'content-range': `bytes ${start}-${content.byteLength - 1}/${content.byteLength}`,
  });
  response.end(content.subarray(start));
}

function sendCut(response: ServerResponse, from = 0): void {
  response.writeHead(from === 0 ? 200 : 206, {
    etag: '"v1"',
    'content-length': content.byteLength - from,
    ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${content.byteLength - 1}/${content.byteLength}` }),
  });
  response.write(content.subarray(from, Math.max(from, cut)), () => setTimeout(() => response.destroy(), 20));
}

async function expectDownloaded(path: Promise<string>): Promise<void> {
  expect(Buffer.compare(await readFile(await path), content)).toBe(0);
  expect(advanced).toBe(content.byteLength);
  expect(await readdir(folder)).toEqual([digestHex(digest)]);
}

describe('a download', () => {
  test('is checked, cached, and not made twice, even when asked for at once', async () => {
    answer = sendRange;
    const shared = cache();
    const both = await Promise.all([
      downloadBlob(context(), source(), shared),
      downloadBlob(context(), source(), shared),
    ]);
    expect(both[0]).toBe(both[1]);
    await expectDownloaded(downloadBlob(context(), source(), shared));
    expect(requests).toHaveLength(1);
  });

  test('continues by range, held to the same version, when the connection is cut', async () => {
    answer = (request, response, count) => (count === 1 ? sendCut(response) : sendRange(request, response));
    await expectDownloaded(downloadBlob(context(), source(), cache()));
    expect(requests[1]?.headers).toMatchObject({ range: `bytes=${cut}-`, 'if-range': '"v1"' });
  });

  test('starts over when the server does not know ranges', async () => {
    answer = (_request, response, count) =>
      count === 1 ? sendCut(response) : void response.writeHead(200).end(content);
    await expectDownloaded(downloadBlob(context(), source(), cache()));
  });

  test('continues in a later run', async () => {
    answer = (_request, response, count) => (count === 1 ? sendCut(response) : void response.writeHead(404).end());
    await expect(downloadBlob(context(), source(), cache())).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      transient: false,
    });
    answer = sendRange;
    advanced = 0;
    await expectDownloaded(downloadBlob(context(), source(), cache()));
    expect(requests.at(-1)?.headers.range).toBe(`bytes=${cut}-`);
  });

  test('starts over, once, when what an earlier run left is damaged', async () => {
    await writeFile(join(folder, `${digestHex(digest)}.partial`), 'rubbish');
    answer = sendRange;
    await expectDownloaded(downloadBlob(context(), source(), cache()));
    expect(requests.map((request) => request.headers.range)).toEqual(['bytes=7-', undefined]);
  });

  test('without a known size ends where the server ends', async () => {
    answer = (_request, response) => void response.end(content);
    const { size: _size, ...unsized } = source();
    await expectDownloaded(downloadBlob(context(), unsized, cache()));
  });

  test('waits as a busy server asks', async () => {
    answer = (request, response, count) =>
      count === 1 ? void response.writeHead(503, { 'retry-after': '0' }).end() : sendRange(request, response);
    await expectDownloaded(downloadBlob(context(), source(), cache()));
  });

  test('follows to another origin without the credentials', async () => {
    let seen: IncomingMessage | undefined;
    const other = createServer((request, response) => {
      seen = request;
      sendRange(request, response);
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    answer = (_request, response) => void response.writeHead(302, { location: `http://127.0.0.1:${port}/cdn` }).end();
    await expectDownloaded(downloadBlob(context(), source({ headers: { authorization: 'Basic c2VjcmV0' } }), cache()));
    expect(requests[0]?.headers.authorization).toBe('Basic c2VjcmV0');
    expect(seen?.headers.authorization).toBeUndefined();
    other.closeAllConnections();
    other.close();
  });
});

describe('a download that fails', () => {
  test('wrong bytes are not kept', async () => {
    const wrong = Buffer.from(content);
    wrong[1000] = 1 + (wrong[1000] ?? 0);
    answer = (_request, response) => void response.end(wrong);
    await expect(downloadBlob(context(), source(), cache())).rejects.toMatchObject({
      code: 'DOWNLOAD_HASH_MISMATCH',
      expected: digest,
      actual: sha256(wrong),
      message: expect.stringContaining('wheel.whl'),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    [
      'too long, as declared',
      (response: ServerResponse) =>
        void response
          .setHeader('content-length', content.byteLength + 1)
          .end(Buffer.concat([content, Buffer.from('x')])),
    ],
    [
      'too long, without saying so',
      (response: ServerResponse) => void response.write(Buffer.concat([content, Buffer.from('x')])),
    ],
    ['too short, as declared', (response: ServerResponse) => void response.setHeader('content-length', 5).end('short')],
    [
      'too short, without saying so',
      (response: ServerResponse) => void response.writeHead(200, { 'transfer-encoding': 'chunked' }).end('short'),
    ],
  ])('%s', async (_name, send) => {
    answer = (_request, response) => send(response);
    await expect(downloadBlob(context(), source(), cache())).rejects.toMatchObject({ code: 'DOWNLOAD_SIZE_MISMATCH' });
    expect(await readdir(folder)).toEqual([]);
  });

  test('a server that keeps cutting without a further byte is given up on, and what came is kept', async () => {
    answer = (_request, response, count) => sendCut(response, count === 1 ? 0 : cut);
    await expect(downloadBlob(context(), source(), cache())).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      transient: true,
      actual: `${cut} of ${content.byteLength} bytes came`,
    });
    expect(await readdir(folder)).toEqual([`${digestHex(digest)}.partial`]);
  });

  test.each([
    [404, false],
    [403, false],
    [503, true],
  ])('status %i', async (status, transient) => {
    answer = (_request, response) => void response.writeHead(status).end();
    await expect(downloadBlob(context(), source(), cache())).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      transient,
      message: expect.stringContaining(String(status)),
    });
  });

  test('offline names what is missing and asks nobody', async () => {
    await expect(downloadBlob(context({ offline: true }), source(), cache())).rejects.toMatchObject({
      code: 'OFFLINE_MISSING',
      message: expect.stringContaining('wheel.whl'),
    });
    expect(requests).toHaveLength(0);
  });

  test('an abort leaves what came for the next run', async () => {
    const controller = new AbortController();
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': content.byteLength });
      response.write(content.subarray(0, cut), () => setTimeout(() => controller.abort(new Error('stopped')), 50));
    };
    await expect(downloadBlob(context({ signal: controller.signal }), source(), cache())).rejects.toThrow('stopped');
    expect(await readdir(folder)).toEqual([`${digestHex(digest)}.partial`]);
  });
});

describe('a file of this machine', () => {
  test('is copied and checked, by address or path, offline too', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'tare-local-'));
    const file = join(outside, 'a wheel.whl');
    await writeFile(file, content);
    for (const url of [file, pathToFileURL(file).href]) {
      advanced = 0;
      await expectDownloaded(downloadBlob(context({ offline: true }), source({ url }), cache()));
      await rm(join(folder, digestHex(digest)));
    }
    await writeFile(file, 'other');
    const { size: _size, ...unsized } = source({ url: file });
    await expect(downloadBlob(context(), unsized, cache())).rejects.toMatchObject({ code: 'DOWNLOAD_HASH_MISMATCH' });
    await expect(downloadBlob(context(), source({ url: file }), cache())).rejects.toMatchObject({
      code: 'DOWNLOAD_SIZE_MISMATCH',
    });
    await rm(file);
    await expect(downloadBlob(context(), unsized, cache())).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
    expect(await readdir(folder)).toEqual([]);
    await rm(outside, { recursive: true });
  });
});
