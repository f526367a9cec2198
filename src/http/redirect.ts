import type { HttpRequest, HttpResponse } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** Headers that say nothing secret; no other goes along to another origin. */
const harmlessHeaders = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'range',
  'user-agent',
]);

/**
 * The request that an answer redirects to (RFC 9110, 15.4), or undefined. Throws `HTTP_REDIRECT_REFUSED` for a step from
 * https to http and for an address that cannot be fetched.
 */
export function nextRequest(
  request: HttpRequest,
  response: Pick<HttpResponse, 'status' | 'header'>,
): HttpRequest | undefined {
  const location = response.header('location');
  if (!redirectStatuses.has(response.status) || location === undefined) return undefined;
  const from = new URL(request.url);
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined || (to.protocol !== 'http:' && to.protocol !== 'https:')) {
    throw refused(request, 'it redirects to what is not a web address', location);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refused(request, 'it redirects from https to http, where anybody in between may change the answer', to.href);
  }
  if (request.isConfidential === true && to.origin !== from.origin) {
    throw refused(request, 'it redirects to another server, and its body holds a secret', to.origin);
  }
  // What a server puts into its redirect is no credential of the user.
  to.username = '';
  to.password = '';
  to.hash = '';
  const headers = Object.entries(request.headers ?? {}).filter(
    ([name]) => to.origin === from.origin || harmlessHeaders.has(name.toLowerCase()),
  );
  const { connection, ...rest } = request;
  const kept = connection === undefined || to.origin !== from.origin ? {} : { connection };
  return changedMethod({ ...rest, ...kept, url: to.href, headers: Object.fromEntries(headers) }, response.status);
}

/** 303 always, 301 and 302 for POST, turn into GET without a body, as every client does. */
function changedMethod(request: HttpRequest, status: number): HttpRequest {
  const { method = 'GET' } = request;
  const becomesGet = (status === 303 && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST');
  if (!becomesGet) return request;
  const { body: _body, headers = {}, ...rest } = request;
  const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-type');
  return { ...rest, method: 'GET', headers: Object.fromEntries(kept) };
}

function refused(request: HttpRequest, reason: string, location: string): TareError {
  return new TareError({
    code: 'HTTP_REDIRECT_REFUSED',
    message: `${request.method ?? 'GET'} ${redact(request.url)} was not followed: ${reason}`,
    actual: location.slice(0, 300),
    hint: 'use the final address itself',
  });
}
