import type { BlobCache } from '../base/blob-cache.ts';
import { mapLimit } from '../base/concurrency.ts';
import type { Context } from '../base/context.ts';
import { downloadBlob } from '../http/download.ts';
import { openPackages } from './index-cache.ts';
import { type DebianMirrorConfig, type MirrorChoice, resolveMirrors } from './mirror-choice.ts';
import type { DebPackage, SuiteIndex } from './package.ts';
import { isSecurityAbsent, openRelease } from './release-cache.ts';
import { combineParts, type SuitePart } from './suite-index.ts';

export type { DebianMirrorConfig } from './mirror-choice.ts';

/**
 * The packages of a suite with its updates and security fixes, from the mirror or, where it was asked within a day, from the
 * cache. Everything was verified: release files by signature, date and name, package indexes by hash.
 * Throws `DEBIAN_MIRROR_MISSING`, `DEBIAN_SIGNATURE_INVALID`, `DEBIAN_KEY_UNKNOWN`, `DEBIAN_INDEX_EXPIRED`,
 * `DEBIAN_INDEX_ROLLED_BACK`, `DEBIAN_SUITE_MISSING`, `DEBIAN_SUITE_MISMATCH`, `DEBIAN_INDEX_HASH_MISMATCH`,
 * `DEBIAN_INDEX_INVALID`, `DEBIAN_MIRROR_FAILED`, `OFFLINE_MISSING`.
 */
export async function openSuite(
  context: Context,
  config: DebianMirrorConfig,
  suite: string,
  architecture: string,
): Promise<SuiteIndex> {
  const choice = await resolveMirrors(context, config);
  const wanted = [
    { codename: suite, archive: choice.archive },
    { codename: `${suite}-updates`, archive: choice.archive },
    { codename: `${suite}-security`, archive: choice.securityArchive },
  ];
  const opened = await mapLimit(wanted, wanted.length, async ({ codename, archive }) => {
    try {
      return { codename, archive, state: await openRelease(choice, archive, codename) };
    } catch (error) {
      if (archive === choice.archive || !isSecurityAbsent(choice, error)) throw error;
      warnOfMissingSecurity(choice, codename);
      return undefined;
    }
  });
  const parts: SuitePart[] = [];
  // One after the other: unpacking a large index takes memory and a whole core.
  for (const release of opened) {
    if (release === undefined) continue;
    const packages = await openPackages(choice, release, architecture);
    parts.push({ ...packages, archive: release.archive, date: release.state.date });
  }
  return combineParts(suite, architecture, parts);
}

function warnOfMissingSecurity(choice: MirrorChoice, codename: string): void {
  choice.context.log.warn(
    `${codename} was not found beside the Debian mirror: the base is built without the newest security fixes`,
    'set `security-mirror` in `[tool.tare.debian]`',
  );
}

/** A `.deb` file on disk and what it is. */
export interface FetchedDeb {
  readonly file: string;
  readonly package: DebPackage;
}

/** Downloads what the cache lacks, in the order of `packages`. Throws what `downloadBlob` throws. */
export async function fetchDebs(
  context: Context,
  packages: readonly DebPackage[],
  cache: BlobCache,
  config: DebianMirrorConfig = {},
): Promise<readonly FetchedDeb[]> {
  const missing = await mapLimit(packages, 16, async (one) => !(await cache.has(one.sha256, one.size)));
  const client = missing.includes(true) ? (await resolveMirrors(context, config)).context : context;
  return mapLimit(packages, 6, async (one) => {
    const name = one.filename.slice(one.filename.lastIndexOf('/') + 1);
    const file = await downloadBlob(client, { url: one.url, digest: one.sha256, size: one.size, name }, cache);
    return { file, package: one };
  });
}
