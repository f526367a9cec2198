import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpClient, HttpRequest, HttpResponse } from '../base/context.ts';
import { sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { createIndexClient, type IndexClient, type IndexClientConfig } from './index-client.ts';
import { parsePackageName } from './package-name.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface Server {
  readonly http: HttpClient;
  readonly asked: HttpRequest[];
}

function serve(answer: (request: HttpRequest) => Answer | undefined): Server {
  const asked: HttpRequest[] = [];
  const request = async (one: HttpRequest): Promise<HttpResponse> => {
    asked.push(one);
    const { status = 200, headers = {}, body = '' } = answer(one) ?? { status: 404 };
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const all: Readonly<Record<string, string>> = { 'content-type': 'application/vnd.pypi.simple.v1+json', ...headers };
    return {
      status,
      url: one.url,
      header: (name) => all[name],
      body: (async function* () {
        yield bytes;
      })(),
    };
  };
  return { http: { request }, asked };
}

function page(...filenames: string[]): string {
  return JSON.stringify({
    meta: { 'api-version': '1.0' },
    files: filenames.map((filename) => ({ filename, url: `../../f/${filename}`, hashes: { sha256: 'ab'.repeat(32) } })),
  });
}

const texts = new Map<string, string>();
let clock = new Date('2025-01-01T00:00:00Z');

function client(
  server: Server,
  change: Partial<IndexClientConfig> & { offline?: boolean; refresh?: boolean; fresh?: boolean } = {},
): IndexClient {
  if (change.fresh !== false) texts.clear();
  return createIndexClient(
    server.http,
    {
      indexUrls: change.indexUrls ?? ['https://a.example/simple'],
      findLinks: change.findLinks ?? [],
      credentials: change.credentials ?? (() => undefined),
    },
    { read: async (key) => texts.get(key), write: async (key, text) => void texts.set(key, text) },
    { offline: change.offline ?? false, refresh: change.refresh ?? false, now: () => clock },
  );
}

const x = parsePackageName('x');
const wheel = 'x-1-py3-none-any.whl';

describe('index client', () => {
  test('the first index that knows the project answers; addresses with and without a final slash', async () => {
    const server = serve(({ url }) => (url.startsWith('https://b.example') ? { body: page(wheel) } : undefined));
    const found = await client(server, {
      indexUrls: ['https://a.example/simple', 'https://b.example/simple/', 'https://c.example'],
    }).project(x);
    expect(found).toMatchObject([
      { filename: wheel, index: 'https://b.example/simple/', url: `https://b.example/f/${wheel}` },
    ]);
    expect(server.asked.map(({ url }) => url)).toEqual(['https://a.example/simple/x/', 'https://b.example/simple/x/']);
  });

  test('a page is asked for again only when it is old, and then by its validator', async () => {
    let body = page(wheel);
    const server = serve(({ headers }) =>
      headers?.['if-none-match'] === '"1"'
        ? { status: 304 }
        : { body, headers: { etag: '"1"', 'cache-control': 'max-age=60' } },
    );
    await client(server).project(x);
    await client(server, { fresh: false }).project(x);
    expect(server.asked).toHaveLength(1);
    clock = new Date(clock.getTime() + 61_000);
    body = 'never read';
    expect(await client(server, { fresh: false }).project(x)).toHaveLength(1);
    expect(server.asked).toHaveLength(2);
    await client(server, { fresh: false, refresh: true }).project(x);
    expect(server.asked).toHaveLength(3);
  });

  test('offline: what was seen before, however old, else an error that says so', async () => {
    const server = serve(() => ({ body: page(wheel), headers: { 'cache-control': 'max-age=0' } }));
    await client(server).project(x);
    clock = new Date(clock.getTime() + 1e12);
    expect(await client(server, { fresh: false, offline: true }).project(x)).toHaveLength(1);
    await expect(client(server, { fresh: false, offline: true }).project(parsePackageName('y'))).rejects.toMatchObject({
      code: 'OFFLINE_MISSING',
    });
    expect(server.asked).toHaveLength(1);
  });

  test.each([
    [401, 'INDEX_UNAUTHORIZED', false],
    [403, 'INDEX_UNAUTHORIZED', false],
    [500, 'INDEX_UNREACHABLE', true],
    [429, 'INDEX_UNREACHABLE', true],
    [418, 'INDEX_UNREACHABLE', false],
    [404, 'PROJECT_NOT_FOUND', false],
  ])('status %s: %s, and no other index is asked behind a refusal', async (status, code, transient) => {
    const server = serve(() => ({ status }));
    const asking = client(server, { indexUrls: ['https://a.example/simple', 'https://b.example/simple'] });
    await expect(asking.project(x)).rejects.toMatchObject({ code, transient });
    expect(server.asked).toHaveLength(status === 404 ? 2 : 1);
  });

  test('no answer is transient; an unreadable page is not', async () => {
    const dead: Server = {
      asked: [],
      http: {
        request: async () =>
          Promise.reject(new TareError({ code: 'HTTP_FAILED', message: 'refused', transient: true })),
      },
    };
    await expect(client(dead).project(x)).rejects.toMatchObject({ code: 'INDEX_UNREACHABLE', transient: true });
    await expect(client(serve(() => ({ body: '<html>' }))).project(x)).rejects.toMatchObject({
      code: 'INDEX_PAGE_INVALID',
      transient: false,
    });
  });

  test('credentials are sent, and get into no cache key, address, or message', async () => {
    const server = serve(({ url }) => (url.includes('/x/') ? { body: page(wheel) } : { status: 401 }));
    const secret = client(server, { indexUrls: ['https://me:s3cret@a.example/simple'] });
    const [file] = await secret.project(x);
    expect(server.asked[0]).toMatchObject({
      url: 'https://a.example/simple/x/',
      headers: { authorization: `Basic ${Buffer.from('me:s3cret').toString('base64')}` },
    });
    expect(JSON.stringify([...texts, file])).not.toContain('s3cret');
    await expect(secret.project(parsePackageName('y'))).rejects.toSatisfy(
      (error) => !JSON.stringify({ ...(error as TareError) }).includes('s3cret'),
    );
  });

  test('metadata is checked, kept, and absent where it is not served', async () => {
    const metadata = 'Metadata-Version: 2.1\nName: x\n';
    const promised = (text: string) =>
      JSON.stringify({
        meta: { 'api-version': '1.0' },
        files: [{ filename: wheel, url: wheel, hashes: {}, 'core-metadata': { sha256: sha256(text).slice(7) } }],
      });
    const server = serve(({ url }) => (url.endsWith('.metadata') ? { body: metadata } : { body: promised(metadata) }));
    const good = client(server);
    const [file] = await good.project(x);
    if (file === undefined) throw new Error('no file');
    expect(await good.metadata(file)).toBe(metadata);
    expect(await good.metadata(file)).toBe(metadata);
    expect(server.asked.filter(({ url }) => url.endsWith('.metadata'))).toHaveLength(1);
    expect(await good.metadata({ ...file, metadata: false })).toBeUndefined();
    const liar = client(serve(() => ({ body: 'other' })));
    await expect(liar.metadata(file)).rejects.toMatchObject({ code: 'METADATA_HASH_MISMATCH' });
    expect(await client(serve(() => undefined)).metadata(file)).toBeUndefined();
  });

  describe('find-links', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tare-links-'));
      await writeFile(join(folder, wheel), 'wheel');
      await writeFile(join(folder, 'x-0.9.tar.gz'), 'source');
      await writeFile(join(folder, 'other-1-py3-none-any.whl'), '');
      await writeFile(join(folder, 'notes.txt'), '');
    });
    afterAll(async () => rm(folder, { recursive: true }));

    test('a folder counts beside the index, with the hash of its files; a page of links too', async () => {
      const links = '<a href="x-3-py3-none-any.whl"></a><a href="other-1-py3-none-any.whl"></a>';
      const server = serve(({ url }) =>
        url === 'https://links.example/'
          ? { body: links, headers: { 'content-type': 'text/html' } }
          : { body: page(wheel, 'x-2-py3-none-any.whl') },
      );
      const both = client(server, { findLinks: [folder, 'https://links.example/'] });
      const found = await both.project(x);
      expect(found.map(({ filename }) => filename)).toEqual([
        'x-0.9.tar.gz',
        wheel,
        'x-3-py3-none-any.whl',
        'x-2-py3-none-any.whl',
      ]);
      const local = found.find(({ filename }) => filename === wheel);
      expect(local).toMatchObject({ localPath: join(folder, wheel), size: 5 });
      if (local !== undefined) expect(await both.sha256(local)).toBe(sha256('wheel'));
    });

    test('alone it is enough; a folder that is not there has nothing', async () => {
      const none = serve(() => undefined);
      expect(await client(none, { findLinks: [folder], indexUrls: [] }).project(x)).toHaveLength(2);
      const gone = client(none, { findLinks: [join(folder, 'gone')] }).project(x);
      await expect(gone).rejects.toMatchObject({
        code: 'PROJECT_NOT_FOUND',
        where: expect.stringContaining('a.example'),
      });
    });
  });
});
