import type { Context, HttpRequest, HttpResponse, HttpStream } from '../base/context.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';
import { reasonOf } from '../http/failure.ts';
import { type Authority, openAuthority } from './authority.ts';
import { type Attempt, drain, readComplaint, refusalOf, type RegistryComplaint } from './answer.ts';
import type { Credentials } from './credentials.ts';
import type { Scope } from './scope.ts';
import { type Endpoint, isNotTls } from './transport.ts';

export interface RegistryRequest {
  readonly method: NonNullable<HttpRequest['method']>;
  /** A path that begins with `/v2/`, or a whole address that the registry gave. */
  readonly url: string;
  readonly scopes: readonly Scope[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | HttpStream;
  readonly isRepeatable?: boolean;
}

/** A registry that is spoken to: knows its scheme after the first answer, and signs in where it is asked to. */
export interface Session {
  /** `registry.example:5000`. */
  readonly registry: string;
  /** Throws `REGISTRY_UNREACHABLE` and what signing in throws; a status other than 401 is no error. */
  readonly request: (request: RegistryRequest) => Promise<HttpResponse>;
  /** The error for an answer with a status that ends the attempt. Reads the body. */
  readonly refusal: (response: HttpResponse, attempt: Omit<Attempt, 'registry'>) => Promise<TareError>;
  /** What the registry says of a failure, without secrets. Reads the body. */
  readonly complaint: (response: HttpResponse) => Promise<RegistryComplaint | undefined>;
  /** A path as an address, when the scheme is known. */
  readonly address: (path: string) => string;
  /** Requests so far, those for tokens included. */
  readonly requests: () => number;
}

export interface SessionOptions {
  /** In place of what files and helpers say. */
  readonly credentials?: Credentials;
  /** For podman's credentials by repository. */
  readonly repository?: string;
}

/** Speaks to one registry for one command. */
export function openSession(context: Context, endpoint: Endpoint, options: SessionOptions = {}): Session {
  let scheme: 'https' | 'http' = 'https';
  let isSettled = !endpoint.mayBePlain;
  let count = 0;
  const http = {
    request: async (request: HttpRequest): Promise<HttpResponse> => {
      count++;
      const response = await context.http.request(request);
      context.log.debug(`${request.method ?? 'GET'} ${redact(request.url)} ${response.status}`);
      return response;
    },
  };
  const origin = (): string => `${scheme}://${endpoint.host}`;
  const isOwnAddress = (url: string): boolean => new URL(url).origin === new URL(origin()).origin;
  const authority = openAuthority({ ...context, http }, endpoint, origin, options);

  const send = async (request: RegistryRequest, authorization: string | undefined): Promise<HttpResponse> => {
    const url = new URL(request.url, origin());
    const isOwn = isOwnAddress(url.href);
    const { scopes: _scopes, headers = {}, ...rest } = request;
    return http.request({
      ...rest,
      url: url.href,
      headers: { ...headers, ...(isOwn && authorization !== undefined ? { authorization } : {}) },
      ...(isOwn ? { connection: endpoint.connection } : {}),
      signal: context.signal,
    });
  };

  /** The first request tells whether a registry that may be plain is. */
  const sendSettling = async (request: RegistryRequest, authorization: string | undefined): Promise<HttpResponse> => {
    try {
      const response = await send(request, authorization);
      isSettled = true;
      return response;
    } catch (error) {
      context.signal.throwIfAborted();
      if (isSettled || !(isNotTls(error) || isClosed(endpoint, error))) throw unreachable(endpoint, error);
      isSettled = true;
      scheme = 'http';
      count--;
      return sendSettling(request, authorization);
    }
  };

  return {
    registry: endpoint.registry,
    request: (request) => signedIn(request, authority, sendSettling, isOwnAddress),
    complaint: (response) => readComplaint(response, authority.secrets()),
    refusal: async (response, attempt) =>
      refusalOf(response, await readComplaint(response, authority.secrets()), {
        ...attempt,
        registry: endpoint.registry,
      }),
    address: (path) => new URL(path, origin()).href,
    requests: () => count,
  };
}

/** Signs in where the answer is 401, at most twice: once more where the registry then names another scope. */
async function signedIn(
  request: RegistryRequest,
  authority: Authority,
  send: (request: RegistryRequest, authorization: string | undefined) => Promise<HttpResponse>,
  isOwnAddress: (url: string) => boolean,
): Promise<HttpResponse> {
  let shown = await authority.prepared(request.scopes);
  let response = await send(request, shown);
  // Another server, to which the registry redirects, must not say where credentials go.
  for (let attempt = 0; response.status === 401 && isOwnAddress(response.url); attempt++) {
    const header = response.header('www-authenticate') ?? '';
    await drain(response);
    shown = await authority.signIn({ header, scopes: request.scopes, shown, attempt, url: response.url });
    response = await send(request, shown);
  }
  return response;
}

/** Without a port of its own, a registry without TLS is at port 80, and nothing is at 443. */
function isClosed({ host }: Endpoint, error: unknown): boolean {
  return !/:\d+$/.test(host) && reasonOf(error).text.includes('refused');
}

function unreachable(endpoint: Endpoint, error: unknown): unknown {
  if (!isTareError(error) || error.code !== 'HTTP_FAILED') return error;
  const { registry } = endpoint;
  const reason = reasonOf(error);
  const isTrust = reason.text.includes('certificate');
  const trustHint = `put the certificate of its authority into \`/etc/docker/certs.d/${registry}/ca.crt\` or \`~/.config/containers/certs.d/${registry}/ca.crt\`, or name it in SSL_CERT_FILE`;
  const plainHint = 'if it has no TLS, allow that with `--insecure` or TARE_INSECURE_REGISTRIES';
  const hint = isTrust
    ? trustHint
    : isNotTls(error)
      ? plainHint
      : (reason.hint ?? 'check that the registry runs, and its port');
  return new TareError({
    code: isTrust ? 'REGISTRY_UNTRUSTED' : 'REGISTRY_UNREACHABLE',
    message: `the registry ${registry} cannot be reached: ${reason.text}`,
    where: error.message,
    hint,
    transient: reason.transient,
    cause: error,
  });
}
