import type { Context, HttpConnection } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import type { Reference } from '../oci/reference.ts';
import { certificateFolders, readCertificateFolders } from './certificate-folder.ts';
import { apiHost, isLoopback } from './hosts.ts';
import { isInsecureHost, mirrorsFor, prefixLength, type Registries, readRegistries, ruleFor } from './registries.ts';

type Surroundings = Pick<Context, 'env' | 'home'>;

/** How a registry is reached. */
export interface Endpoint {
  /** `registry.example:5000`, as people name it. */
  readonly registry: string;
  /** Where its interface is: the same host but for Docker's. */
  readonly host: string;
  readonly connection: HttpConnection;
  /** Where it has no TLS, plain HTTP will do: on this machine, or where it is allowed by name. */
  readonly mayBePlain: boolean;
}

/** A repository at an endpoint. */
export interface Place {
  readonly endpoint: Endpoint;
  /** `team/app`. */
  readonly repository: string;
}

type WholeReference = Reference & { readonly registry: string };

export interface PlaceOptions {
  /** The registry may have no TLS, or any certificate. @default as the configuration says */
  readonly isInsecure?: boolean;
}

/** Where an image is written, and read where no mirror has it. Throws `REGISTRY_BLOCKED` and what reading the configuration throws. */
export async function resolvePlace(
  surroundings: Surroundings,
  reference: WholeReference,
  options: PlaceOptions = {},
): Promise<Place> {
  const registries = await readRegistries(surroundings);
  return primaryPlace(surroundings, registries, reference, options);
}

/** Where an image is looked for, in order: its mirrors, then the registry itself. */
export async function resolvePullPlaces(
  surroundings: Surroundings,
  reference: WholeReference,
  options: PlaceOptions = {},
): Promise<readonly Place[]> {
  const registries = await readRegistries(surroundings);
  const name = `${reference.registry}/${reference.repository}`;
  const rule = ruleFor(registries.rules, name);
  const wanted = reference.digest === undefined ? 'tag-only' : 'digest-only';
  const places: Place[] = [];
  for (const mirror of mirrorsFor(registries, reference.registry, rule)) {
    if (mirror.serves !== 'all' && mirror.serves !== wanted) continue;
    const { host, repository } = relocate(mirror.location, name, rule?.prefix ?? reference.registry);
    const isInsecure = mirror.isInsecure || isInsecureHost(registries, host);
    places.push({ endpoint: await resolveEndpoint(surroundings, host, isInsecure), repository });
  }
  return [...places, await primaryPlace(surroundings, registries, reference, options)];
}

async function primaryPlace(
  surroundings: Surroundings,
  registries: Registries,
  reference: WholeReference,
  options: PlaceOptions,
): Promise<Place> {
  const name = `${reference.registry}/${reference.repository}`;
  const rule = ruleFor(registries.rules, name);
  if (rule?.isBlocked === true) throw blocked(name, rule.prefix);
  const { host, repository } =
    rule?.location === undefined
      ? { host: reference.registry, repository: reference.repository }
      : relocate(rule.location, name, rule.prefix);
  const isInsecure = options.isInsecure === true || rule?.isInsecure === true || isInsecureHost(registries, host);
  return { endpoint: await resolveEndpoint(surroundings, host, isInsecure), repository };
}

/** The endpoint of a host, with the certificates that docker and podman keep for it. */
export async function resolveEndpoint(
  surroundings: Surroundings,
  registry: string,
  isInsecure: boolean,
): Promise<Endpoint> {
  const host = apiHost(registry);
  const names = [...new Set([registry, host])];
  const folders = names.flatMap((name) => certificateFolders(surroundings, name));
  const certificates = await readCertificateFolders(folders);
  return {
    registry,
    host,
    connection: {
      ...certificates,
      ...(isInsecure ? { isUnverified: true } : {}),
      ...(isLoopback(host) ? { isDirect: true } : {}),
    },
    mayBePlain: isInsecure || isLoopback(host),
  };
}

/** A name with another place for its beginning. */
function relocate(
  location: string,
  name: string,
  prefix: string,
): { readonly host: string; readonly repository: string } {
  const rest = name.slice(prefixLength(prefix, name) ?? 0);
  const whole = `${location}${rest}`;
  const slash = whole.indexOf('/');
  return { host: slash === -1 ? whole : whole.slice(0, slash), repository: whole.slice(slash + 1) };
}

/** Whether a failed connection says that the other side does not speak TLS. */
export function isNotTls(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    const code = systemErrorCode(one) ?? '';
    if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') return true;
    if (code === 'EPROTO' && /wrong version number|packet length too long/i.test(one.message)) return true;
  }
  return false;
}

function blocked(name: string, prefix: string): TareError {
  return new TareError({
    code: 'REGISTRY_BLOCKED',
    message: `\`${name}\` is blocked by the configuration of this machine`,
    where: `registries.conf, prefix \`${prefix}\``,
    hint: 'take another registry, or remove `blocked` there',
  });
}
