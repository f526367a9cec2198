import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { EnvHttpProxyAgent, request } from 'undici';

export interface MirrorRelay {
  /** Address of the archive, for `[tool.tare.debian] mirror`. */
  readonly archive: string;
  /** Address of the security archive. */
  readonly securityArchive: string;
  /** Paths of the packages that were delivered whole. */
  readonly delivered: readonly string[];
  /** Cuts every connection once this many bytes of packages have gone out; `undefined` mends it. */
  readonly breakAfter: (bytes: number | undefined) => void;
  readonly stop: () => Promise<void>;
}

/** The Debian archives of this machine's apt: the main one and that of security fixes. */
export function machineArchives(): { readonly main: string; readonly security: string } | undefined {
  const addresses = aptTexts().flatMap((text) =>
    [...text.matchAll(/^\s*(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(https?:\/\/\S+)/gm)].map((match) => match[1] ?? ''),
  );
  const plain = addresses.map((address) => address.replace(/\/+$/, ''));
  const main = plain.find((address) => address.endsWith('/debian'));
  const security = plain.find((address) => address.endsWith('-security'));
  return main === undefined ? undefined : { main, security: security ?? `${main}-security` };
}

/** Passes a Debian mirror on from a free port of the loopback, until told to break. What matches `lacks` is not there. */
export async function startMirrorRelay(
  upstream: { readonly main: string; readonly security: string },
  lacks?: RegExp,
): Promise<MirrorRelay> {
  const agent = new EnvHttpProxyAgent();
  const delivered: string[] = [];
  let left: number | undefined;
  const relay = async (path: string, range: string | undefined, response: ServerResponse): Promise<void> => {
    const [, folder = '', rest = ''] = /^\/(main|security)(\/.*)$/.exec(path) ?? [];
    const origin = folder === 'security' ? upstream.security : upstream.main;
    const headers = range === undefined ? {} : { range };
    const answer = await request(`${origin}${rest}`, { dispatcher: agent, headers });
    const passed = ['content-length', 'content-type', 'content-range', 'accept-ranges', 'etag', 'last-modified'];
    response.writeHead(
      answer.statusCode,
      Object.fromEntries(
        passed.flatMap((name) => (answer.headers[name] === undefined ? [] : [[name, answer.headers[name]]])),
      ),
    );
    for await (const chunk of answer.body) {
      if (!(chunk instanceof Uint8Array)) continue;
      if (left !== undefined && path.endsWith('.deb') && (left -= chunk.length) < 0) {
        response.destroy();
        return;
      }
      if (!response.write(chunk)) await once(response, 'drain');
    }
    response.end();
    if (path.endsWith('.deb')) delivered.push(path);
  };
  const server = createServer((incoming, response) => {
    if (left !== undefined && left < 0) incoming.destroy();
    else if (lacks?.test(incoming.url ?? '') === true) response.writeHead(404).end();
    else relay(incoming.url ?? '/', incoming.headers.range, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    archive: `http://127.0.0.1:${address.port}/main`,
    securityArchive: `http://127.0.0.1:${address.port}/security`,
    delivered,
    breakAfter: (bytes) => {
      left = bytes;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.close();
    },
  };
}

function aptTexts(): readonly string[] {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  let names: readonly string[] = [];
  try {
    names = readdirSync('/etc/apt/sources.list.d');
  } catch {
    // A machine without apt has no such folder.
  }
  return ['/etc/apt/sources.list', ...names.map((name) => `/etc/apt/sources.list.d/${name}`)].map(read);
}
