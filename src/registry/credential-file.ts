import * as v from 'valibot';
import { TareError } from '../base/errors.ts';
import type { Credentials } from './credentials.ts';
import { credentialKey, isDockerHub } from './hosts.ts';

/** What tare reads of docker's `config.json` and podman's `auth.json`. */
export interface CredentialFile {
  /** By the key as it stands there. */
  readonly entries: ReadonlyMap<string, Credentials>;
  /** Program by registry (`credHelpers`). */
  readonly helpers: ReadonlyMap<string, string>;
  /** Program for all others (`credsStore`). */
  readonly store: string | undefined;
}

const text = v.optional(v.nullable(v.string()));
const table = v.check((value: unknown) => !Array.isArray(value), 'a list');
const entrySchema = v.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});
const schema = v.pipe(
  v.unknown(),
  table,
  v.object({
    auths: v.optional(v.nullable(v.pipe(v.unknown(), table, v.record(v.string(), v.nullable(entrySchema))))),
    credHelpers: v.optional(v.nullable(v.record(v.string(), v.string()))),
    credsStore: text,
  }),
);
type Entry = v.InferOutput<typeof entrySchema>;

const largestFile = 4 * 1024 * 1024;

/** Reads a file of credentials. Throws `CREDENTIALS_INVALID`, which quotes nothing of it. */
export function parseCredentialFile(content: string, where: string): CredentialFile {
  const parsed = v.safeParse(schema, parseJson(content, where));
  if (!parsed.success) {
    const places = parsed.issues.slice(0, 3).map((issue) => v.getDotPath(issue) ?? 'the whole');
    throw invalid(where, `${places.join(', ')}: not what docker or podman write there`);
  }
  const { auths, credHelpers, credsStore } = parsed.output;
  const entries = new Map<string, Credentials>();
  for (const [key, entry] of Object.entries(auths ?? {})) {
    const credentials = entry === null ? undefined : credentialsOf(entry, key, where);
    if (credentials !== undefined) entries.set(key, credentials);
  }
  return { entries, helpers: new Map(Object.entries(credHelpers ?? {})), store: credsStore || undefined };
}

function parseJson(content: string, where: string): unknown {
  if (content.length > largestFile) throw invalid(where, `it is larger than ${largestFile} bytes`);
  try {
    return JSON.parse(content);
  } catch {
    // What the parser says quotes the file.
    throw invalid(where, 'it is not JSON');
  }
}

function credentialsOf(entry: Entry, key: string, where: string): Credentials | undefined {
  if (entry.identitytoken) return { kind: 'identity', token: entry.identitytoken };
  if (entry.registrytoken) return { kind: 'bearer', token: entry.registrytoken };
  if (entry.auth) {
    const pair = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (colon <= 0) throw invalid(where, `\`auth\` of \`${key}\` is not USER:PASSWORD in base64`);
    // Some tools pad with zero bytes.
    const password = pair.slice(colon + 1).replace(/\0+$/, '');
    return { kind: 'password', username: pair.slice(0, colon), password };
  }
  if (entry.username && entry.password) return { kind: 'password', username: entry.username, password: entry.password };
  return undefined;
}

/**
 * The entry for a repository: `registry.example/team/app`, then `…/team`, then the registry itself (containers-auth.json(5)); a key that is
 * an address, as old docker wrote them, stands for its host. Hosts are compared exactly.
 */
export function findEntry(
  file: CredentialFile,
  registry: string,
  repository: string | undefined,
): Credentials | undefined {
  const parts = repository?.split('/') ?? [];
  for (let count = parts.length; count > 0; count--) {
    const found = file.entries.get([registry, ...parts.slice(0, count)].join('/'));
    if (found !== undefined) return found;
  }
  const exact = file.entries.get(credentialKey(registry)) ?? file.entries.get(registry);
  if (exact !== undefined) return exact;
  for (const [key, credentials] of file.entries) {
    const host = hostOfAddress(key);
    if (host !== undefined && (host === registry || (isDockerHub(host) && isDockerHub(registry)))) return credentials;
  }
  return undefined;
}

function hostOfAddress(key: string): string | undefined {
  const [, scheme, host, path = ''] = /^(https?:\/\/)?([^/]+)(\/.*)?$/.exec(key) ?? [];
  return scheme !== undefined || /^\/v[12]\/?$/.test(path) || path === '/' ? host : undefined;
}

function invalid(where: string, reason: string): TareError {
  return new TareError({
    code: 'CREDENTIALS_INVALID',
    message: `the credentials in \`${where}\` cannot be used: ${reason}`,
    where,
    expected: '`auths`, `credHelpers` and `credsStore`, as `docker login` and `podman login` write them',
    hint: 'correct the file, or move it away and sign in again: `tare login REGISTRY`',
  });
}
