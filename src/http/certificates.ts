import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { systemErrorCode } from '../base/errors.ts';

/** Variables by which other tools name a file of certificates; all of them are trusted besides Node's own roots. */
const fileVariables = [
  'SSL_CERT_FILE',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
] as const;

const largestBundle = 32 * 1024 * 1024;
const certificatePattern =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END (?:TRUSTED )?CERTIFICATE-----/g;
/** OpenSSL's names in a certificate folder: the hash of the subject and a number. */
const hashedName = /^[0-9a-f]{8}\.\d{1,4}$/;

/** What is trusted, and which of the named files could not be used. */
export interface TrustedCertificates {
  /** PEM. Undefined where Node's defaults say it all. */
  readonly certificates: readonly string[] | undefined;
  /** One sentence each, for a warning. */
  readonly problems: readonly string[];
}

/** Node's roots, the certificates that the environment names, and those of `files`. */
export async function readTrustedCertificates(
  env: Readonly<Record<string, string | undefined>>,
  files: readonly string[] = [],
): Promise<TrustedCertificates> {
  const extra = new Set<string>();
  const problems: string[] = [];
  for (const [file, source] of namedFiles(env, files)) {
    const problem = await addFile(file, source, extra);
    if (problem !== undefined) problems.push(problem);
  }
  for (const folder of splitFolders(env['SSL_CERT_DIR'])) await addFolder(folder, extra);
  if (extra.size === 0) return { certificates: undefined, problems };
  return { certificates: [...new Set([...rootCertificates.map(normalise), ...extra])], problems };
}

function namedFiles(
  env: Readonly<Record<string, string | undefined>>,
  files: readonly string[],
): ReadonlyMap<string, string> {
  const named = new Map<string, string>(files.map((file) => [file, 'the configuration']));
  for (const variable of fileVariables) {
    const file = env[variable]?.trim();
    if (file !== undefined && file !== '' && !named.has(file)) named.set(file, `\`${variable}\``);
  }
  return named;
}

async function addFile(file: string, source: string, into: Set<string>): Promise<string | undefined> {
  try {
    const text = await readFile(file, 'latin1');
    if (text.length > largestBundle) return `${source} names \`${file}\`, which is too large for certificates`;
    const found = text.match(certificatePattern) ?? [];
    for (const one of found) into.add(normalise(one));
    return found.length === 0 ? `${source} names \`${file}\`, which holds no certificate in PEM form` : undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    // A folder is a legitimate value of REQUESTS_CA_BUNDLE.
    if (code === 'EISDIR')
      return (await addFolder(file, into))
        ? undefined
        : `${source} names the folder \`${file}\`, which holds no certificates`;
    return `${source} names \`${file}\`, which cannot be read (${code})`;
  }
}

/** Missing folders and unreadable files in them are passed over, as OpenSSL does: the folder is often a default. */
async function addFolder(folder: string, into: Set<string>): Promise<boolean> {
  const before = into.size;
  try {
    const names = (await readdir(folder)).filter((name) => hashedName.test(name));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1').catch(() => '')));
    for (const text of texts) for (const one of text.match(certificatePattern) ?? []) into.add(normalise(one));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
  return into.size > before;
}

function splitFolders(value: string | undefined): readonly string[] {
  return (value ?? '').split(process.platform === 'win32' ? ';' : ':').filter((folder) => folder !== '');
}

function normalise(pem: string): string {
  return `${pem
    .replaceAll('TRUSTED ', '')
    .replace(/\s*\r?\n\s*/g, '\n')
    .trim()}\n`;
}
