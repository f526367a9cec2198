import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { authority } from '../../test/support/certificates.ts';
import { makeTemporaryDir } from '../../test/support/paths.ts';
import { certificateFolders, readCertificateFolders } from './certificate-folder.ts';

let home: string;
let folder: string;
beforeEach(async () => {
  home = await makeTemporaryDir('certs');
  [folder = ''] = certificateFolders({ home, env: {} }, 'registry.example:5000');
  await mkdir(folder, { recursive: true });
});
afterEach(() => rm(home, { recursive: true, force: true }));

const key = '-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n';

test('authorities and the certificate of this side', async () => {
  await writeFile(join(folder, 'ca.crt'), authority);
  await writeFile(join(folder, 'client.cert'), authority);
  await writeFile(join(folder, 'client.key'), key);
  await writeFile(join(folder, 'README'), 'nothing');
  expect(await readCertificateFolders([join(home, 'none'), folder])).toEqual({
    authorities: [authority],
    client: { certificate: authority, key },
  });
});

test('the folder of another port is another registry', async () => {
  await writeFile(join(folder, 'ca.crt'), authority);
  expect(await readCertificateFolders(certificateFolders({ home, env: {} }, 'registry.example'))).toEqual({});
});

test.each([
  ['an authority that is none', { 'ca.crt': 'hello' }],
  ['a certificate without its key', { 'client.cert': authority }],
  ['a key that is none', { 'client.cert': authority, 'client.key': authority }],
])('%s is an error', async (_name, files) => {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await expect(readCertificateFolders([folder])).rejects.toMatchObject({ code: 'REGISTRY_CERTIFICATE_INVALID' });
});
