import type { HttpRequest } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';

/** Why a connection failed, in words, and whether trying again can help. */
interface Reason {
  readonly text: string;
  readonly transient: boolean;
  /** The request did not reach the server, so even an upload may be sent again. */
  readonly unsent: boolean;
  readonly hint?: string;
}

const certificateCodes = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
]);

const trustHint =
  'set SSL_CERT_FILE (or PIP_CERT, REQUESTS_CA_BUNDLE) to a file with the certificate of your proxy or private authority: `SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt`';
const proxyHint = 'check the proxy in HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY';
const networkHint = 'check the network; behind a company proxy set HTTPS_PROXY and HTTP_PROXY';

/** Reasons by the error codes of Node and of undici. */
const reasons: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  [
    'ENOTFOUND',
    { text: 'the host name is not known', transient: false, unsent: true, hint: `check the address; ${networkHint}` },
  ],
  ['EAI_AGAIN', { text: 'the host name could not be looked up', transient: true, unsent: true, hint: networkHint }],
  ['ECONNREFUSED', { text: 'the connection was refused', transient: true, unsent: true }],
  ['EHOSTUNREACH', { text: 'the host cannot be reached', transient: true, unsent: true, hint: networkHint }],
  ['ENETUNREACH', { text: 'the network cannot be reached', transient: true, unsent: true, hint: networkHint }],
  ['UND_ERR_CONNECT_TIMEOUT', { text: 'connecting took too long', transient: true, unsent: true, hint: networkHint }],
  ['ETIMEDOUT', { text: 'the connection took too long', transient: true, unsent: false, hint: networkHint }],
  ['UND_ERR_HEADERS_TIMEOUT', { text: 'no answer came in time', transient: true, unsent: false }],
  ['UND_ERR_BODY_TIMEOUT', { text: 'the answer stopped coming', transient: true, unsent: false }],
  ['ECONNRESET', { text: 'the connection was cut', transient: true, unsent: false }],
  ['EPIPE', { text: 'the connection was cut', transient: true, unsent: false }],
  ['UND_ERR_SOCKET', { text: 'the connection was cut', transient: true, unsent: false }],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', { text: 'the answer was cut short', transient: true, unsent: false }],
  ['UND_ERR_ABORTED', { text: 'the proxy refused to connect', transient: false, unsent: true, hint: proxyHint }],
  ['UND_ERR_INVALID_ARG', { text: 'the proxy refused the request', transient: false, unsent: true, hint: proxyHint }],
  ['ERR_TLS_CERT_ALTNAME_INVALID', { text: 'its certificate is for another host', transient: false, unsent: true }],
  [
    'CERT_HAS_EXPIRED',
    {
      text: 'its certificate has expired',
      transient: false,
      unsent: true,
      hint: `check the clock of this machine; ${trustHint}`,
    },
  ],
  [
    'CERT_NOT_YET_VALID',
    {
      text: 'its certificate is not valid yet',
      transient: false,
      unsent: true,
      hint: 'check the clock of this machine',
    },
  ],
  [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    {
      text: 'it does not speak TLS on this port',
      transient: false,
      unsent: true,
      hint: 'use http:// where the server has no TLS, and check the scheme of HTTPS_PROXY (usually http://)',
    },
  ],
]);

/** Explains a failed connection: looks through causes and through the attempts of several addresses. */
export function reasonOf(error: unknown): Reason {
  for (const one of chain(error)) {
    const code = systemErrorCode(one);
    if (code === undefined) continue;
    if (certificateCodes.has(code)) {
      return { text: `its certificate is not trusted (${code})`, transient: false, unsent: true, hint: trustHint };
    }
    const known = reasons.get(code);
    if (known !== undefined) return known;
  }
  const text = error instanceof Error ? redact(error.message) : 'no reason given';
  const code = systemErrorCode(error);
  return { text: code === undefined ? text : `${text} (${code})`, transient: true, unsent: false };
}

/** `HTTP_FAILED` for a request that got no whole answer. */
export function httpFailed(request: Pick<HttpRequest, 'method' | 'url'>, error: unknown): TareError {
  const reason = reasonOf(error);
  return new TareError({
    code: 'HTTP_FAILED',
    message: `${request.method ?? 'GET'} ${redact(request.url)} failed: ${reason.text}`,
    ...(reason.hint === undefined ? {} : { hint: reason.hint }),
    transient: reason.transient,
    cause: error,
  });
}

/** The most telling errors first: what caused it, then what it says itself. */
function* chain(error: unknown, depth = 0): Generator<unknown> {
  if (!(error instanceof Error) || depth > 5) return;
  yield* chain(error.cause, depth + 1);
  if (error instanceof AggregateError) for (const one of error.errors) yield* chain(one, depth + 1);
  yield error;
}
