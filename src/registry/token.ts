import * as v from 'valibot';
import type { HttpClient, HttpConnection, HttpRequest, HttpResponse } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { readBytes } from '../http/read-text.ts';
import { drain, readComplaint } from './answer.ts';
import type { Credentials } from './credentials.ts';
import type { Scope } from './scope.ts';

/** Where tokens come from, as a registry's challenge says (distribution, "Token Authentication Specification"). */
export interface TokenServer {
  readonly realm: string;
  readonly service: string | undefined;
  readonly connection: HttpConnection;
}

export interface Token {
  readonly value: string;
  /** Milliseconds since the epoch after which it is not used any more. */
  readonly until: number;
}

const answerSchema = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
  expires_in: v.optional(v.nullable(v.number())),
});
const largestAnswer = 1024 * 1024;
/** What a token lives where nothing is said, and the least that servers may give. Seconds. */
const shortestLife = 60;
/** Used only while this much of its life is left, so that it does not end on the way. */
const reserve = 0.1;
const clientId = 'tare';

/**
 * A token for `scopes`: by GET, with a password as basic authorization; by POST with an identity token (distribution, "OAuth2"). Throws
 * `REGISTRY_LOGIN_REFUSED`, `REGISTRY_TOKEN_INVALID`, `HTTP_FAILED`.
 */
export async function fetchToken(
  http: HttpClient,
  server: TokenServer,
  wish: { readonly registry: string; readonly scopes: readonly Scope[]; readonly credentials: Credentials | undefined },
  now: () => Date,
): Promise<Token> {
  const { credentials, scopes } = wish;
  const asked = now().getTime();
  let response = await http.request(
    credentials?.kind === 'identity'
      ? postRequest(server, scopes, { grant_type: 'refresh_token', refresh_token: credentials.token })
      : getRequest(server, scopes, credentials),
  );
  if (credentials?.kind === 'password' && (response.status === 404 || response.status === 405)) {
    await drain(response);
    const { username, password } = credentials;
    response = await http.request(postRequest(server, scopes, { grant_type: 'password', username, password }));
  }
  if (response.status !== 200) throw await tokenRefused(response, wish.registry, credentials);
  return parseToken(response, await readBytes(response, largestAnswer), asked);
}

function parseToken(response: HttpResponse, bytes: Uint8Array, asked: number): Token {
  const answer = v.safeParse(answerSchema, parseJson(bytes));
  const value = answer.success ? (answer.output.token ?? answer.output.access_token) : undefined;
  // What could not stand in a header would break the request, or say something else in it.
  if (!answer.success || value === undefined || !/^[\x21-\x7e]+$/.test(value)) {
    throw new TareError({
      code: 'REGISTRY_TOKEN_INVALID',
      message: 'the token server of the registry did not send a token',
      where: response.url,
      expected: 'JSON with `token` or `access_token`',
      hint: 'the registry names a wrong token server, or a proxy in between answers in its place',
    });
  }
  const life = Math.max(shortestLife, answer.output.expires_in ?? shortestLife);
  return { value, until: asked + life * 1000 * (1 - reserve) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function getRequest(server: TokenServer, scopes: readonly Scope[], credentials: Credentials | undefined): HttpRequest {
  const url = new URL(server.realm);
  if (server.service !== undefined) url.searchParams.set('service', server.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credentials?.kind !== 'password') return { url: url.href, connection: server.connection };
  url.searchParams.set('account', credentials.username);
  return {
    url: url.href,
    headers: { authorization: basicValue(credentials.username, credentials.password) },
    connection: server.connection,
  };
}

function postRequest(
  server: TokenServer,
  scopes: readonly Scope[],
  grant: Readonly<Record<string, string>>,
): HttpRequest {
  const form = new URLSearchParams({ ...grant, client_id: clientId });
  if (server.service !== undefined) form.set('service', server.service);
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  return {
    method: 'POST',
    url: server.realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    connection: server.connection,
    isRepeatable: true,
    isConfidential: true,
  };
}

/** RFC 7617. */
export function basicValue(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** What must not be seen of credentials. */
export function secretsOf(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  if (credentials.kind !== 'password') return [credentials.token];
  const { username, password } = credentials;
  return [password, basicValue(username, password).slice('Basic '.length)].filter((one) => one !== '');
}

async function tokenRefused(
  response: HttpResponse,
  registry: string,
  credentials: Credentials | undefined,
): Promise<TareError> {
  const { status } = response;
  const complaint = await readComplaint(response, secretsOf(credentials));
  const isRefusal = status === 400 || status === 401 || status === 403;
  const isTransient = status === 429 || status >= 500 || status === 408;
  return new TareError({
    code: isRefusal ? 'REGISTRY_LOGIN_REFUSED' : 'REGISTRY_TOKEN_INVALID',
    message: isRefusal
      ? `the token server of ${registry} ${credentials !== undefined ? 'does not accept the credentials' : 'gives no token without credentials'}`
      : `the token server of ${registry} gave no token`,
    where: response.url,
    actual: `${status}${complaint === undefined ? '' : `: ${complaint.message}`}`,
    hint: isTransient ? 'try again later' : `sign in: \`tare login ${registry}\``,
    transient: isTransient,
  });
}
