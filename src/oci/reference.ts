import { type Digest, parseDigest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';

/**
 * An image reference, by the grammar of distribution/reference:
 * `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`. Hosts are compared exactly, never by their ending.
 */
export interface Reference {
  /** `registry.example:5000`, `[::1]:5000`; absent where the text names none (`python:3.13-slim`). */
  readonly registry?: string;
  /** `team/app`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const alphaNumeric = '[a-z0-9]+';
const pathComponent = `${alphaNumeric}(?:(?:[._]|__|-+)${alphaNumeric})*`;
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])`;
const domainPattern = new RegExp(`^${host}(?::[0-9]+)?$`);
const pathPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestLike = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

const longestName = 255;
const longestReference = 4096;

/** Parses a reference. Throws `REFERENCE_INVALID`. */
export function parseReference(text: string, where?: string): Reference {
  if (text.length > longestReference) throw invalid(text, 'is too long', where);
  const at = text.indexOf('@');
  const named = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : parseReferenceDigest(text, text.slice(at + 1), where);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const isHostOnly = named.startsWith('[') && !named.includes('/');
  const tag = colon === -1 || isHostOnly ? undefined : named.slice(colon + 1);
  const name = tag === undefined ? named : named.slice(0, colon);
  if (tag !== undefined && !tagPattern.test(tag))
    throw invalid(text, `has a tag that is not valid, \`${tag.slice(0, 140)}\``, where);
  const { registry, repository } = splitName(name);
  if (registry !== undefined && !domainPattern.test(registry))
    throw invalid(text, 'names a registry that is not a host', where);
  if (!pathPattern.test(repository)) throw invalid(text, reasonOfPath(repository), where);
  if (repository.length > longestName) throw invalid(text, `has a name of more than ${longestName} characters`, where);
  return {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** `registry.example/team/app:1.0@sha256:…`. */
export function renderReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  const name = registry === undefined ? repository : `${registry}/${repository}`;
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** What Docker means by a name without a host (distribution/reference, "normalize"). */
const defaultRegistry = 'docker.io';
const officialPrefix = 'library/';

/** A reference that says all: `hello` is `docker.io/library/hello`. The tag is not filled in. */
export function withWholeName(reference: Reference): Reference & { readonly registry: string } {
  const named = reference.registry ?? defaultRegistry;
  const registry = named === `index.${defaultRegistry}` ? defaultRegistry : named;
  const isOfficial = registry === defaultRegistry && !reference.repository.includes('/');
  return {
    ...reference,
    registry,
    repository: isOfficial ? `${officialPrefix}${reference.repository}` : reference.repository,
  };
}

/** The first part is a host where it could not be a path: it has a `.` or `:`, is `localhost`, or has capitals. */
function splitName(name: string): { readonly registry?: string; readonly repository: string } {
  const slash = name.indexOf('/');
  if (slash === -1) return { repository: name };
  const first = name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  return isHost ? { registry: first, repository: name.slice(slash + 1) } : { repository: name };
}

function parseReferenceDigest(text: string, digest: string, where: string | undefined): Digest {
  if (digest.startsWith('sha256:')) {
    try {
      return parseDigest(digest, where);
    } catch (error) {
      throw invalid(text, 'has a digest that is not `sha256:` and 64 hexadecimal digits', where, error);
    }
  }
  // No digest has a path behind it: somebody wrote a password, which must not be shown.
  if (digest.includes('/')) throw invalid(`…@${text.slice(text.lastIndexOf('@') + 1)}`, 'names a user', where);
  throw invalid(
    text,
    digestLike.test(digest) ? 'has a digest other than sha256' : 'has a digest that is not valid',
    where,
  );
}

function reasonOfPath(path: string): string {
  if (path === '') return 'has no repository name';
  if (path.toLowerCase() !== path) return 'has capital letters in its repository name';
  return 'has a repository name that is not valid';
}

function invalid(text: string, reason: string, where: string | undefined, cause?: unknown): TareError {
  return new TareError({
    code: 'REFERENCE_INVALID',
    message: `image reference \`${text.slice(0, 200)}\` ${reason}`,
    expected: '[HOST[:PORT]/]NAME[:TAG][@sha256:…], with NAME in lower case',
    ...(where === undefined ? {} : { where }),
    ...(cause === undefined ? {} : { cause }),
  });
}
