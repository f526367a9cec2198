import { get } from 'node:http';
import { TareError } from '../base/errors.ts';
import type { HealthcheckRequest } from './run-request.ts';

const pauseMs = 100;
const requestMs = 5000;

export interface HealthcheckOptions {
  /** The exit code of the container, once it has ended. */
  readonly finished: Promise<number>;
  /** The last lines that the container said. */
  readonly tail: () => string;
  readonly signal: AbortSignal;
}

/** Waits until `http://127.0.0.1:PORT/PATH` answers with 200 to 399; gives the status. */
export async function waitForHealthcheck(check: HealthcheckRequest, options: HealthcheckOptions): Promise<number> {
  const url = healthcheckUrl(check);
  const ended = new AbortController();
  const state: { exitCode?: number; failure?: unknown } = {};
  options.finished.then(
    (exitCode) => {
      state.exitCode = exitCode;
      ended.abort();
    },
    (failure: unknown) => {
      state.failure = failure;
      ended.abort();
    },
  );
  const timeout = AbortSignal.timeout(check.timeoutSeconds * 1000);
  const stop = AbortSignal.any([timeout, ended.signal, options.signal]);
  let last = 'no answer';
  while (!stop.aborted) {
    const answer = await ask(url, stop);
    if (typeof answer === 'number' && answer >= 200 && answer < 400) return answer;
    last = typeof answer === 'number' ? `status ${answer}` : answer;
    await pause(stop);
  }
  options.signal.throwIfAborted();
  if (state.failure !== undefined) throw state.failure;
  if (state.exitCode !== undefined) throw exited(url, state.exitCode, options.tail());
  throw timedOut(url, check.timeoutSeconds, last, options.tail());
}

export function healthcheckUrl(check: HealthcheckRequest): string {
  return `http://127.0.0.1:${check.port}${check.path.startsWith('/') ? '' : '/'}${check.path}`;
}

/** The status of one request, or why there is none. No proxy is asked: it is this machine. */
async function ask(url: string, stop: AbortSignal): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get(
      url,
      { signal: AbortSignal.any([stop, AbortSignal.timeout(requestMs)]), agent: false },
      (response) => {
        response.resume();
        response.on('error', () => undefined);
        resolve(response.statusCode ?? 0);
        response.on('end', () => request.destroy());
      },
    );
    request.on('error', (error) => resolve(error.message));
  });
}

async function pause(stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, pauseMs);
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    }
    if (stop.aborted) done();
    else stop.addEventListener('abort', done);
  });
}

function exited(url: string, exitCode: number, tail: string): TareError {
  return new TareError({
    code: 'HEALTHCHECK_EXITED',
    message: `the container ended with exit code ${exitCode} before \`${url}\` answered${said(tail)}`,
    hint: 'see what it said last; `tare run` without --healthcheck shows everything',
  });
}

function timedOut(url: string, seconds: number, last: string, tail: string): TareError {
  return new TareError({
    code: 'HEALTHCHECK_TIMEOUT',
    message: `\`${url}\` did not answer within ${seconds} s${said(tail)}`,
    actual: last,
    expected: 'a status from 200 to 399',
    hint: 'see that the application listens on 0.0.0.0 and on the port that -p names, and that the path is right; --healthcheck-timeout SECONDS waits longer',
  });
}

function said(tail: string): string {
  return tail === '' ? '; it said nothing' : `; it said last:\n${tail.replace(/^/gm, '  ')}`;
}
