import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { findEntry, parseCredentialFile } from './credential-file.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const entry = (password: string) => ({ auth: base64(`jo:${password}`) });
const found = (auths: object, registry: string, repository?: string) => {
  const credentials = findEntry(parseCredentialFile(JSON.stringify({ auths }), 'x'), registry, repository);
  return credentials?.kind === 'password' ? credentials.password : credentials;
};

describe('config.json and auth.json', () => {
  test('a password with colons and other letters', () => {
    expect(found({ 'registry.example': entry('a:b:ü') }, 'registry.example')).toBe('a:b:ü');
  });

  test('the longest name of a repository wins, the registry stands for the rest', () => {
    const auths = {
      'registry.example': entry('registry'),
      'registry.example/team': entry('team'),
      'registry.example/team/app': entry('app'),
    };
    expect(found(auths, 'registry.example', 'team/app')).toBe('app');
    expect(found(auths, 'registry.example', 'team/app/more')).toBe('app');
    expect(found(auths, 'registry.example', 'team/other')).toBe('team');
    expect(found(auths, 'registry.example', 'teams/app')).toBe('registry');
    expect(found(auths, 'registry.example')).toBe('registry');
  });

  test.each([
    ['registry.example', 'evil-registry.example'],
    ['registry.example', 'registry.example.evil.example'],
    ['registry.example', 'registry.example:5000'],
    ['registry.example:5000', 'registry.example'],
    ['example', 'registry.example'],
    ['https://registry.example/v1/', 'other.example'],
  ])('credentials of %s are not for %s', (key, registry) => {
    expect(found({ [key]: entry('x') }, registry, 'team/app')).toBeUndefined();
  });

  test.each([
    ['https://registry.example/v1/', 'registry.example'],
    ['http://registry.example:5000', 'registry.example:5000'],
    ['registry.example/v2/', 'registry.example'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
  ])('an address %s stands for %s', (key, registry) => {
    const auths = { [key]: entry('x') };
    if (key === 'index.docker.io') expect(found(auths, registry)).toBeUndefined();
    else expect(found(auths, registry)).toBe('x');
  });

  test('tokens', () => {
    const auths = {
      'a.example': { auth: base64('x:y'), identitytoken: 'identity' },
      'b.example': { registrytoken: 'bearer' },
      'c.example': {},
      'd.example': null,
    };
    expect(found(auths, 'a.example')).toEqual({ kind: 'identity', token: 'identity' });
    expect(found(auths, 'b.example')).toEqual({ kind: 'bearer', token: 'bearer' });
    expect(found(auths, 'c.example')).toBeUndefined();
    expect(found(auths, 'd.example')).toBeUndefined();
  });

  test('programs', () => {
    const file = parseCredentialFile('{"credsStore":"desktop","credHelpers":{"a.example":"pass"}}', 'x');
    expect([file.store, file.helpers.get('a.example')]).toEqual(['desktop', 'pass']);
  });

  test.each([
    '',
    '[]',
    '{"auths":[]}',
    '{"auths":{"a":{"auth":7}}}',
    '{"auths":{"a":{"auth":"aHVudGVyMg=="}}}',
    '{hunter2',
  ])('what is damaged is an error that quotes nothing: %s', (text) => {
    try {
      parseCredentialFile(text, '/home/jo/config.json');
      expect.unreachable();
    } catch (error) {
      if (!isTareError(error)) throw error;
      expect(error.code).toBe('CREDENTIALS_INVALID');
      expect(`${error.message} ${error.actual} ${String(error.cause)}`).not.toContain('hunter2');
    }
  });

  test('any JSON gives credentials or one error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.record({ auths: fc.jsonValue() }).map((one) => JSON.stringify(one)),
        ),
        (text) => {
          try {
            findEntry(parseCredentialFile(text, 'x'), 'registry.example', 'a/b');
          } catch (error) {
            expect(isTareError(error) && error.code).toBe('CREDENTIALS_INVALID');
          }
        },
      ),
    );
  });
});
