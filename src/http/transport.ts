import { createSecureContext, type SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import { readTrustedCertificates } from './certificates.ts';
import { type Proxy, resolveProxy } from './proxy.ts';

/** Sends one request over a direct or proxied connection, without redirects or retries. */
export type Transport = (url: URL, options: TransportRequest) => Promise<Dispatcher.ResponseData>;

export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

export interface TransportOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly certificateFiles: readonly string[];
  readonly warn: (message: string) => void;
}

const connectTimeoutMs = 30_000;
const answerTimeoutMs = 90_000;
const silenceTimeoutMs = 60_000;

/** Loads undici and reads certificates when the first request is made, not before. */
export function createTransport(options: TransportOptions): Transport {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  let trust: Promise<SecureContext | undefined> | undefined;
  return async (url, request) => {
    const proxy = resolveProxy(url, options.env);
    const isSecure = url.protocol === 'https:' || proxy?.url.startsWith('https:') === true;
    if (isSecure) trust ??= readTrust(options);
    const secureContext = isSecure ? await trust : undefined;
    const key = `${isSecure ? 'tls' : 'plain'} ${proxy?.url ?? 'direct'} ${proxy?.authorization ?? ''}`;
    let dispatcher = dispatchers.get(key);
    if (dispatcher === undefined) {
      dispatcher = createDispatcher(proxy, secureContext);
      dispatchers.set(key, dispatcher);
    }
    return (await dispatcher).request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method,
      headers: { ...request.headers },
      body: request.body ?? null,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  };
}

async function createDispatcher(
  proxy: Proxy | undefined,
  secureContext: SecureContext | undefined,
): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const tls = secureContext === undefined ? {} : { secureContext };
  const timeouts = { headersTimeout: answerTimeoutMs, bodyTimeout: silenceTimeoutMs };
  if (proxy === undefined) return new Agent({ ...timeouts, connect: { ...tls, timeout: connectTimeoutMs } });
  return new ProxyAgent({
    ...timeouts,
    uri: proxy.url,
    ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
    requestTls: { ...tls, timeout: connectTimeoutMs },
    proxyTls: { ...tls, timeout: connectTimeoutMs },
    // A tunnel is for TLS only: many proxies refuse CONNECT to port 80.
    proxyTunnel: false,
  });
}

async function readTrust(options: TransportOptions): Promise<SecureContext | undefined> {
  const { certificates, problems } = await readTrustedCertificates(options.env, options.certificateFiles);
  for (const problem of problems) options.warn(problem);
  return certificates === undefined ? undefined : createSecureContext({ ca: [...certificates] });
}
