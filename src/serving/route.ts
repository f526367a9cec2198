/** What a request asks a registry for (OCI distribution specification 1.1, "Endpoints"). */
export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'tags'; readonly repository: string; readonly count?: string; readonly last?: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string; readonly isFiltered: boolean }
  | { readonly kind: 'upload'; readonly repository: string };

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const namePattern = new RegExp(`^${component}(?:/${component})*$`);
const longestName = 255;
/** Longer ones name nothing. Characters. */
const longestTarget = 4096;

/** Parses a request target (RFC 9112, section 3.2, origin form); undefined where a registry has no such place. */
export function parseRoute(target: string): Route | undefined {
  if (target.length > longestTarget) return undefined;
  const [path = '', query = ''] = splitOnce(target, '?');
  const decoded = decodePath(path);
  if (decoded === '/v2' || decoded === '/v2/') return { kind: 'base' };
  if (decoded === undefined || !decoded.startsWith('/v2/')) return undefined;
  const [, repository = '', rest = ''] =
    /^\/v2\/(.+?)\/((?:manifests|referrers)\/[^/]+|tags\/list|blobs\/(?:uploads(?:\/.*)?|[^/]+))$/.exec(decoded) ?? [];
  if (repository.length > longestName || !namePattern.test(repository)) return undefined;
  return routeWithin(repository, rest, new URLSearchParams(query));
}

function routeWithin(repository: string, rest: string, query: URLSearchParams): Route {
  const [kind, last = ''] = splitOnce(rest, '/');
  switch (kind) {
    case 'manifests':
      return { kind: 'manifest', repository, reference: last };
    case 'referrers':
      return { kind: 'referrers', repository, digest: last, isFiltered: query.has('artifactType') };
    case 'tags': {
      const count = query.get('n');
      const after = query.get('last');
      return {
        kind: 'tags',
        repository,
        ...(count === null ? {} : { count }),
        ...(after === null ? {} : { last: after }),
      };
    }
    default:
      return /^uploads(?:\/|$)/.test(last)
        ? { kind: 'upload', repository }
        : { kind: 'blob', repository, digest: last };
  }
}

/** A client may write the colon of a digest as `%3A`. */
function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at);
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
