import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { HttpConnection, HttpStream } from '../base/context.ts';
import { sha256 } from '../base/digest.ts';
import { canonicalJson } from '../base/order.ts';
import { readTrustedCertificates } from './certificates.ts';
import { type Proxy, resolveProxy } from './proxy.ts';
import { guardStream } from './stream-guard.ts';

/** Sends one request over a direct or proxied connection, without redirects or retries. */
export type Transport = (url: URL, options: TransportRequest) => Promise<Dispatcher.ResponseData>;

export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | HttpStream;
  readonly connection?: HttpConnection;
  readonly signal?: AbortSignal;
}

/** How long is waited, in milliseconds. */
export interface Timeouts {
  readonly connect: number;
  /** For an answer, once the request is sent. */
  readonly answer: number;
  /** For the next bytes, in both directions. */
  readonly silence: number;
}

export interface TransportOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly certificateFiles: readonly string[];
  readonly warn: (message: string) => void;
  readonly timeouts: Timeouts;
}

export const defaultTimeouts: Timeouts = { connect: 30_000, answer: 90_000, silence: 60_000 };

/** What is trusted: PEM, undefined where Node's defaults say it all. */
type Trust = readonly string[] | undefined;

/** Loads undici and reads certificates when the first request is made, not before. */
export function createTransport(options: TransportOptions): Transport {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  let trust: Promise<Trust> | undefined;
  return async (url, request) => {
    const { connection = {} } = request;
    const proxy = connection.isDirect === true ? undefined : resolveProxy(url, options.env);
    const isSecure = url.protocol === 'https:' || proxy?.url.startsWith('https:') === true;
    if (isSecure) trust ??= readTrust(options);
    const trusted = isSecure ? await trust : undefined;
    const key = `${isSecure ? `tls ${sha256(canonicalJson(connection))}` : 'plain'} ${proxy?.url ?? 'direct'} ${proxy?.authorization ?? ''}`;
    let dispatcher = dispatchers.get(key);
    if (dispatcher === undefined) {
      const tls = isSecure ? tlsOptions(trusted, connection) : {};
      dispatcher =
        proxy === undefined
          ? createAgent(tls, options.timeouts)
          : createProxyAgent(proxy, { target: tls, proxy: isSecure ? tlsOptions(trusted, {}) : {} }, options.timeouts);
      dispatchers.set(key, dispatcher);
    }
    return dispatch(await dispatcher, url, request, options.timeouts);
  };
}

async function dispatch(
  dispatcher: Dispatcher,
  url: URL,
  request: TransportRequest,
  { silence }: Timeouts,
): Promise<Dispatcher.ResponseData> {
  const { method, headers, body, signal } = request;
  const target = { origin: url.origin, path: `${url.pathname}${url.search}`, method };
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    return dispatcher.request({
      ...target,
      headers: { ...headers },
      body: body ?? null,
      ...(signal === undefined ? {} : { signal }),
    });
  }
  const guarded = guardStream(body, silence, signal);
  try {
    return await dispatcher.request({
      ...target,
      headers: { ...headers, 'content-length': String(body.size) },
      body: guarded.body,
      signal: guarded.signal,
    });
  } catch (error) {
    guarded.release();
    throw guarded.reason() ?? error;
  }
}

interface TlsOptions {
  readonly secureContext?: SecureContext;
  readonly rejectUnauthorized?: boolean;
}

function tlsOptions(trusted: Trust, { authorities = [], client, isUnverified }: HttpConnection): TlsOptions {
  const isOwn = trusted !== undefined || authorities.length > 0 || client !== undefined;
  const ca = [...(trusted ?? rootCertificates), ...authorities];
  return {
    ...(isOwn
      ? {
          secureContext: createSecureContext({
            ca,
            ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
          }),
        }
      : {}),
    ...(isUnverified === true ? { rejectUnauthorized: false } : {}),
  };
}

async function createAgent(tls: TlsOptions, timeouts: Timeouts): Promise<Dispatcher> {
  const { Agent } = await import('undici');
  return new Agent({ ...waitsOf(timeouts), connect: { ...tls, timeout: timeouts.connect } });
}

async function createProxyAgent(
  proxy: Proxy,
  tls: { readonly target: TlsOptions; readonly proxy: TlsOptions },
  timeouts: Timeouts,
): Promise<Dispatcher> {
  const { ProxyAgent } = await import('undici');
  return new ProxyAgent({
    ...waitsOf(timeouts),
    uri: proxy.url,
    ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
    requestTls: { ...tls.target, timeout: timeouts.connect },
    proxyTls: { ...tls.proxy, timeout: timeouts.connect },
    // A tunnel is for TLS only: many proxies refuse CONNECT to port 80.
    proxyTunnel: false,
  });
}

function waitsOf(timeouts: Timeouts): { readonly headersTimeout: number; readonly bodyTimeout: number } {
  return { headersTimeout: timeouts.answer, bodyTimeout: timeouts.silence };
}

async function readTrust(options: TransportOptions): Promise<Trust> {
  const { certificates, problems } = await readTrustedCertificates(options.env, options.certificateFiles);
  for (const problem of problems) options.warn(problem);
  return certificates;
}
