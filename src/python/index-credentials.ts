import { type NetrcEntry, netrcEntryFor } from './netrc.ts';

/** A user name and password for an index. Never printed. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Credentials that were given for one address. */
export interface GivenCredentials extends Credentials {
  /** Without user information. */
  readonly url: string;
}

/** An address without its user information, and that information. */
export function splitUserInfo(text: string): { readonly url: string; readonly credentials?: Credentials } {
  const url = urlOrUndefined(text);
  if (url === undefined || (url.username === '' && url.password === '')) return { url: text };
  const credentials = { username: decoded(url.username), password: decoded(url.password) };
  url.username = '';
  url.password = '';
  return { url: url.href, credentials };
}

/** The address with user information: for handing it to a tool that takes it so. Never print it. */
export function withUserInfo(text: string, credentials: Credentials | undefined): string {
  const url = urlOrUndefined(text);
  if (url === undefined || credentials === undefined) return text;
  url.username = encodeURIComponent(credentials.username);
  url.password = encodeURIComponent(credentials.password);
  return url.href;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function urlOrUndefined(text: string): URL | undefined {
  return /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

/**
 * Finds what belongs to an address: what was given for the same origin, the longest path first (files often lie beside
 * the index, not below it), else the netrc entry of its host.
 */
export function createCredentials(
  given: readonly GivenCredentials[],
  netrc: readonly NetrcEntry[],
): (url: string) => Credentials | undefined {
  return (text) => {
    const url = urlOrUndefined(text);
    if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
    if (url.username !== '') return { username: decoded(url.username), password: decoded(url.password) };
    let best: { readonly credentials: Credentials; readonly length: number } | undefined;
    for (const { url: address, username, password } of given) {
      const own = urlOrUndefined(address);
      if (own === undefined || own.origin !== url.origin) continue;
      const prefix = own.pathname.replace(/\/?$/, '/');
      const length = `${url.pathname}/`.startsWith(prefix) ? prefix.length : 0;
      if (best === undefined || length > best.length) best = { credentials: { username, password }, length };
    }
    if (best !== undefined) return best.credentials;
    const entry = netrcEntryFor(netrc, url.hostname);
    return entry === undefined || entry.login + entry.password === ''
      ? undefined
      : { username: entry.login, password: entry.password };
  };
}

/** The value of an `Authorization` header (RFC 7617). */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
