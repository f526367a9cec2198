import { mapLimit } from '../base/concurrency.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { IndexFile } from '../python/index-client.ts';
import type { LockedDistribution, LockedFile } from '../python/locked.ts';
import type { PackageName } from '../python/package-name.ts';
import { compatibleTags, type TagTarget } from '../python/tags.ts';
import { chooseWheel, wheelNotFound } from '../python/wheel-choice.ts';
import { parseVersion, renderVersion } from '../python/version.ts';
import { parseWheelName } from '../python/wheel-name.ts';
import type { PlannedWheel } from './types.ts';

/** A wheel with the place it comes from. The place never enters the plan. */
export interface WheelSource {
  readonly wheel: PlannedWheel;
  /** An address, or a `file:` URL. */
  readonly url: string;
  /** The index's entry, where the index was asked: it may serve METADATA apart. */
  readonly indexFile?: IndexFile;
}

export interface WheelLookup {
  /** Every file that the configured indexes have of a project. */
  readonly indexFiles: (name: PackageName) => Promise<readonly IndexFile[]>;
  readonly sha256: (file: IndexFile) => Promise<Digest | undefined>;
  /** Where a mirror that stands in for the addresses of a lock has a file; undefined without one, or where it lacks the file. */
  readonly mirrored: (
    name: PackageName,
    file: { readonly filename: string; readonly sha256: Digest },
  ) => Promise<string | undefined>;
  /** `file:` URL of a path that a lock gives, relative to the project. */
  readonly fileUrl: (path: string) => string;
}

/** Pages of an index that are read at once: large projects have pages of many MB. */
const parallelPages = 6;

interface Candidate {
  readonly filename: string;
  readonly sha256?: Digest;
  readonly size?: number;
  readonly url: string;
  readonly indexFile?: IndexFile;
}

/** Chooses one wheel for each distribution, by tag. Throws for the first, by name, that has none. */
export async function resolveWheels(
  distributions: readonly LockedDistribution[],
  target: TagTarget,
  lookup: WheelLookup,
): Promise<readonly WheelSource[]> {
  const tags = compatibleTags(target);
  const sorted = sortedBy(distributions, (one) => one.name);
  return mapLimit(sorted, parallelPages, async (distribution) => {
    const candidates = await candidatesOf(distribution, lookup);
    const choice = chooseWheel(candidates, tags);
    if (choice.kind === 'none') throw wheelNotFound(distribution.name, distribution.version, candidates, target);
    const { file } = choice;
    const sha256 = file.sha256 ?? (file.indexFile === undefined ? undefined : await lookup.sha256(file.indexFile));
    if (sha256 === undefined) throw hashUnknown(distribution, file.filename);
    return {
      wheel: {
        name: distribution.name,
        version: distribution.version,
        filename: file.filename,
        sha256,
        ...(file.size === undefined ? {} : { size: file.size }),
        because: distribution.because,
      },
      url: (await mirroredUrl(distribution, { ...file, sha256 }, lookup)) ?? file.url,
      ...(file.indexFile === undefined ? {} : { indexFile: file.indexFile }),
    };
  });
}

async function mirroredUrl(
  { name, source }: LockedDistribution,
  file: Candidate & { readonly sha256: Digest },
  lookup: WheelLookup,
): Promise<string | undefined> {
  const isOfIndex = source.kind === 'index' && file.indexFile === undefined && /^https?:/.test(file.url);
  return isOfIndex ? lookup.mirrored(name, file) : undefined;
}

async function candidatesOf(distribution: LockedDistribution, lookup: WheelLookup): Promise<readonly Candidate[]> {
  refuseUnbuildable(distribution);
  const named = distribution.files.flatMap((file) => candidateOfLock(file, lookup));
  if (named.length === distribution.files.length && named.length > 0) return named;
  return candidatesOfIndex(distribution, await lookup.indexFiles(distribution.name));
}

function candidateOfLock(file: LockedFile, lookup: WheelLookup): Candidate[] {
  const url = file.url ?? (file.path === undefined ? undefined : lookup.fileUrl(file.path));
  if (url === undefined) return [];
  const { filename, sha256, size } = file;
  return [{ filename, url, ...(sha256 === undefined ? {} : { sha256 }), ...(size === undefined ? {} : { size }) }];
}

/** The files of the index whose hash the lock allows, of exactly the locked version. */
function candidatesOfIndex(distribution: LockedDistribution, files: readonly IndexFile[]): readonly Candidate[] {
  const allowed = new Set<string>([
    ...distribution.hashes,
    ...distribution.files.flatMap((file) => (file.sha256 === undefined ? [] : [file.sha256])),
  ]);
  const names = new Set(distribution.files.map((file) => file.filename));
  const fitting = files.filter((file) => {
    if (file.sha256 !== undefined && allowed.size > 0) return allowed.has(file.sha256);
    if (names.size > 0) return names.has(file.filename);
    return isVersion(file, distribution.version);
  });
  if (fitting.length === 0) {
    const ofVersion = files.filter((file) => isVersion(file, distribution.version));
    throw new TareError({
      code: ofVersion.length === 0 ? 'VERSION_NOT_FOUND' : 'HASH_NOT_ON_INDEX',
      message:
        ofVersion.length === 0
          ? `the index has no \`${distribution.name} ${distribution.version}\``
          : `no file of \`${distribution.name} ${distribution.version}\` on the index has a hash that the lock allows`,
      where: whereOf(distribution),
      hint: 'check the configured index, or make the lock anew against it',
    });
  }
  return fitting.map((file) => {
    // A plain list of files may have no hashes.
    const sha256 = file.sha256 ?? distribution.files.find((one) => one.filename === file.filename)?.sha256;
    return {
      filename: file.filename,
      url: file.url,
      indexFile: file,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(file.size === undefined ? {} : { size: file.size }),
    };
  });
}

function isVersion(file: IndexFile, version: string): boolean {
  if (file.kind !== 'wheel') return file.kind === 'sdist' && file.filename.includes(`-${version}.`);
  try {
    return renderVersion(parseVersion(parseWheelName(file.filename).version)) === renderVersion(parseVersion(version));
  } catch {
    return false;
  }
}

function refuseUnbuildable(distribution: LockedDistribution): void {
  const { source } = distribution;
  if (source.kind !== 'git' && source.kind !== 'directory') return;
  throw new TareError({
    code: 'SOURCE_NOT_A_WHEEL',
    message: `\`${distribution.name}\` comes from ${source.kind === 'git' ? 'a git repository' : `the folder \`${source.path}\``}, not from a wheel`,
    where: whereOf(distribution),
    hint: 'build it with `uv build --wheel`, name that wheel among the dependencies instead, and lock again',
  });
}

function hashUnknown(distribution: LockedDistribution, filename: string): TareError {
  return new TareError({
    code: 'HASH_UNKNOWN',
    message: `neither the lock nor the index says the SHA-256 of \`${filename}\``,
    where: whereOf(distribution),
    hint: 'use an index that gives hashes, or a lock with hashes (`uv pip compile --generate-hashes`)',
  });
}

function whereOf(distribution: LockedDistribution): string {
  const { file, line } = distribution.because;
  return file === undefined ? distribution.name : line === undefined ? file : `${file}:${line}`;
}
