import { join } from 'node:path';
import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { glibcOf } from '../../debian/core-set.ts';
import type { DebPackage } from '../../debian/package.ts';
import {
  lockFile,
  type LockedBase,
  type LockedPackage,
  type LockedPython,
  type LockedStandaloneBase,
} from '../../lock/types.ts';
import type { Architecture } from '../../plan/target.ts';
import type { PlannedPython } from '../../plan/types.ts';
import { parseArchiveName } from '../../python-archive/archive-name.ts';
import { type ArchivePlace, filenameOf, fillPattern } from '../../python-archive/archive-place.ts';
import type { FoundArchive } from '../../python-archive/find-archive.ts';
import type { Cache } from '../../store/cache.ts';
import { archivePlaceOf } from '../base/archive-place.ts';
import { plannedPackages, venvPrefix } from '../base/core-set.ts';
import { archiveFactsOf } from '../base/python-archive.ts';
import type { BaseWish, ResolvedComposed } from '../base/resolution.ts';
import { archivePython, type ResolvedStandalone } from '../base/standalone.ts';
import { nameDebian } from '../indexes/debian.ts';
import { assertWholeBase } from './locked-base-check.ts';
import type { PackagePins } from './pins.ts';

/** What a lock says of the base of a platform: it holds, or its packages stay where they can. */
export interface BaseLock {
  readonly held?: { readonly base: LockedBase; readonly python: LockedPython };
  readonly pins?: PackagePins;
}

const because = { file: lockFile, rule: 'the lock of the image' };

/** The base as a lock has it, without a look at any index; undefined for an image, which is read from where it is. */
export async function lockedBase(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
): Promise<ResolvedComposed | ResolvedStandalone | undefined> {
  const held = wish.lock?.(architecture.platform)?.held;
  if (held === undefined || held.base.provider === 'image') return undefined;
  const { base, python } = held;
  const debs = base.packages.map((one) => asPackage(one, base.index?.date));
  assertWholeBase(debs, python, base.provider);
  const root = {
    suite: base.suite,
    architecture: architecture.debian,
    glibc: glibcOf(debs),
    packages: plannedPackages(debs),
    because,
  };
  const shared = { debs, debian: await nameDebian(wish.config, wish.project), ...indexOf(base.index) };
  if (base.provider === 'standalone') {
    const found = await findLockedArchive(context, cache, wish, base);
    const facts = await archiveFactsOf(context, cache, found);
    const { filename, sha256 } = base.archive;
    return {
      ...shared,
      archive: { url: found.url, needsLibrary: facts.needsLibrary },
      base: { provider: 'standalone', ...root, archive: { filename, sha256, because } },
      python: archivePython(facts, because),
    };
  }
  return { ...shared, base: { provider: 'debian', ...root }, python: debianPython(python) };
}

function indexOf(index: ResolvedComposed['index']): Pick<ResolvedComposed, 'index'> {
  return index === undefined ? {} : { index };
}

function debianPython({ version, fullVersion, abi }: LockedPython): PlannedPython {
  return {
    version,
    ...(fullVersion === undefined ? {} : { fullVersion }),
    abi,
    interpreter: `/usr/bin/python${version}`,
    prefix: venvPrefix,
    because,
  };
}

/** A package of a lock, to be fetched by its path. */
export function asPackage(one: LockedPackage, date: string | undefined): DebPackage {
  const indexDate = one.indexDate ?? date;
  return { ...one, ...(indexDate === undefined ? {} : { indexDate }) };
}

/** The archive of exactly this name, wherever archives are to be had; its hash decides. */
async function findLockedArchive(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  { archive: { filename, sha256 } }: LockedStandaloneBase,
): Promise<FoundArchive> {
  const hashRule = `hash of \`${lockFile}\``;
  if (await cache.has(sha256)) return { filename, sha256, url: cache.blobPath(sha256), hashRule };
  const place = (await archivePlaceOf(context, wish))?.place;
  const url = place === undefined ? undefined : addressOf(place, filename);
  if (url !== undefined) return { filename, sha256, url, hashRule };
  throw new TareError({
    code: 'PYTHON_ARCHIVE_MISSING',
    message: `nothing says where \`${filename}\` of the lock can be had`,
    where: lockFile,
    hint: 'name the place of archives as `archive` in `[tool.tare.standalone]`',
  });
}

function addressOf(place: ArchivePlace, filename: string): string | undefined {
  const address = placeOf(place, filename);
  // `+` may mean a space in an address.
  return address !== undefined && /^https?:/i.test(address)
    ? address.replace(/[^/]*$/, (last) => last.replaceAll('+', '%2B'))
    : address;
}

function placeOf(place: ArchivePlace, filename: string): string | undefined {
  const name = parseArchiveName(filename);
  switch (place.kind) {
    case 'local':
      return place.path.endsWith(`/${filename}`) ? place.path : join(place.path, filename);
    case 'address':
      return filenameOf(place.url) === filename ? place.url : undefined;
    case 'listing':
      return `${place.url}${encodeURIComponent(filename)}`;
    case 'pattern':
      return name === undefined ? undefined : fillPattern(place.url, name);
    case 'mirror':
      return name === undefined ? undefined : `${place.root}/${name.release}/${filename}`;
  }
}
