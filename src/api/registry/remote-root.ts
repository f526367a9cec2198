import type { Context } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/errors.ts';
import { renderReference } from '../../oci/reference.ts';
import type { RepositoryAccess } from '../../registry/blob.ts';
import { readKeptManifest } from '../../registry/manifest-cache.ts';
import type { ManifestDocument } from '../../registry/manifest.ts';
import { fromFirst, pullRoot } from '../../registry/pull.ts';
import { type Place, resolvePullPlaces } from '../../registry/transport.ts';
import type { Cache } from '../../store/cache.ts';
import { openAccess, parseRegistryReference, type RegistryOptions, type WholeReference, wantedOf } from './access.ts';

/** What a reference stands for at this moment, and where that is. */
export interface OpenedRoot {
  /** `registry.example/team/app:1.0`. */
  readonly name: string;
  /** A manifest, or the index over several. */
  readonly root: ManifestDocument;
  /** Where it was found. */
  readonly access: RepositoryAccess;
  /** Where it may be besides. */
  readonly others: readonly RepositoryAccess[];
}

/** References that were asked for: within one build, a tag that moves stays what it was first. */
export type OpenedRoots = Map<string, Promise<OpenedRoot>>;

/** As `openRoot`, once for each reference. */
export function openRootOnce(
  context: Context,
  cache: Cache,
  reference: string,
  roots: OpenedRoots,
): Promise<OpenedRoot> {
  const known = roots.get(reference) ?? openRoot(context, cache, reference);
  roots.set(reference, known);
  return known;
}

const kind = 'image-root';

/** What is remembered of a reference: enough to find its manifest in the cache, and the place that had it. */
interface KnownRoot {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly place: string;
}

/**
 * Asks a registry, its mirrors first, what a reference stands for; what is named by its digest and was seen before is not asked for. Offline,
 * a tag is what it was when it was last asked for. Throws `IMAGE_NOT_FOUND`, `REGISTRY_UNREACHABLE` and the like, offline `OFFLINE_MISSING`.
 */
export async function openRoot(
  context: Context,
  cache: Cache,
  text: string,
  options: RegistryOptions = {},
): Promise<OpenedRoot> {
  const reference = parseRegistryReference(text);
  const name = renderReference(reference);
  const places = await resolvePullPlaces(context, reference, options);
  const accesses = places.map((place) => accessTo(context, place, reference, options));
  const known = await rememberedRoot(cache, name);
  if (known !== undefined && (context.offline || reference.digest !== undefined)) {
    if (context.offline && reference.digest === undefined)
      context.log.info(`offline: ${name} is taken as it was when it was last asked for, ${known.root.digest}`);
    const access = accesses.find((one) => placeOf(one) === known.place) ?? accesses[0];
    if (access !== undefined) return { name, root: known.root, access, others: othersAfter(accesses, access) };
  }
  if (context.offline) throw notAtHand(name, 'its manifest');
  return fromFirst(context, accesses, placeOf, async (access) => {
    const root = await pullRoot(access, wantedOf(reference), cache);
    const { digest, mediaType, bytes } = root;
    await cache.writeRecord(kind, name, { digest, mediaType, size: bytes.byteLength, place: placeOf(access) });
    return { name, root, access, others: othersAfter(accesses, access) };
  });
}

async function rememberedRoot(
  cache: Cache,
  name: string,
): Promise<{ readonly root: ManifestDocument; readonly place: string } | undefined> {
  const known = await cache.readRecord(kind, name);
  if (!isKnownRoot(known)) return undefined;
  const root = await readKeptManifest(known, cache);
  return root === undefined ? undefined : { root, place: known.place };
}

function isKnownRoot(value: unknown): value is KnownRoot {
  return typeof value === 'object' && value !== null && 'digest' in value && 'mediaType' in value && 'place' in value;
}

function placeOf({ session, repository }: RepositoryAccess): string {
  return `${session.registry}/${repository}`;
}

function othersAfter(accesses: readonly RepositoryAccess[], access: RepositoryAccess): readonly RepositoryAccess[] {
  return accesses.slice(accesses.indexOf(access) + 1);
}

/** Offline, whatever was not at hand ends here. */
function accessTo(
  context: Context,
  place: Place,
  reference: WholeReference,
  options: RegistryOptions,
): RepositoryAccess {
  const access = openAccess(context, place, 'pull', reference, options);
  if (!context.offline) return access;
  const request = async (): Promise<never> => {
    throw notAtHand(renderReference(reference), 'a part of it');
  };
  return { ...access, session: { ...access.session, request } };
}

/** Why an image cannot be used offline. */
export function notAtHand(name: string, what: string): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: `${name} cannot be used offline: ${what} is not in the cache`,
    hint: 'run the same command once without --offline',
  });
}
