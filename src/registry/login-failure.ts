import { TareError } from '../base/errors.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials, FoundCredentials } from './credentials.ts';

/** The error for a 401 that signing in does not change. */
export function loginRefused(registry: string, url: string, found: FoundCredentials | undefined): TareError {
  if (found === undefined) {
    return new TareError({
      code: 'REGISTRY_LOGIN_REQUIRED',
      message: `the registry ${registry} wants to know who asks, and no credentials for it are known`,
      where: url,
      hint: `sign in: \`tare login ${registry}\``,
    });
  }
  return new TareError({
    code: 'REGISTRY_LOGIN_REFUSED',
    message: `the registry ${registry} does not accept the credentials from ${found.origin}`,
    where: url,
    actual: `401, as ${nameOf(found.credentials)}`,
    hint: `sign in again: \`tare login ${registry}\`, or check what the account may do there`,
  });
}

function nameOf(credentials: Credentials): string {
  return credentials.kind === 'password' ? `\`${credentials.username}\`` : 'whom a token names';
}

/** The error for a 401 that does not say how to sign in. */
export function challengeInvalid(registry: string, url: string, header: string): TareError {
  const schemes = parseChallenges(header).map(({ scheme }) => scheme);
  return new TareError({
    code: 'REGISTRY_CHALLENGE_INVALID',
    message: `the registry ${registry} refuses, and does not say how to sign in`,
    where: url,
    expected: 'a `WWW-Authenticate` header of the kind Basic, or Bearer with a realm',
    actual: schemes.length === 0 ? 'none' : schemes.join(', ').slice(0, 100),
    hint: 'check the address: a proxy in between may have answered in its place',
  });
}
