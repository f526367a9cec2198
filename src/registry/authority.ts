import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { findCredentials, type FoundCredentials } from './credentials.ts';
import { isLoopback } from './hosts.ts';
import { challengeInvalid, loginRefused } from './login-failure.ts';
import type { Scope } from './scope.ts';
import type { SessionOptions } from './session.ts';
import { basicValue, fetchToken, secretsOf, type Token, type TokenServer } from './token.ts';
import { type Endpoint, resolveEndpoint } from './transport.ts';

/** A 401 of the registry. */
export interface Refusal {
  /** `WWW-Authenticate`. */
  readonly header: string;
  readonly scopes: readonly Scope[];
  /** The `Authorization` value that was not enough. */
  readonly shown: string | undefined;
  /** How often this request was signed in already. */
  readonly attempt: number;
  readonly url: string;
}

/** Signs requests in. Tokens are kept by scope, and one fetch serves all that wait for it. */
export interface Authority {
  /** What to show with the first sending; undefined while the registry has asked for nothing. */
  readonly prepared: (scopes: readonly Scope[]) => Promise<string | undefined>;
  /** What to show after a refusal. Throws `REGISTRY_LOGIN_REQUIRED`, `REGISTRY_LOGIN_REFUSED`, `REGISTRY_CHALLENGE_INVALID`. */
  readonly signIn: (refusal: Refusal) => Promise<string>;
  /** What was shown so far, and must not be seen. */
  readonly secrets: () => readonly string[];
}

interface State {
  readonly context: Context;
  readonly endpoint: Endpoint;
  /** `https://registry.example:5000`. */
  readonly origin: () => string;
  readonly options: SessionOptions;
  readonly tokens: Map<string, Promise<Token>>;
  readonly secrets: Set<string>;
  server: TokenServer | undefined;
  basic: string | undefined;
  found: Promise<FoundCredentials | undefined> | undefined;
}

export function openAuthority(
  context: Context,
  endpoint: Endpoint,
  origin: () => string,
  options: SessionOptions,
): Authority {
  const state: State = {
    context,
    endpoint,
    origin,
    options,
    tokens: new Map(),
    secrets: new Set(),
    server: undefined,
    basic: undefined,
    found: undefined,
  };
  return {
    prepared: async (scopes) => {
      if (state.basic !== undefined) return state.basic;
      return state.server === undefined ? undefined : bearerOf(state, state.server, scopes);
    },
    signIn: (refusal) => signIn(state, refusal),
    secrets: () => [...state.secrets],
  };
}

async function signIn(state: State, refusal: Refusal): Promise<string> {
  const { header, scopes, shown, attempt } = refusal;
  const challenges = parseChallenges(header);
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  const hasBasic = challenges.some(({ scheme }) => scheme === 'basic');
  if (bearer !== undefined) {
    const wanted = [...new Set([...scopes, ...(attempt === 0 ? [] : scopesOf(bearer))])];
    const isSame = wanted.length === scopes.length;
    if (attempt > 1 || (attempt > 0 && isSame))
      throw loginRefused(state.endpoint.registry, refusal.url, await credentialsOf(state));
    state.server = await tokenServer(state, bearer);
    // Expired, or worth less than what is asked for now.
    await forget(state, scopes, shown);
    const value = await bearerOf(state, state.server, wanted);
    if (!isSame) state.tokens.set(keyOf(scopes), Promise.resolve(await tokenOf(state, state.server, wanted)));
    return value;
  }
  if (!hasBasic) throw challengeInvalid(state.endpoint.registry, refusal.url, header);
  const credentials = (await credentialsOf(state))?.credentials;
  if (attempt > 0 || credentials?.kind !== 'password' || shown !== undefined)
    throw loginRefused(state.endpoint.registry, refusal.url, await credentialsOf(state));
  state.basic = basicValue(credentials.username, credentials.password);
  return state.basic;
}

async function bearerOf(state: State, server: TokenServer, scopes: readonly Scope[]): Promise<string> {
  const credentials = (await credentialsOf(state))?.credentials;
  if (credentials?.kind === 'bearer') return `Bearer ${credentials.token}`;
  return `Bearer ${(await tokenOf(state, server, scopes)).value}`;
}

async function tokenOf(state: State, server: TokenServer, scopes: readonly Scope[]): Promise<Token> {
  const key = keyOf(scopes);
  const known = state.tokens.get(key);
  if (known !== undefined) {
    const token = await known;
    if (token.until > state.context.now().getTime()) return token;
    if (state.tokens.get(key) === known) state.tokens.delete(key);
    return tokenOf(state, server, scopes);
  }
  const fetching = fetchFor(state, server, scopes);
  state.tokens.set(key, fetching);
  try {
    return await fetching;
  } catch (error) {
    if (state.tokens.get(key) === fetching) state.tokens.delete(key);
    throw error;
  }
}

async function fetchFor(state: State, server: TokenServer, scopes: readonly Scope[]): Promise<Token> {
  const credentials = (await credentialsOf(state))?.credentials;
  const { context, endpoint } = state;
  const wish = { registry: endpoint.registry, scopes, credentials };
  const token = await fetchToken(context.http, server, wish, context.now);
  state.secrets.add(token.value);
  return token;
}

/** Drops the token that was refused, unless another request has replaced it already. */
async function forget(state: State, scopes: readonly Scope[], shown: string | undefined): Promise<void> {
  const key = keyOf(scopes);
  const known = state.tokens.get(key);
  if (known === undefined) return;
  const value = await known.then(
    (token) => `Bearer ${token.value}`,
    () => shown,
  );
  if (value === shown && state.tokens.get(key) === known) state.tokens.delete(key);
}

function keyOf(scopes: readonly Scope[]): string {
  return scopes.join(' ');
}

function scopesOf(challenge: Challenge): readonly Scope[] {
  return (challenge.parameters.get('scope') ?? '').split(' ').filter((one) => one !== '');
}

async function credentialsOf(state: State): Promise<FoundCredentials | undefined> {
  const { context, endpoint, options } = state;
  state.found ??=
    options.credentials === undefined
      ? findCredentials(context, endpoint.registry, options.repository)
      : Promise.resolve({ credentials: options.credentials, origin: 'what was given' });
  const found = await state.found;
  for (const secret of secretsOf(found?.credentials)) state.secrets.add(secret);
  return found;
}

/** The token server of a challenge. It gets the credentials, so it must be as safe as the registry. */
async function tokenServer(state: State, { parameters }: Challenge): Promise<TokenServer> {
  const { context, endpoint } = state;
  const realm = parameters.get('realm') ?? '';
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const isPlain = url?.protocol === 'http:';
  const isAllowed = url?.protocol === 'https:' || (isPlain && mayBePlain(state, url));
  if (url === undefined || !isAllowed || url.username !== '' || url.password !== '') {
    throw new TareError({
      code: 'REGISTRY_CHALLENGE_INVALID',
      message: `the registry ${endpoint.registry} names a token server that is not safe to ask`,
      where: realm.slice(0, 300),
      expected: 'an address that begins with https://',
      hint: 'the configuration of the registry is wrong (`auth.token.realm`)',
    });
  }
  const service = parameters.get('service');
  if (url.origin === new URL(state.origin()).origin) return { realm, service, connection: endpoint.connection };
  const { connection } = await resolveEndpoint(context, url.host, false);
  // Docker trusts the authorities of the registry for its token server, too.
  const authorities = [...(endpoint.connection.authorities ?? []), ...(connection.authorities ?? [])];
  return { realm, service, connection: { ...connection, ...(authorities.length === 0 ? {} : { authorities }) } };
}

function mayBePlain({ endpoint, origin }: State, url: URL): boolean {
  if (isLoopback(url.host)) return true;
  return origin().startsWith('http:') && endpoint.mayBePlain && url.hostname === new URL(origin()).hostname;
}
