import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HttpClient } from '../base/context.ts';
import { systemErrorCode } from '../base/errors.ts';
import { listFiles } from './apt-config.ts';

/** One entry of apt_auth.conf(5). Never printed. */
export interface AptLogin {
  /** `[protocol://]hostname[:port][/path]`. */
  readonly machine: string;
  readonly login: string;
  readonly password: string;
}

/** Reads `auth.conf`, then `auth.conf.d/*.conf`; what this user may not read is passed over. `root` is `/etc/apt` on a real machine. */
export async function readAptLogins(root: string): Promise<readonly AptLogin[]> {
  const files = [join(root, 'auth.conf'), ...(await listFiles(join(root, 'auth.conf.d'), /^[A-Za-z0-9_.-]+\.conf$/))];
  return (await Promise.all(files.map(readIfAllowed))).flatMap(parseAptLogins);
}

async function readIfAllowed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EISDIR') return '';
    throw error;
  }
}

/** Words of a netrc-like file; words that are not known are passed over (apt_auth.conf(5), NETRC-LIKE FORMAT). */
export function parseAptLogins(text: string): readonly AptLogin[] {
  const logins: { machine: string; login: string; password: string }[] = [];
  const tokens = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(/\s+/))
    .filter((token) => token !== '');
  for (let index = 0; index < tokens.length; index += 1) {
    const value = tokens[index + 1] ?? '';
    const current = logins.at(-1);
    switch (tokens[index]) {
      case 'machine':
        logins.push({ machine: value, login: '', password: '' });
        break;
      case 'login':
        if (current !== undefined) current.login = value;
        break;
      case 'password':
        if (current !== undefined) current.password = value;
        break;
      default:
        continue;
    }
    index += 1;
  }
  return logins;
}

/** The first entry that fits an address (apt_auth.conf(5), `machine`): without a protocol it is for https alone. */
export function aptLoginFor(logins: readonly AptLogin[], address: string): AptLogin | undefined {
  const [, protocol = '', host = '', port = '', path = ''] =
    /^([a-z]+):\/\/([^/:@?#]+)(:\d+)?(\/[^?#]*)?(?:[?#]|$)/i.exec(address) ?? [];
  if (host === '') return undefined;
  return logins.find(({ machine }) => {
    const [, wanted = 'https', place = ''] = /^(?:([a-z+]+):\/\/)?(.*)$/i.exec(machine) ?? [];
    if (wanted.toLowerCase() !== protocol.toLowerCase()) return false;
    const slash = place.indexOf('/');
    const server = (slash < 0 ? place : place.slice(0, slash)).toLowerCase();
    const isServer = server === host.toLowerCase() || server === `${host}${port}`.toLowerCase();
    return isServer && (slash < 0 || path.startsWith(place.slice(slash)));
  });
}

/** The same client, signing in where apt would. User information in the address or a header that is there already wins. */
export function withAptLogins(http: HttpClient, logins: readonly AptLogin[]): HttpClient {
  if (logins.length === 0) return http;
  return {
    request: (request) => {
      const headers = request.headers ?? {};
      const isSignedIn =
        /^[a-z]+:\/\/[^/?#]*@/i.test(request.url) ||
        Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
      const login = isSignedIn ? undefined : aptLoginFor(logins, request.url);
      if (login === undefined) return http.request(request);
      const value = Buffer.from(`${login.login}:${login.password}`, 'utf8').toString('base64');
      return http.request({ ...request, headers: { ...headers, authorization: `Basic ${value}` } });
    },
  };
}
