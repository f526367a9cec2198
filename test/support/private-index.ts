import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer, request } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { mustRun } from './command.ts';
import { makeTemporaryDir } from './paths.ts';
import { type IndexFile, startSimpleIndex } from './simple-index.ts';

export interface PrivateIndex {
  /** `https://index.example/simple/`, which only the proxy leads to. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Of a proxy that answers for `index.example` with a certificate of its own authority, and lets all else through. */
  readonly proxy: string;
  /** A file with the machine's authorities and the proxy's. */
  readonly bundle: string;
  /** The proxy's authority, PEM. */
  readonly authority: string;
  readonly stop: () => Promise<void>;
}

const host = 'index.example';
const user = 'jo';
const password = 'Hush-hush-4711';

/** A package index that wants a password, behind a proxy that opens TLS, as companies have them. */
export async function startPrivateIndex(files: readonly IndexFile[]): Promise<PrivateIndex> {
  const dir = await makeTemporaryDir('private-index');
  const index = await startSimpleIndex(files);
  const keys = await makeCertificates(dir);
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const guarded = createServer({ key: keys.key, cert: keys.certificate }, (incoming, response) => {
    if (incoming.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="index"' }).end();
      return;
    }
    const { url = '/', method = 'GET', headers } = incoming;
    const passed = request(
      new URL(url, index.url),
      { method, headers: { accept: headers.accept ?? '*/*' } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    passed.on('error', () => response.destroy());
    passed.end();
  });
  const proxy = createPlainServer((_incoming, response) => response.writeHead(403).end());
  proxy.on('connect', (incoming, socket) => {
    const [name = '', port = '443'] = (incoming.url ?? '').split(':');
    const place = name === host ? { host: '127.0.0.1', port: portOf(guarded) } : { host: name, port: Number(port) };
    const upstream = connect(place, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const one of [upstream, socket]) one.on('error', () => one.destroy());
  });
  for (const server of [guarded, proxy]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  return {
    url: `https://${host}/simple/`,
    user,
    password,
    proxy: `http://127.0.0.1:${portOf(proxy)}`,
    bundle: keys.bundle,
    authority: keys.authority,
    stop: async () => {
      for (const server of [guarded, proxy]) {
        server.closeAllConnections();
        server.close();
      }
      await index.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function portOf(server: { readonly address: () => AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function makeCertificates(dir: string) {
  const at = (name: string): string => join(dir, name);
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', at('ca.key')];
  await mustRun('openssl', [
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=Proxy authority',
    '-out',
    at('ca.crt'),
  ]);
  await writeFile(at('server.ext'), `subjectAltName=DNS:${host}`);
  const own = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${host}`, '-keyout', at('server.key')];
  await mustRun('openssl', [...own, '-out', at('server.csr')]);
  const sign = ['x509', '-req', '-days', '2', '-in', at('server.csr'), '-extfile', at('server.ext')];
  const by = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-out', at('server.crt')];
  await mustRun('openssl', [...sign, ...by]);
  const authority = await readFile(at('ca.crt'), 'utf8');
  const machine = await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => '');
  await writeFile(at('bundle.pem'), `${machine}\n${authority}`);
  return {
    authority,
    bundle: at('bundle.pem'),
    key: await readFile(at('server.key')),
    certificate: await readFile(at('server.crt')),
  };
}
