import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultyRegistry, startFaultyRegistry } from '../../test/support/faulty-registry.ts';
import { makeTemporaryDir } from '../../test/support/paths.ts';
import { mustRun } from '../../test/support/command.ts';
import { makeContext } from '../../test/support/registry-scene.ts';
import { openSession } from './session.ts';
import { resolveEndpoint } from './transport.ts';

let dir: string;
let registry: FaultyRegistry;
const at = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = await makeTemporaryDir('connection');
  const authority = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Authority'];
  await mustRun('openssl', [...authority, '-keyout', at('ca.key'), '-out', at('ca.crt')]);
  for (const name of ['server', 'client']) {
    await writeFile(at('ext'), 'subjectAltName=IP:127.0.0.1');
    const request = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`];
    await mustRun('openssl', [...request, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]);
    const sign = ['x509', '-req', '-days', '2', '-in', at(`${name}.csr`), '-extfile', at('ext'), '-CA', at('ca.crt')];
    await mustRun('openssl', [...sign, '-CAkey', at('ca.key'), '-CAcreateserial', '-out', at(`${name}.cert`)]);
  }
  const [key, cert, ca] = await Promise.all(['server.key', 'server.cert', 'ca.crt'].map((name) => readFile(at(name))));
  registry = await startFaultyRegistry({ key, cert, ca, requestCert: true, rejectUnauthorized: false });
  registry.fault = (request, response) => {
    if ((request.socket as TLSSocket).authorized) return false;
    response.writeHead(403).end();
    return true;
  };
  const folder = join(dir, 'home', '.config', 'containers', 'certs.d', registry.host);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'ca.crt'), ca ?? '');
});
afterAll(async () => {
  await registry.stop();
  await rm(dir, { recursive: true, force: true });
});

async function ask(isInsecure = false): Promise<number> {
  const context = { ...makeContext(dir), home: join(dir, 'home') };
  const session = openSession(context, await resolveEndpoint(context, registry.host, isInsecure));
  return (await session.request({ method: 'GET', url: '/v2/', scopes: [] })).status;
}

test('a registry that wants a certificate gets the one that is kept for it', async () => {
  expect(await ask()).toBe(403);
  const folder = join(dir, 'home', '.config', 'containers', 'certs.d', registry.host);
  await writeFile(join(folder, 'me.cert'), await readFile(at('client.cert')));
  await writeFile(join(folder, 'me.key'), await readFile(at('client.key')));
  expect(await ask()).toBe(200);
});

test('what has TLS is never spoken to without, allowed or not', async () => {
  const before = registry.seen.length;
  await ask(true);
  expect(registry.seen).toHaveLength(before + 1);
});
