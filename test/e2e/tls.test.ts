import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer, type Server as PlainServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpClient } from '../../src/http/client.ts';
import { readText } from '../../src/http/read-text.ts';
import { mustRun } from '../support/command.ts';
import { makeTemporaryDir } from '../support/paths.ts';

let dir: string;
let authority: string;
let server: Server;
let otherHost: Server;
let plain: PlainServer;

const portOf = (one: Server | PlainServer): number => (one.address() as AddressInfo).port;
const addressOf = (one: Server): string => `https://127.0.0.1:${portOf(one)}`;

/** A private authority, as a company proxy has one, and a server that it vouches for. */
async function startServer(name: string, subject: string): Promise<Server> {
  const at = (ending: string): string => join(dir, `${name}.${ending}`);
  await writeFile(at('ext'), `subjectAltName=${subject}`);
  const request = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`];
  await mustRun('openssl', [...request, '-keyout', at('key'), '-out', at('csr')]);
  const sign = ['x509', '-req', '-days', '2', '-in', at('csr'), '-extfile', at('ext'), '-out', at('crt')];
  await mustRun('openssl', [...sign, '-CA', authority, '-CAkey', join(dir, 'ca.key'), '-CAcreateserial']);
  const keys = { key: await readFile(at('key')), cert: await readFile(at('crt')) };
  const made = createServer(keys, (incoming, response) => {
    if (incoming.url === '/down') response.writeHead(302, { location: `http://127.0.0.1:${portOf(plain)}/` }).end();
    else response.end('secret');
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return made;
}

beforeAll(async () => {
  dir = await makeTemporaryDir('tls');
  authority = join(dir, 'ca.pem');
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(dir, 'ca.key')];
  await mustRun('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=Test authority', '-out', authority]);
  plain = createPlainServer((_incoming, response) => response.end('plain'));
  plain.on('connect', (incoming, socket) => {
    const upstream = connect(Number(incoming.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const one of [upstream, socket]) one.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  server = await startServer('server', 'IP:127.0.0.1,DNS:index.example');
  otherHost = await startServer('other', 'DNS:other.example');
});

afterAll(async () => {
  for (const one of [server, otherHost, plain]) {
    one.closeAllConnections();
    one.close();
  }
  await rm(dir, { recursive: true, force: true });
});

function get(url: string, env: Readonly<Record<string, string>> = {}) {
  return createHttpClient({ env, userAgent: 'tare/test' }).request({ url });
}

describe('a server of a private authority', () => {
  test('is not trusted, and the hint names the variables that help', async () => {
    await expect(get(addressOf(server))).rejects.toMatchObject({
      code: 'HTTP_FAILED',
      transient: false,
      message: expect.stringContaining('certificate is not trusted'),
      hint: expect.stringMatching(/SSL_CERT_FILE.*PIP_CERT/),
    });
  });

  test.each(['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'])(
    'is trusted with %s',
    async (variable) => {
      expect(await readText(await get(addressOf(server), { [variable]: authority }), 100)).toBe('secret');
    },
  );

  test('is trusted with SSL_CERT_DIR, prepared as OpenSSL wants it', async () => {
    await mustRun('openssl', ['rehash', dir]);
    expect(await readText(await get(addressOf(server), { SSL_CERT_DIR: dir }), 100)).toBe('secret');
  });

  test('is trusted behind a proxy', async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${portOf(plain)}`, SSL_CERT_FILE: authority };
    expect(await readText(await get(`https://index.example:${portOf(server)}/`, env), 100)).toBe('secret');
    await expect(
      get(`https://index.example:${portOf(server)}/`, { HTTPS_PROXY: env.HTTPS_PROXY }),
    ).rejects.toMatchObject({
      hint: expect.stringContaining('SSL_CERT_FILE'),
    });
  });
});

test('a certificate for another host is refused', async () => {
  await expect(get(addressOf(otherHost), { SSL_CERT_FILE: authority })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    transient: false,
    message: expect.stringContaining('certificate is for another host'),
  });
});

test('a server without TLS is named as such', async () => {
  await expect(get(`https://127.0.0.1:${portOf(plain)}/`)).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    transient: false,
    message: expect.stringContaining('does not speak TLS'),
  });
});

test('a redirect from https to http is not followed', async () => {
  await expect(get(`${addressOf(server)}/down`, { SSL_CERT_FILE: authority })).rejects.toMatchObject({
    code: 'HTTP_REDIRECT_REFUSED',
  });
});
