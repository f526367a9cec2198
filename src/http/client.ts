import type { HttpClient, HttpRequest, HttpResponse } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';
import { httpFailed } from './failure.ts';
import { basicAuthorization } from './proxy.ts';
import { nextRequest } from './redirect.ts';
import { defaultRetryPolicy, type RetryPolicy, withRetry } from './retry.ts';
import { createTransport, defaultTimeouts, type Timeouts, type Transport } from './transport.ts';
import { discardBody } from './read-text.ts';

export interface HttpClientOptions {
  /** Proxies and certificates are named here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `tare/0.1.0`. */
  readonly userAgent: string;
  /** Ends every request. */
  readonly signal?: AbortSignal;
  /** Files of trusted certificates besides those that the environment names. */
  readonly certificateFiles?: readonly string[];
  /** Called for a named certificate file that cannot be used. */
  readonly warn?: (message: string) => void;
  readonly retry?: RetryPolicy;
  readonly timeouts?: Timeouts;
}

const mostRedirects = 10;

/** A client on undici, which is loaded when the first request is made. See `HttpClient` for what it does. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { env, certificateFiles = [], warn = () => undefined, retry = defaultRetryPolicy } = options;
  const timeouts = options.timeouts ?? defaultTimeouts;
  const transport = createTransport({ env, certificateFiles, warn, timeouts });
  return {
    request: async (request) => {
      const signal = joinSignals(options.signal, request.signal);
      const first = { ...prepare(request, options.userAgent), ...(signal === undefined ? {} : { signal }) };
      return withRetry(request, retry, signal, () => follow(first, transport));
    },
  };
}

/** Sends the request, and again to wherever the answer points. */
async function follow(first: HttpRequest, transport: Transport): Promise<HttpResponse> {
  let request = first;
  for (let redirects = 0; ; redirects++) {
    const response = await send(request, transport);
    const next = nextRequest(request, response);
    if (next === undefined) return response;
    await discardBody(response);
    if (redirects === mostRedirects) {
      throw new TareError({
        code: 'HTTP_REDIRECT_REFUSED',
        message: `GET ${redact(first.url)} was redirected more than ${mostRedirects} times`,
        where: next.url,
      });
    }
    request = next;
  }
}

async function send(request: HttpRequest, transport: Transport): Promise<HttpResponse> {
  const { url, method = 'GET', headers = {}, body, signal, connection } = request;
  signal?.throwIfAborted();
  try {
    const answer = await transport(new URL(url), {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(connection === undefined ? {} : { connection }),
      ...(signal === undefined ? {} : { signal }),
    });
    return {
      status: answer.statusCode,
      header: (name) => {
        const value = answer.headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(', ') : value;
      },
      url,
      body: withFailure(answer.body, request),
    };
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof TareError ? error : httpFailed(request, error);
  }
}

/** The same bytes; what breaks on the way is an error of the family. */
async function* withFailure(body: AsyncIterable<Uint8Array>, request: HttpRequest): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    request.signal?.throwIfAborted();
    throw httpFailed(request, error);
  }
}

/** Checks the address and moves its user information into a header. Throws `URL_UNSUPPORTED`. */
function prepare(request: HttpRequest, userAgent: string): HttpRequest {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TareError({
      code: 'URL_UNSUPPORTED',
      message: `\`${redact(request.url.slice(0, 300))}\` is not an address that can be fetched`,
      expected: 'an address that begins with https:// or http://',
    });
  }
  const headers = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const authorization = basicAuthorization(url);
  if (authorization !== undefined && !headers.has('authorization')) headers.set('authorization', authorization);
  if (!headers.has('user-agent')) headers.set('user-agent', userAgent);
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity');
  if (!headers.has('accept')) headers.set('accept', '*/*');
  url.username = '';
  url.password = '';
  url.hash = '';
  return { ...request, url: url.href, headers: Object.fromEntries(headers) };
}

function joinSignals(left: AbortSignal | undefined, right: AbortSignal | undefined): AbortSignal | undefined {
  return left !== undefined && right !== undefined ? AbortSignal.any([left, right]) : (left ?? right);
}
