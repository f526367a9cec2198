import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTrustedCertificates } from './certificates.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-trust-'));
});

afterEach(() => rm(folder, { recursive: true }));

const own = '-----BEGIN CERTIFICATE-----\nb3du\n-----END CERTIFICATE-----\n';
const second = own.replace('b3du', 'c2Vjb25k');

async function place(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

test("without anything named, Node's defaults stay as they are", async () => {
  expect(await readTrustedCertificates({})).toEqual({ certificates: undefined, problems: [] });
});

test.each(['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'])(
  "the file in %s is trusted besides Node's roots",
  async (variable) => {
    const file = await place('bundle.pem', `# a comment\r\n${own.replaceAll('\n', '\r\n')}rubbish\n${second}`);
    const { certificates, problems } = await readTrustedCertificates({ [variable]: file });
    expect(certificates).toEqual(expect.arrayContaining([own, second]));
    expect(certificates).toHaveLength(rootCertificates.length + 2);
    expect(problems).toEqual([]);
  },
);

test('a folder gives the files that OpenSSL would look at, each certificate once', async () => {
  await place('certs/01234567.0', own);
  await place('certs/89abcdef.0', own);
  await place('certs/readme.pem', second);
  const folderOnly = await readTrustedCertificates({ SSL_CERT_DIR: join(folder, 'certs') });
  expect(folderOnly.certificates).toHaveLength(rootCertificates.length + 1);
  const bundle = await readTrustedCertificates({ REQUESTS_CA_BUNDLE: join(folder, 'certs') });
  expect(bundle.certificates).toContain(own);
});

test('what is named but cannot be used is said, with the name of the variable', async () => {
  const empty = await place('empty.pem', 'nothing');
  const { problems } = await readTrustedCertificates({ PIP_CERT: join(folder, 'absent.pem'), SSL_CERT_FILE: empty });
  expect(problems).toEqual([
    `\`SSL_CERT_FILE\` names \`${empty}\`, which holds no certificate in PEM form`,
    `\`PIP_CERT\` names \`${join(folder, 'absent.pem')}\`, which cannot be read (ENOENT)`,
  ]);
});
