import type { HttpResponse } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import type { Session } from './session.ts';

/** Where the next part of an upload goes. */
export interface UploadPlace {
  /** Absolute. */
  readonly url: string;
}

/**
 * The `Location` of an answer to a part of an upload: relative, absolute, with a query of its own, at another host (distribution
 * specification, "Pushing a blob in chunks"). Where a later answer names none, the earlier one stays. Throws `REGISTRY_LOCATION_INVALID`.
 */
export function uploadPlaceOf(session: Session, response: HttpResponse, before: UploadPlace | undefined): UploadPlace {
  const location = response.header('location');
  if (location === undefined && before !== undefined) return before;
  const base = response.url;
  const url = location !== undefined && URL.canParse(location, base) ? new URL(location, base) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw locationInvalid(session, response.url, location);
  }
  const own = new URL(session.address('/'));
  // A registry behind a proxy that ends TLS often does not know that it has TLS.
  if (url.protocol === 'http:' && own.protocol === 'https:' && url.hostname === own.hostname) {
    url.protocol = 'https:';
    url.port = own.port;
  }
  if (url.protocol === 'http:' && own.protocol === 'https:') throw locationInvalid(session, response.url, location);
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url: url.href };
}

function locationInvalid(session: Session, where: string, location: string | undefined): TareError {
  return new TareError({
    code: 'REGISTRY_LOCATION_INVALID',
    message: `the registry ${session.registry} names no place that an upload can go to`,
    where,
    expected: 'a `Location` with an address, of https where the registry has it',
    actual: location === undefined ? 'none' : location.slice(0, 300),
    hint: 'the configuration of the registry, or of the proxy before it, is wrong',
  });
}
