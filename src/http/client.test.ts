import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpClient } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { createHttpClient } from './client.ts';
import { readBytes, readText } from './read-text.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

function client(env: Readonly<Record<string, string>> = {}, signal?: AbortSignal): HttpClient {
  return createHttpClient({
    env,
    userAgent: 'tare/test',
    retry: { attempts: 3, pauseMs: 1, longestPauseMs: 2000 },
    ...(signal === undefined ? {} : { signal }),
  });
}

describe('requests', () => {
  test('user information of the address becomes basic authorization', async () => {
    let seen: IncomingMessage | undefined;
    const origin = await serve((request, response) => {
      seen = request;
      response.end('ok');
    });
    const response = await client().request({ url: `${origin.replace('://', '://jo%40x:p%3Aw@')}/a?b=c#d` });
    expect(await readText(response, 100)).toBe('ok');
    expect(seen?.url).toBe('/a?b=c');
    expect(seen?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('jo@x:p:w').toString('base64')}`,
      'user-agent': 'tare/test',
      'accept-encoding': 'identity',
    });
    expect(response.url).toBe(`${origin}/a?b=c`);
  });

  test('a status is no error', async () => {
    const origin = await serve((_request, response) => response.writeHead(404).end('nothing here'));
    const response = await client().request({ url: origin });
    expect([response.status, await readText(response, 100)]).toEqual([404, 'nothing here']);
  });

  test('a refused connection is a transient error without the secrets of the address', async () => {
    const failure = client().request({ url: 'http://jo:secret@127.0.0.1:1/x?token=abc' });
    await expect(failure).rejects.toMatchObject({
      code: 'HTTP_FAILED',
      transient: true,
      message: 'GET http://127.0.0.1:1/x?token=… failed: the connection was refused',
    });
  });

  test.each(['ftp://a.example/x', 'not an address', '/etc/passwd'])('%s is refused', async (url) => {
    await expect(client().request({ url })).rejects.toMatchObject({ code: 'URL_UNSUPPORTED' });
  });

  test('a body cut on the way is a transient error', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    const response = await client().request({ url: origin });
    await expect(readBytes(response, 1000)).rejects.toMatchObject({ code: 'HTTP_FAILED', transient: true });
  });

  test('an abort ends a request that waits, with its own reason', async () => {
    const origin = await serve(() => undefined);
    const controller = new AbortController();
    const pending = client({}, controller.signal).request({ url: origin });
    setTimeout(() => controller.abort(new Error('stopped by the user')), 20);
    await expect(pending).rejects.toThrow('stopped by the user');
  });
});

describe('retries', () => {
  test('a 503 and a cut connection are tried again, and Retry-After is kept', async () => {
    const times: number[] = [];
    const origin = await serve((request, response) => {
      times.push(performance.now());
      if (times.length === 1) response.writeHead(503, { 'retry-after': '1' }).end('busy');
      else if (times.length === 2) request.socket.destroy();
      else response.end('done');
    });
    const response = await client().request({ url: origin });
    expect(await readText(response, 100)).toBe('done');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('what has side effects is sent once, unless the server did not look at it', async () => {
    const methods: string[] = [];
    const origin = await serve((request, response) => {
      methods.push(`${request.method} ${request.url}`);
      response.writeHead(request.url === '/busy' ? 429 : 503).end();
    });
    await client().request({ url: `${origin}/broken`, method: 'POST', body: 'x' });
    await client().request({ url: `${origin}/busy`, method: 'POST', body: 'x' });
    expect(methods).toEqual(['POST /broken', 'POST /busy', 'POST /busy', 'POST /busy']);
  });

  test('a server that asks for a long pause gets its answer passed on', async () => {
    let count = 0;
    const origin = await serve((_request, response) => {
      count += 1;
      response.writeHead(429, { 'retry-after': '3600' }).end();
    });
    expect((await client().request({ url: origin })).status).toBe(429);
    expect(count).toBe(1);
  });
});

describe('redirects', () => {
  test('credentials stay at their origin, harmless headers go along', async () => {
    let seen: IncomingMessage | undefined;
    const other = await serve((request, response) => {
      seen = request;
      response.end('there');
    });
    const origin = await serve((request, response) => {
      response.writeHead(302, { location: request.url === '/a' ? '/b' : `${other}/c` }).end();
    });
    const response = await client().request({
      url: `${origin}/a`,
      headers: { authorization: 'Bearer secret', cookie: 'a=b', 'private-token': 'x', range: 'bytes=1-' },
    });
    expect(await readText(response, 100)).toBe('there');
    expect(response.url).toBe(`${other}/c`);
    expect(seen?.headers['range']).toBe('bytes=1-');
    for (const name of ['authorization', 'cookie', 'private-token']) expect(seen?.headers[name]).toBeUndefined();
  });

  test('credentials go along within the origin', async () => {
    const seen: unknown[] = [];
    const origin = await serve((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/a') response.writeHead(307, { location: 'b' }).end();
      else response.end();
    });
    await client().request({ url: `${origin}/a`, headers: { Authorization: 'Bearer secret' } });
    expect(seen).toEqual(['Bearer secret', 'Bearer secret']);
  });

  test('a loop ends, and is not gone through again', async () => {
    let count = 0;
    const origin = await serve((_request, response) => {
      count += 1;
      response.writeHead(301, { location: '/' }).end();
    });
    await expect(client().request({ url: origin })).rejects.toMatchObject({ code: 'HTTP_REDIRECT_REFUSED' });
    expect(count).toBe(11);
  });
});

describe('text', () => {
  test('content encoding is undone, within the limit', async () => {
    const origin = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('a'.repeat(10_000)));
    });
    expect(await readText(await client().request({ url: origin }), 10_000)).toBe('a'.repeat(10_000));
    await expect(readText(await client().request({ url: origin }), 9_999)).rejects.toMatchObject({
      code: 'HTTP_TOO_LARGE',
    });
  });

  test('a body that does not end is cut off at the limit', async () => {
    const origin = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(1000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    await expect(readText(await client().request({ url: origin }), 5000)).rejects.toMatchObject({
      code: 'HTTP_TOO_LARGE',
    });
  });

  test('a damaged encoding is an error of the family', async () => {
    const origin = await serve((_request, response) => response.setHeader('content-encoding', 'br').end('no brotli'));
    await expect(readText(await client().request({ url: origin }), 100)).rejects.toMatchObject({
      code: 'HTTP_UNREADABLE',
    });
  });
});

describe('proxies', () => {
  test('a plain request goes to the proxy as a whole address, with its credentials', async () => {
    let seen: IncomingMessage | undefined;
    const proxy = await serve((request, response) => {
      seen = request;
      response.end('by proxy');
    });
    const http = client({ HTTP_PROXY: proxy.replace('://', '://jo:pw@') });
    expect(await readText(await http.request({ url: 'http://index.example/simple/' }), 100)).toBe('by proxy');
    expect(seen?.url).toBe('http://index.example/simple/');
    expect(seen?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('jo:pw').toString('base64')}`);
    expect(seen?.headers.host).toBe('index.example');
  });

  test('a request over TLS goes through a tunnel', async () => {
    const origin = await serve((_request, response) => response.end('not TLS'));
    const targets: (string | undefined)[] = [];
    const proxy = await serve((_request, response) => response.writeHead(400).end());
    servers.at(-1)?.on('connect', (request, socket) => {
      targets.push(request.url);
      const upstream = connect(Number(new URL(origin).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const one of [upstream, socket]) one.on('error', () => undefined);
    });
    const failure = client({ https_proxy: proxy }).request({ url: 'https://index.example/' });
    await expect(failure).rejects.toMatchObject({ code: 'HTTP_FAILED' });
    expect(targets[0]).toBe('index.example:443');
  });

  test('a proxy that refuses the tunnel is named as the cause', async () => {
    const proxy = await serve((_request, response) => response.end());
    servers.at(-1)?.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    const failure = client({ HTTPS_PROXY: proxy }).request({ url: 'https://index.example/' });
    await expect(failure).rejects.toMatchObject({
      message: expect.stringContaining('proxy'),
      hint: expect.stringContaining('NO_PROXY'),
    });
  });
});

describe('bodies that are streams', () => {
  const bodyOf = async (request: IncomingMessage): Promise<string> => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    return text;
  };
  const stream = (parts: readonly string[], size: number) => {
    let opened = 0;
    return {
      size,
      opened: () => opened,
      open: async function* () {
        opened++;
        for (const part of parts) yield Buffer.from(part);
      },
    };
  };

  test('have their length, and are read anew where the request is sent again', async () => {
    const seen: string[] = [];
    const origin = await serve(async (request, response) => {
      seen.push(`${request.headers['content-length']} ${await bodyOf(request)}`);
      response.writeHead(seen.length === 1 ? 503 : 201).end();
    });
    const body = stream(['one ', 'two'], 7);
    const response = await client().request({ url: origin, method: 'PUT', body, isRepeatable: true });
    expect(response.status).toBe(201);
    expect(seen).toEqual(['7 one two', '7 one two']);
    expect(body.opened()).toBe(2);
  });

  test('are not sent again where that could do it twice', async () => {
    let count = 0;
    const origin = await serve(async (request, response) => {
      await bodyOf(request);
      count++;
      response.writeHead(503).end();
    });
    expect((await client().request({ url: origin, method: 'PATCH', body: stream(['x'], 1) })).status).toBe(503);
    expect(count).toBe(1);
  });

  test('that break are the error of their source', async () => {
    const origin = await serve(async (request, response) => {
      await bodyOf(request).catch(() => '');
      response.end();
    });
    const body = {
      size: 100,
      open: async function* () {
        yield Buffer.from('x');
        throw new TareError({ code: 'BLOB_MISSING', message: 'the disk is gone' });
      },
    };
    await expect(client().request({ url: origin, method: 'PUT', body })).rejects.toMatchObject({
      code: 'BLOB_MISSING',
    });
  });
});
