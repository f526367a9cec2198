import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpRequest, HttpResponse } from '../base/context.ts';
import { isTareError } from '../base/errors.ts';
import { reasonOf } from './failure.ts';
import { discardBody } from './read-text.ts';

/** How often and how soon a request is sent again. */
export interface RetryPolicy {
  /** All sendings together. */
  readonly attempts: number;
  /** The longest first pause; each later one may be twice as long. */
  readonly pauseMs: number;
  /** A server that asks for a longer pause than this gets its answer passed on. */
  readonly longestPauseMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { attempts: 4, pauseMs: 500, longestPauseMs: 60_000 };

const transientStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Sends again what is safe to send again (RFC 9110, 9.2.2), after a pause of chance length or the one the server asks for. */
export async function withRetry(
  request: HttpRequest,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  send: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt >= policy.attempts;
    let pause = randomInt(1, 2 + policy.pauseMs * 2 ** (attempt - 1));
    try {
      const response = await send();
      if (isLast || !isRetriedStatus(request, response.status)) return response;
      const asked = parseRetryAfter(response);
      if (asked !== undefined && asked > policy.longestPauseMs) return response;
      pause = Math.max(pause, asked ?? 0);
      await discardBody(response);
    } catch (error) {
      signal?.throwIfAborted();
      if (isLast || !isRetriedFailure(request, error)) throw error;
    }
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

/** The pause a server asks for, in milliseconds (RFC 9110, 10.2.3); a date counts from the answer's own. */
export function parseRetryAfter(response: Pick<HttpResponse, 'header'>): number | undefined {
  const text = response.header('retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text);
  const sent = Date.parse(response.header('date') ?? '');
  return Number.isNaN(until) || Number.isNaN(sent) ? undefined : Math.max(0, until - sent);
}

function isRepeatable({ method = 'GET', isRepeatable: isMarked = false }: HttpRequest): boolean {
  return isMarked || method === 'GET' || method === 'HEAD';
}

function isRetriedStatus(request: HttpRequest, status: number): boolean {
  // 429 says that the request was not looked at.
  return status === 429 || (isRepeatable(request) && transientStatuses.has(status));
}

function isRetriedFailure(request: HttpRequest, error: unknown): boolean {
  if (isTareError(error) && !error.transient) return false;
  const reason = reasonOf(error);
  return reason.transient && (isRepeatable(request) || reason.unsent);
}
