import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authority, expired, server } from '../../test/support/certificates.ts';
import { isTareError } from '../base/errors.ts';
import { parseCertificates, warnOfCertificates } from './certificates.ts';

const parse = (text: string | Uint8Array) =>
  parseCertificates(typeof text === 'string' ? Buffer.from(text) : text, 'company.pem');

function codeOf(text: string | Uint8Array): string | undefined {
  try {
    parse(text);
  } catch (error) {
    return isTareError(error) ? error.code : String(error);
  }
  return undefined;
}

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('a file of certificates', () => {
  test('says subject, fingerprint and last day of each, as openssl does', () => {
    const [first, second] = parse(`Example Root CA\n==========\n${authority}\n${server}`);
    expect(first).toMatchObject({
      subject: 'C=DE, O=Example GmbH, CN=Example Root CA',
      fingerprint: `sha256:${new X509Certificate(authority).fingerprint256.replaceAll(':', '').toLowerCase()}`,
      expires: new Date(new X509Certificate(authority).validTo).toISOString().slice(0, 10),
      isAuthority: true,
    });
    expect(first?.path).toMatch(/^\/usr\/local\/share\/ca-certificates\/example-root-ca-[0-9a-f]{8}\.crt$/);
    expect(second).toMatchObject({ subject: 'CN=leaf.example', isAuthority: false });
  });

  test('gives the same for PEM, DER, and PEM with Windows line ends', () => {
    const expected = parse(authority);
    expect(expected[0]?.pem).toBe(authority);
    expect(parse(new X509Certificate(authority).raw)).toEqual(expected);
    expect(parse(authority.replaceAll('\n', '\r\n'))).toEqual(expected);
  });

  test.each([
    ['PKCS #8', keys.privateKey.export({ type: 'pkcs8', format: 'pem' })],
    ['SEC 1', keys.privateKey.export({ type: 'sec1', format: 'pem' })],
    ['PKCS #1', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })],
    [
      'PKCS #8, locked',
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
    ],
    ['PKCS #8 in DER', keys.privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['PKCS #1 in DER', rsa.privateKey.export({ type: 'pkcs1', format: 'der' })],
  ])('with a private key is refused: %s', (_kind, key) => {
    expect(codeOf(key)).toBe('CERTIFICATE_HAS_KEY');
    if (typeof key === 'string') expect(codeOf(`${authority}${key}`)).toBe('CERTIFICATE_HAS_KEY');
  });

  test.each([
    ['nothing', ''],
    ['text', 'no certificate\n'],
    ['a public key', keys.publicKey.export({ type: 'spki', format: 'pem' })],
    ['a public key in DER', keys.publicKey.export({ type: 'spki', format: 'der' })],
    ['a certificate without its end', authority.slice(0, -40)],
    ['one that is whole and one that is not', authority + authority.slice(0, -40)],
    ['a block with something else in it', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['what only OpenSSL reads', authority.replaceAll(' CERTIFICATE', ' TRUSTED CERTIFICATE')],
    ['more than is sensible', new Uint8Array(5 * 1024 * 1024)],
  ])('%s is refused', (_kind, text) => {
    expect(codeOf(text)).toBe('CERTIFICATE_INVALID');
  });

  test('any bytes give certificates or the error, and never a line of a key', () => {
    const der = new X509Certificate(authority).raw;
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(der.length - 1), fc.nat(255)).map(([at, value]) => der.with(at, value)),
      fc.nat(authority.length).map((length) => Buffer.from(authority.slice(0, length))),
    );
    fc.assert(fc.property(bytes, (input) => [undefined, 'CERTIFICATE_INVALID'].includes(codeOf(input))));
  });
});

test('what is out of date or no authority is added with a word', () => {
  const warnings = warnOfCertificates(parse(authority + expired + server), new Date('2026-06-01T00:00:00Z'));
  expect(warnings.map((one) => one.code)).toEqual(['CERTIFICATE_EXPIRED', 'CERTIFICATE_NO_AUTHORITY']);
  expect(warnings[0]?.message).toContain('`O=Old & Sons` expired on 2021-01-01');
  expect(warnOfCertificates(parse(expired), new Date('2021-01-01T00:00:00Z'))).toEqual([]);
});
