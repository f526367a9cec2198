import { lstat } from 'node:fs/promises';
import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { type Reference, parseReference, withWholeName } from '../../oci/reference.ts';
import type { RepositoryAccess } from '../../registry/blob.ts';
import type { Credentials } from '../../registry/credentials.ts';
import { pullScope, pushScope } from '../../registry/scope.ts';
import { openSession } from '../../registry/session.ts';
import type { Place } from '../../registry/transport.ts';

export type WholeReference = Reference & { readonly registry: string };

/** How a registry is spoken to. */
export interface RegistryOptions {
  /** It may have no TLS, or any certificate. @default as the configuration of docker and podman says */
  readonly isInsecure?: boolean;
  /** In place of what docker and podman know. @default `TARE_REGISTRY_USERNAME` and `TARE_REGISTRY_PASSWORD` where they are set */
  readonly credentials?: Credentials;
}

const scheme = 'docker://';

/** A reference that says all: host, repository, and a tag where no digest is given. Throws `REFERENCE_INVALID`. */
export function parseRegistryReference(text: string): WholeReference {
  const reference = withWholeName(parseReference(text.startsWith(scheme) ? text.slice(scheme.length) : text));
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

/** The reference that a text means where it means an image of a registry: with `docker://`, or with a registry's host and nothing at such a path. */
export async function imageReferenceOf(text: string): Promise<string | undefined> {
  if (text.startsWith(scheme)) return text.slice(scheme.length);
  if (!/^[^/]*[.:][^/]*\/|^localhost\//.test(text) || /^[./~]|\\/.test(text)) return undefined;
  if (await isThere(text)) return undefined;
  try {
    parseReference(text);
    return text;
  } catch {
    return undefined;
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The tag or digest under which an image is asked for; the digest wins. */
export function wantedOf({ digest, tag }: WholeReference): string {
  return digest ?? tag ?? 'latest';
}

/** Opens a repository. Credentials that were given are for the registry that was named, never for a mirror of it. */
export function openAccess(
  context: Context,
  { endpoint, repository }: Place,
  right: 'pull' | 'push',
  reference: WholeReference,
  options: RegistryOptions,
): RepositoryAccess {
  const isNamed = endpoint.registry === reference.registry;
  const credentials = isNamed ? (options.credentials ?? environmentCredentials(context, endpoint.registry)) : undefined;
  return {
    session: openSession(context, endpoint, { repository, ...(credentials === undefined ? {} : { credentials }) }),
    repository,
    scopes: [right === 'pull' ? pullScope(repository) : pushScope(repository)],
  };
}

/** `TARE_REGISTRY_USERNAME` and `TARE_REGISTRY_PASSWORD`, for the one registry of `TARE_REGISTRY_HOST` where that is set. */
function environmentCredentials({ env }: Pick<Context, 'env'>, registry: string): Credentials | undefined {
  const username = env['TARE_REGISTRY_USERNAME'];
  const password = env['TARE_REGISTRY_PASSWORD'];
  const host = env['TARE_REGISTRY_HOST'];
  if (!username && !password) return undefined;
  if (host && host !== registry) return undefined;
  if (username && password) return { kind: 'password', username, password };
  throw new TareError({
    code: 'CONFIG_INVALID',
    message: 'only one of the environment variables `TARE_REGISTRY_USERNAME` and `TARE_REGISTRY_PASSWORD` is set',
    expected: 'both, or none',
    hint: `set the other one too, or sign in with \`tare login ${registry}\``,
  });
}
