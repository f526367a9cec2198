import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../base/digest.ts';
import { mediaTypes } from '../oci/descriptor.ts';
import type { ServedImage } from './served-image.ts';
import { type LoopbackRegistry, serveImage } from './serve.ts';

const blobBytes = Buffer.from('0123456789'.repeat(100_000));
const blob = sha256(blobBytes);
const manifestBytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest }));
const manifest = sha256(manifestBytes);
const broken = sha256('broken');
const absent = sha256('absent');

const image: ServedImage = {
  repository: 'team/app',
  tags: new Map(['latest', '1.0', 'b', 'a'].map((tag) => [tag, manifest])),
  manifests: new Map([[manifest, { mediaType: mediaTypes.manifest, bytes: manifestBytes }]]),
  blobs: new Map([
    [
      blob,
      {
        size: blobBytes.length,
        open: async function* open(start: number, end: number) {
          for (let at = start; at < end; at += 65_536) yield blobBytes.subarray(at, Math.min(end, at + 65_536));
        },
      },
    ],
    [
      broken,
      {
        size: 1000,
        open: async function* open() {
          yield Buffer.alloc(10);
          throw new Error('the disk is gone');
        },
      },
    ],
  ]),
};

let registry: LoopbackRegistry;
let controller: AbortController;

beforeEach(async () => {
  controller = new AbortController();
  registry = await serveImage(image, { signal: controller.signal });
});
afterEach(() => registry.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** As it is written: `fetch` would tidy the path. */
async function ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const [hostname, port] = registry.host.split(':');
  const outgoing = request({ hostname, port, path, method, headers, agent: false });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Status and code of a refusal. */
async function refusal(path: string, method?: string, headers?: Record<string, string>): Promise<string> {
  const { status, body } = await ask(path, method, headers);
  return `${status} ${JSON.parse(body.toString('utf8')).errors[0].code}`;
}

describe('what is there', () => {
  test('the base says which interface it has', async () => {
    const { status, headers } = await ask('/v2/');
    expect(status).toBe(200);
    expect(headers['docker-distribution-api-version']).toBe('registry/2.0');
  });

  test.each(['latest', '1.0', manifest])('the manifest by %s, byte for byte', async (reference) => {
    const { status, headers, body } = await ask(`/v2/team/app/manifests/${reference}`);
    expect(status).toBe(200);
    expect(body).toEqual(manifestBytes);
    expect(headers).toMatchObject({
      'content-type': mediaTypes.manifest,
      'content-length': String(manifestBytes.length),
      'docker-content-digest': manifest,
    });
  });

  test('a blob, whole and in parts', async () => {
    const whole = await ask(`/v2/team/app/blobs/${blob}`);
    expect(whole.status).toBe(200);
    expect(whole.body.equals(blobBytes)).toBe(true);
    expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', 'docker-content-digest': blob });
    const part = await ask(`/v2/team/app/blobs/${blob}`, 'GET', { range: 'bytes=5-14' });
    expect(part.status).toBe(206);
    expect(part.body.toString()).toBe('5678901234');
    expect(part.headers['content-range']).toBe(`bytes 5-14/${blobBytes.length}`);
    const rest = await ask(`/v2/team/app/blobs/${blob}`, 'GET', { range: 'bytes=-3' });
    expect(rest.body.toString()).toBe('789');
    const changed = await ask(`/v2/team/app/blobs/${blob}`, 'GET', { range: 'bytes=5-14', 'if-range': '"other"' });
    expect(changed.status).toBe(200);
    const beyond = await ask(`/v2/team/app/blobs/${blob}`, 'GET', { range: `bytes=${blobBytes.length}-` });
    expect(beyond.status).toBe(416);
    expect(beyond.headers['content-range']).toBe(`bytes */${blobBytes.length}`);
  });

  test('HEAD has the headers of GET and no body', async () => {
    for (const path of [`/v2/team/app/blobs/${blob}`, '/v2/team/app/manifests/1.0', '/v2/', '/v2/team/app/tags/list']) {
      const [head, get] = [await ask(path, 'HEAD'), await ask(path)];
      expect(head.status).toBe(200);
      expect(head.body.length).toBe(0);
      expect(head.headers['content-length']).toBe(String(get.body.length));
    }
  });

  test('tags in order, a page at a time', async () => {
    const list = async (query: string) => {
      const { headers, body } = await ask(`/v2/team/app/tags/list${query}`);
      return { link: headers['link'], ...JSON.parse(body.toString('utf8')) };
    };
    expect(await list('')).toEqual({ name: 'team/app', tags: ['1.0', 'a', 'b', 'latest'] });
    const next = '</v2/team/app/tags/list?n=2&last=a>; rel="next"';
    expect(await list('?n=2')).toEqual({ link: next, name: 'team/app', tags: ['1.0', 'a'] });
    expect(await list('?n=2&last=a')).toEqual({ name: 'team/app', tags: ['b', 'latest'] });
    expect(await list('?last=zzz')).toEqual({ name: 'team/app', tags: [] });
    expect(await list('?n=0')).toEqual({ name: 'team/app', tags: [] });
  });

  test('no referrers, as an index', async () => {
    const { status, headers, body } = await ask(`/v2/team/app/referrers/${manifest}?artifactType=x/y`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': mediaTypes.index, 'oci-filters-applied': 'artifactType' });
    expect(JSON.parse(body.toString('utf8'))).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [],
    });
  });
});

describe('what is not there', () => {
  test.each([
    ['/v2/team/app/manifests/2.0', '404 MANIFEST_UNKNOWN'],
    [`/v2/team/app/manifests/${absent}`, '404 MANIFEST_UNKNOWN'],
    ['/v2/team/app/manifests/sha256:short', '404 MANIFEST_UNKNOWN'],
    ['/v2/team/app/manifests/__proto__', '404 MANIFEST_UNKNOWN'],
    [`/v2/team/app/blobs/${absent}`, '404 BLOB_UNKNOWN'],
    [`/v2/team/app/blobs/${manifest}`, '404 BLOB_UNKNOWN'],
    [`/v2/team/app/blobs/sha512:${'a'.repeat(128)}`, '404 BLOB_UNKNOWN'],
    ['/v2/team/app/blobs/passwd', '400 DIGEST_INVALID'],
    ['/v2/team/app/referrers/passwd', '400 DIGEST_INVALID'],
    ['/v2/team/app/tags/list?n=-1', '400 UNSUPPORTED'],
    ['/v2/other/manifests/1.0', '404 NAME_UNKNOWN'],
    ['/v2/other/tags/list', '404 NAME_UNKNOWN'],
    [`/v2/team/app/blobs/../../../../etc/passwd`, '404 NAME_UNKNOWN'],
    ['/v2/team/app/blobs/..%2f..%2f..%2fetc%2fpasswd', '404 NAME_UNKNOWN'],
    ['/etc/passwd', '404 NAME_UNKNOWN'],
    ['/v2/_catalog', '404 NAME_UNKNOWN'],
    ['/v2/team/app/blobs/uploads/', '405 UNSUPPORTED'],
  ])('%s', async (path, expected) => {
    expect(await refusal(path)).toBe(expected);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is refused wherever it goes', async (method) => {
    for (const path of ['/v2/team/app/blobs/uploads/', `/v2/team/app/manifests/1.0`, `/v2/team/app/blobs/${blob}`]) {
      expect(await refusal(path, method)).toBe('405 UNSUPPORTED');
      expect((await ask(path, method)).headers['allow']).toBe('GET, HEAD');
    }
  });
});

describe('hostile requests', () => {
  test.each(['registry.example', '127.0.0.1.registry.example', 'localhost.example:80', '10.0.0.1', '[::2]:80'])(
    'under another name of the host: %j',
    async (host) => {
      expect(await refusal('/v2/', 'GET', { host })).toBe('403 DENIED');
    },
  );

  test.each(['localhost', 'localhost:5000', '127.0.0.1', '127.1.2.3:80', '[::1]:80'])(
    '%s is this machine',
    async (host) => {
      expect((await ask('/v2/', 'GET', { host })).status).toBe(200);
    },
  );

  test('large headers and what is no HTTP end the connection, and nothing else', async () => {
    expect((await ask('/v2/', 'GET', { 'x-large': 'a'.repeat(100_000) })).status).toBe(431);
    for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'GET\r\n\r\n', '\0\0\0\0']) {
      const [host, port] = registry.host.split(':');
      const socket = connect(Number(port), host);
      socket.write(bytes, 'latin1');
      socket.resume();
      socket.on('error', () => undefined);
      socket.end();
      await once(socket, 'close');
    }
    expect((await ask('/v2/')).status).toBe(200);
  });

  test('a body that breaks off is cut, never made up for', async () => {
    await expect(ask(`/v2/team/app/blobs/${broken}`)).rejects.toThrow(/aborted|hang up|reset/i);
    expect((await ask('/v2/')).status).toBe(200);
  });
});

test('it counts what went out by blob', async () => {
  await ask(`/v2/team/app/blobs/${blob}`, 'HEAD');
  await ask('/v2/team/app/manifests/1.0');
  expect(registry.sent()).toEqual(new Map());
  await ask(`/v2/team/app/blobs/${blob}`, 'GET', { range: 'bytes=0-9' });
  await ask(`/v2/team/app/blobs/${blob}`, 'GET', { range: 'bytes=10-19' });
  expect(registry.sent()).toEqual(new Map([[blob, 20]]));
});

test('it ends in the middle of a body when its command is interrupted', async () => {
  const slow: ServedImage = {
    ...image,
    blobs: new Map([
      [
        blob,
        {
          size: 1_000_000,
          open: async function* open() {
            yield Buffer.alloc(1000);
            await new Promise(() => undefined);
          },
        },
      ],
    ]),
  };
  await registry.close();
  registry = await serveImage(slow, { signal: controller.signal });
  const asking = ask(`/v2/team/app/blobs/${blob}`);
  await registry.asked;
  controller.abort();
  await expect(asking).rejects.toThrow();
  await registry.close();
  await expect(ask('/v2/')).rejects.toThrow(/ECONNREFUSED/);
});

test('an interrupted command opens no port', async () => {
  controller.abort(new Error('interrupted'));
  await expect(serveImage(image, { signal: controller.signal })).rejects.toThrow('interrupted');
});
