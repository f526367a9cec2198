import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Digest, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import type { PlannedCertificate, PlanWarning } from './types.ts';

/** A certificate that an image is to trust. */
export interface Certificate extends PlannedCertificate {
  /** RFC 7468, in lines of 64. */
  readonly pem: string;
  /** Whether it may sign others. */
  readonly isAuthority: boolean;
}

/** Where most bases keep the bundle, and where it goes in one that has none. */
export const usualBundle = '/etc/ssl/certs/ca-certificates.crt';
/** Where else bases have it: Debian; Fedora and those made from it; SUSE; others. */
export const bundlePlaces = [
  usualBundle,
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/var/lib/ca-certificates/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;
/** What update-ca-certificates(8) adds by itself. */
const localFolder = '/usr/local/share/ca-certificates';

/** Bytes. A bundle of everything that browsers trust has a quarter of a megabyte. */
export const largestCertificateFile = 4 * 1024 * 1024;

/**
 * The certificates of a file: PEM (RFC 7468), one or several, or one in DER (X.690). `name` is for errors. Throws
 * `CERTIFICATE_INVALID`, `CERTIFICATE_HAS_KEY`.
 */
export function parseCertificates(bytes: Uint8Array, name: string): readonly Certificate[] {
  if (bytes.byteLength > largestCertificateFile)
    throw invalid(name, `it has more than ${largestCertificateFile} bytes`);
  const text = Buffer.from(bytes).toString('latin1');
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text) || isPrivateKey(bytes)) throw hasKey(name);
  const blocks = [...text.matchAll(/-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----/g)];
  const begun = text.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g)?.length ?? 0;
  if (begun > blocks.length)
    throw invalid(name, 'a certificate in it has no end, or is in the form that only OpenSSL reads');
  if (blocks.length > 0)
    return blocks.map(([, inner = ''], at) => parseOne(Buffer.from(inner, 'base64'), name, at + 1));
  if (text.includes('-----BEGIN ')) throw invalid(name, 'it has no block `CERTIFICATE`');
  if (bytes[0] !== 0x30) throw invalid(name, 'it is neither PEM nor DER');
  return [parseOne(bytes, name, 1)];
}

function parseOne(der: Uint8Array, name: string, position: number): Certificate {
  let read: X509Certificate;
  try {
    read = new X509Certificate(der);
  } catch {
    throw invalid(name, `its ${position === 1 ? 'first' : `${position}th`} block is no certificate`);
  }
  const expires = Date.parse(read.validTo);
  if (Number.isNaN(expires)) throw invalid(name, `its certificate ${position} has no end that can be read`);
  const subject = oneLine(read.subject);
  const fingerprint = sha256(read.raw);
  return {
    subject,
    fingerprint,
    expires: new Date(expires).toISOString().slice(0, 10),
    path: `${localFolder}/${fileName(read.subject, fingerprint)}`,
    isAuthority: read.ca,
    pem: renderPem(read.raw),
  };
}

/** PKCS #8, PKCS #1 and SEC 1 in DER. */
function isPrivateKey(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30) return false;
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      createPrivateKey({ key: Buffer.from(bytes), format: 'der', type });
      return true;
    } catch {
      return false;
    }
  });
}

/** `C=DE, O=Example, CN=Example Root`; a line an attribute as node has it. */
function oneLine(subject: string): string {
  const text = (subject ?? '')
    .split('\n')
    .join(', ')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, 200);
  return text === '' ? 'without a subject' : text;
}

function fileName(subject: string, fingerprint: Digest): string {
  const named = /^CN=(.+)$/m.exec(subject ?? '')?.[1] ?? /^O=(.+)$/m.exec(subject ?? '')?.[1] ?? '';
  const word = named
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-|-$/g, '');
  return `${word === '' ? 'certificate' : word}-${fingerprint.slice('sha256:'.length, 'sha256:'.length + 8)}.crt`;
}

function renderPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** What speaks against certificates that are added all the same. */
export function warnOfCertificates(certificates: readonly Certificate[], now: Date): readonly PlanWarning[] {
  const today = now.toISOString().slice(0, 10);
  return certificates.flatMap(({ subject, expires, isAuthority }): PlanWarning[] => [
    ...(expires < today
      ? [
          {
            code: 'CERTIFICATE_EXPIRED',
            message: `the certificate \`${subject}\` expired on ${expires}: nobody accepts what it signed`,
            hint: 'put its successor into `ca-certificates`',
          },
        ]
      : []),
    ...(isAuthority
      ? []
      : [
          {
            code: 'CERTIFICATE_NO_AUTHORITY',
            message: `the certificate \`${subject}\` is no certificate authority: at most the one server that has it is trusted`,
            hint: 'put the certificate of the authority that signed it into `ca-certificates`',
          },
        ]),
  ]);
}

function hasKey(name: string): TareError {
  return new TareError({
    code: 'CERTIFICATE_HAS_KEY',
    message: `\`${name}\` holds a private key, which must not get into an image`,
    expected: 'certificates alone',
    hint: 'name a file that has only the certificate: `openssl x509 -in FILE -out certificate.pem`',
  });
}

function invalid(name: string, actual: string): TareError {
  return new TareError({
    code: 'CERTIFICATE_INVALID',
    message: `\`${name}\` is no file of certificates`,
    expected: 'certificates in PEM, or one in DER',
    actual,
    hint: 'turn it into PEM: `openssl x509 -in FILE -out certificate.pem`, or for PKCS #7 `openssl pkcs7 -print_certs -in FILE -out certificate.pem`',
  });
}
