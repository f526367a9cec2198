import { TareError } from '../base/errors.ts';
import { isIpInRange } from './ip-range.ts';

/** The proxy for an address: its URL without user information, and the header value that signs in to it. */
export interface Proxy {
  readonly url: string;
  readonly authorization?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Which proxy the environment names for `url`: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, minus `NO_PROXY`; lower-case names
 * win, as in curl. Undefined means a direct connection. Throws `PROXY_INVALID`.
 */
export function resolveProxy(url: URL, env: Environment): Proxy | undefined {
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const found = firstSet(env, [...names, 'all_proxy', 'ALL_PROXY']);
  if (found === undefined) return undefined;
  const exceptions = firstSet(env, ['no_proxy', 'NO_PROXY'])?.value ?? '';
  return isException(url, exceptions) ? undefined : parseProxy(found.value, found.name);
}

function firstSet(
  env: Environment,
  names: readonly string[],
): { readonly name: string; readonly value: string } | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') return { name, value };
  }
  return undefined;
}

function parseProxy(text: string, variable: string): Proxy {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TareError({
      code: 'PROXY_INVALID',
      message: `the proxy that \`${variable}\` names cannot be used`,
      expected: 'an address such as `http://proxy.example:3128`',
      ...(url === undefined ? {} : { actual: `a proxy of the kind ${url.protocol.slice(0, -1)}` }),
      hint: `set or unset ${variable}`,
    });
  }
  const authorization = basicAuthorization(url);
  return { url: url.origin, ...(authorization === undefined ? {} : { authorization }) };
}

/** The `Authorization` value for a URL's user information (RFC 7617); undefined where it has none. */
export function basicAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return `Basic ${Buffer.from(`${decode(url.username)}:${decode(url.password)}`, 'utf8').toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `NO_PROXY` as curl, pip and Go read it: names with all below them, `*`, addresses, address ranges, each with an optional port. */
function isException(url: URL, list: string): boolean {
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matchesException(entry, host, port));
}

function matchesException(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isIpInRange(host, entry);
  const [, bracketed, plain, wantedPort] = /^(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain ?? '';
  if (name === '' || (wantedPort !== undefined && wantedPort !== port)) return false;
  const bare = name.replace(/^\*?\./, '');
  return host === bare || host.endsWith(`.${bare}`);
}
