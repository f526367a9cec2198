import type { BlobCache } from '../base/blob-cache.ts';
import { mapLimit } from '../base/concurrency.ts';
import type { Context } from '../base/context.ts';
import { downloadBlob } from '../http/download.ts';
import { type ContentsIndex, combineContents } from './contents.ts';
import { contentsMissing, type OpenedContents, openReleaseContents } from './contents-cache.ts';
import { type DebSource, fetchLockedDeb, type GoneDeb, lockedDebsGone } from './locked-debs.ts';
import { openIndependentPackages, openPackages } from './index-cache.ts';
import { type DebianMirrorConfig, resolveMirrors } from './mirror-choice.ts';
import { openReleases } from './mirror-releases.ts';
import type { DebPackage, SuiteIndex } from './package.ts';
import { combineParts, type SuitePart } from './suite-index.ts';

export type { ContentsIndex } from './contents.ts';
export type { LibraryFile } from './library-owner.ts';
export type { DebSource } from './locked-debs.ts';
export type { DebianMirrorConfig, DebianSource } from './mirror-choice.ts';

/**
 * The packages of a suite with its updates, security fixes and the extra sources of the configuration, from the mirror or, where it
 * was asked within a day, from the cache. Everything was verified: release files by signature, date and name, package
 * indexes by hash. Throws `DEBIAN_MIRROR_MISSING`, `DEBIAN_SIGNATURE_INVALID`, `DEBIAN_KEY_UNKNOWN`, `DEBIAN_INDEX_EXPIRED`,
 * `DEBIAN_INDEX_ROLLED_BACK`, `DEBIAN_SUITE_MISSING`, `DEBIAN_SUITE_MISMATCH`, `DEBIAN_INDEX_HASH_MISMATCH`,
 * `DEBIAN_INDEX_INVALID`, `DEBIAN_ARCHITECTURE_MISSING`, `DEBIAN_MIRROR_FAILED`, `OFFLINE_MISSING`.
 */
export async function openSuite(
  context: Context,
  config: DebianMirrorConfig,
  suite: string,
  architecture: string,
): Promise<SuiteIndex> {
  const choice = await resolveMirrors(context, config);
  const parts: SuitePart[] = [];
  // One after the other: unpacking a large index takes memory and a whole core.
  for (const release of await openReleases(choice, suite)) {
    const { archive } = release;
    const { date } = release.state;
    for (const component of release.components) {
      parts.push({ ...(await openPackages(choice, release, architecture, component)), archive, date });
      if (release.kind !== 'extra') continue;
      const independent = await openIndependentPackages(choice, release, component);
      if (independent !== undefined) parts.push({ ...independent, archive, date });
    }
  }
  return combineParts(suite, architecture, parts);
}

export interface ContentsOptions {
  /**
   * Packages for all architectures as well: their programs, and so what they hold. For Debian itself that is 40 MB more to
   * fetch when its index has changed. @default true
   */
  readonly independent?: boolean;
}

/**
 * Who has which library and program in a suite, its updates, security fixes and extra sources, verified as `openSuite` does
 * and compiled once into the cache. Parts other than the release itself may lack it. Throws `DEBIAN_CONTENTS_MISSING`,
 * `DEBIAN_CONTENTS_INVALID`, and what `openSuite` throws.
 */
export async function openContents(
  context: Context,
  config: DebianMirrorConfig,
  suite: string,
  architecture: string,
  options: ContentsOptions = {},
): Promise<ContentsIndex> {
  const choice = await resolveMirrors(context, config);
  const kinds = options.independent === false ? [architecture] : [architecture, 'all'];
  const parts: OpenedContents[] = [];
  for (const release of await openReleases(choice, suite)) {
    for (const component of release.components) {
      for (const kind of kinds) {
        const opened = await openReleaseContents(choice, release, component, kind);
        if (opened !== undefined) parts.push(opened);
        else if (release.kind === 'release' && kind === architecture) {
          throw contentsMissing(suite, architecture, `${release.archive}/dists/${release.codename}`);
        } else if (release.kind === 'extra' && kind === architecture) {
          context.log.info(`${release.codename} has no Contents index: its libraries are not found by name`);
        }
      }
    }
  }
  return combineContents(suite, architecture, parts);
}

/** A `.deb` file on disk and what it is. */
export interface FetchedDeb {
  readonly file: string;
  readonly package: DebPackage;
  readonly source: DebSource;
}

/**
 * Downloads what the cache lacks, in the order of `packages`. One without an address is looked for in every archive of the
 * configuration. Throws what `downloadBlob` throws, and `LOCKED_FILES_GONE`.
 */
export async function fetchDebs(
  context: Context,
  packages: readonly DebPackage[],
  cache: BlobCache,
  config: DebianMirrorConfig = {},
): Promise<readonly FetchedDeb[]> {
  const known = await mapLimit(packages, 16, async (one) => cache.has(one.sha256, one.size));
  const choice = known.includes(false) ? await resolveMirrors(context, config) : undefined;
  const fetched = await mapLimit(packages, 6, async (one): Promise<FetchedDeb | GoneDeb> => {
    const name = one.filename.slice(one.filename.lastIndexOf('/') + 1);
    if (choice === undefined || (await cache.has(one.sha256, one.size))) {
      return { file: cache.blobPath(one.sha256), package: one, source: 'cache' };
    }
    if (one.url === undefined) {
      const found = await fetchLockedDeb(choice, one, cache, name);
      return 'file' in found ? { ...found, package: one } : found;
    }
    const source = { url: one.url, digest: one.sha256, size: one.size, name };
    return { file: await downloadBlob(choice.context, source, cache), package: one, source: 'mirror' };
  });
  const gone = fetched.filter((one) => 'reason' in one);
  if (choice !== undefined && gone.length > 0) throw lockedDebsGone(choice, gone);
  return fetched.filter((one) => 'package' in one);
}
