import { createPrivateKey, createSign, randomUUID, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { join } from 'node:path';
import { mustRun } from './command.ts';
import { registryPassword, registryUser } from './registry.ts';

/** Gives tokens for docker-registry (distribution, "Docker Registry v2 authentication via central service"). */
export interface TokenServer {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** A file with the certificate of its key. */
  readonly certificate: string;
  /** Scopes that were asked for, one entry a token. */
  readonly asked: string[][];
  readonly stop: () => Promise<void>;
}

const service = 'registry.example';
const issuer = 'token.example';
const lifeSeconds = 300;

/** Who shows the password may do everything; who shows nothing may pull. With `tls`, over TLS alone. */
export async function startTokenServer(dir: string, tls?: ServerOptions): Promise<TokenServer> {
  const [key, certificate] = [join(dir, 'token.key'), join(dir, 'token.crt')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Token authority'];
  await mustRun('openssl', [...request, '-keyout', key, '-out', certificate]);
  const signer = await readSigner(key, certificate);
  const asked: string[][] = [];
  const listener: RequestListener = (incoming, response) => answer(incoming, response, signer, asked);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    realm: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}/token`,
    service,
    issuer,
    certificate,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Signer = (claims: object) => string;

async function readSigner(keyFile: string, certificateFile: string): Promise<Signer> {
  const key = createPrivateKey(await readFile(keyFile));
  const chain = [new X509Certificate(await readFile(certificateFile)).raw.toString('base64')];
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return (claims) => {
    const text = `${encode({ typ: 'JWT', alg: 'RS256', x5c: chain })}.${encode(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`;
  };
}

function answer(incoming: IncomingMessage, response: ServerResponse, sign: Signer, asked: string[][]): void {
  const scopes = new URL(incoming.url ?? '/', 'http://x').searchParams.getAll('scope');
  const shown = incoming.headers.authorization;
  const right = `Basic ${Buffer.from(`${registryUser}:${registryPassword}`).toString('base64')}`;
  if (shown !== undefined && shown !== right) {
    response.writeHead(401).end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'wrong password' }] }));
    return;
  }
  asked.push(scopes);
  const access = scopes.flatMap((scope) => {
    const [, name, actions] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? [];
    if (name === undefined || actions === undefined) return [];
    const granted = actions.split(',').filter((one) => shown !== undefined || one === 'pull');
    return [{ type: 'repository', name, actions: granted }];
  });
  const now = Math.floor(Date.now() / 1000);
  const token = sign({
    iss: issuer,
    aud: service,
    sub: shown === undefined ? '' : registryUser,
    iat: now,
    nbf: now - 10,
    exp: now + lifeSeconds,
    jti: randomUUID(),
    access,
  });
  response.end(JSON.stringify({ token, expires_in: lifeSeconds }));
}
