import { expect, test } from 'vitest';
import type { HttpResponse } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import type { IndexConfig } from '../../python/index-config.ts';
import { chooseIndex } from './python.ts';

const own: IndexConfig = {
  indexUrl: 'https://index.example/simple/',
  extraIndexUrls: ['https://torch.example/whl/cpu', 'https://company.example/simple/'],
  findLinks: [],
  noIndex: false,
  trustedHosts: [],
  sources: {},
  credentials: () => undefined,
};

const noFile = { extraIndexUrls: [], findLinks: [] };

/** A network on which some addresses answer, with what was warned of. */
function ambient(answering: RegExp, known = new Map<string, boolean>(), offline = false) {
  const warnings: string[] = [];
  const request = async ({ url }: { readonly url: string }): Promise<HttpResponse> => {
    if (url.includes('unreachable')) throw new TareError({ code: 'HTTP_FAILED', message: 'refused', transient: true });
    return { status: answering.test(url) ? 200 : 404, url, header: () => undefined, body: (async function* () {})() };
  };
  const log = { warn: (message: string) => void warnings.push(message), info: () => {}, debug: () => {} };
  const answered = {
    read: async (url: string) => known.get(url),
    write: async (url: string, answers: boolean) => void known.set(url, answers),
  };
  const context = { env: { UV_INDEX_URL: 'x' }, http: { request }, log, offline, answered };
  return { warnings, context: { ...context, signal: new AbortController().signal } };
}

test('the index and the wheels of torch come from the mirror together, other indexes stay', async () => {
  const { context, warnings } = ambient(/aliyun/);
  const { config, isMirrored, env } = await chooseIndex(context, own, noFile, 'aliyun');
  expect(isMirrored).toBe(true);
  expect(config.indexUrl).toMatch(/aliyun.*\/simple\/$/);
  expect(env['UV_DEFAULT_INDEX']).toBe(config.indexUrl);
  expect(env['UV_INDEX_URL']).toBeUndefined();
  expect(config.extraIndexUrls).toEqual(['https://company.example/simple/']);
  expect(config.findLinks).toEqual([expect.stringMatching(/aliyun.*\/cpu\/$/)]);
  expect(warnings).toEqual([]);
});

test('so do the wheels of torch that a requirements file names; its own index stays', async () => {
  const bare = { ...own, extraIndexUrls: [] };
  const file = {
    indexUrl: 'https://own.example/simple/',
    extraIndexUrls: ['https://t.example/whl/cu126'],
    findLinks: [],
  };
  const { config } = await chooseIndex(ambient(/aliyun/).context, bare, file, 'aliyun');
  expect(config.indexUrl).toBe('https://own.example/simple/');
  expect(config.extraIndexUrls).toEqual([]);
  expect(config.findLinks).toEqual([expect.stringMatching(/aliyun.*\/cu126\/$/)]);
});

test('a mirror without wheels of torch leaves its index as it is', async () => {
  const { config } = await chooseIndex(ambient(/./).context, own, noFile, 'ustc');
  expect(config.extraIndexUrls).toEqual(own.extraIndexUrls);
});

test('what the mirror does not give comes from what is configured, with a word', async () => {
  const index = ambient(/nothing/);
  expect(await chooseIndex(index.context, own, noFile, 'aliyun')).toMatchObject({ config: own, isMirrored: false });
  expect(index.warnings).toEqual([expect.stringMatching(/`aliyun` does not give its Python index.*status 404/)]);
  const torch = ambient(/\/pip\/$/);
  const { config, isMirrored } = await chooseIndex(torch.context, own, noFile, 'aliyun');
  expect([isMirrored, config.extraIndexUrls]).toEqual([true, own.extraIndexUrls]);
  expect(torch.warnings).toEqual([expect.stringMatching(/wheels of torch for `cpu`/)]);
});

test('offline it is as it was the last time', async () => {
  for (const answering of [/aliyun/, /nothing/]) {
    const known = new Map<string, boolean>();
    const before = await chooseIndex(ambient(answering, known).context, own, noFile, 'aliyun');
    const { config, isMirrored } = await chooseIndex(ambient(/nothing/, known, true).context, own, noFile, 'aliyun');
    expect({ config, isMirrored }).toEqual({ config: before.config, isMirrored: before.isMirrored });
  }
});
