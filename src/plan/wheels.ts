import { mapLimit } from '../base/concurrency.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { Because } from '../base/because.ts';
import type { BuildSource } from '../python/build-source.ts';
import type { IndexFile } from '../python/index-client.ts';
import type { LockedDistribution, LockedFile } from '../python/locked.ts';
import type { PackageName } from '../python/package-name.ts';
import { compatibleTags, type TagTarget } from '../python/tags.ts';
import { buildableArchive, chooseWheel, wheelNotFound } from '../python/wheel-choice.ts';
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

/** A distribution that has no wheel for the target, and a source that one can be built from. */
export interface SourceToBuild {
  readonly name: PackageName;
  /** Absent where only building tells it. */
  readonly version?: string;
  readonly source: BuildSource;
  /** What lacks a wheel says it: thrown where nothing may be built. */
  readonly refusal: TareError;
  readonly because: Because;
}

/** What was chosen: a wheel for each distribution, or what to build one from. Sorted by name. */
export interface ChosenFiles {
  readonly wheels: readonly WheelSource[];
  readonly builds: readonly SourceToBuild[];
}

/** What the network and the file system say of files. */
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

/** Chooses one wheel for each distribution, by tag, or its source. Throws for the first, by name, that has neither. */
export async function resolveWheels(
  distributions: readonly LockedDistribution[],
  target: TagTarget,
  lookup: WheelLookup,
): Promise<ChosenFiles> {
  const tags = compatibleTags(target);
  const sorted = sortedBy(distributions, (one) => one.name);
  const chosen = await mapLimit(sorted, parallelPages, async (distribution) => {
    if (distribution.source.kind === 'git') return gitToBuild(distribution);
    const candidates = await candidatesOf(distribution, lookup);
    const choice = chooseWheel(candidates, tags);
    if (choice.kind === 'none') return archiveToBuild(distribution, candidates, target, lookup);
    return wheelOf(distribution, choice.file, lookup);
  });
  return {
    wheels: chosen.flatMap((one) => ('wheel' in one ? [one] : [])),
    builds: chosen.flatMap((one) => ('wheel' in one ? [] : [one])),
  };
}

async function wheelOf(distribution: LockedDistribution, file: Candidate, lookup: WheelLookup): Promise<WheelSource> {
  const sha256 = await hashOf(distribution, file, lookup);
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
}

async function hashOf(distribution: LockedDistribution, file: Candidate, lookup: WheelLookup): Promise<Digest> {
  const sha256 = file.sha256 ?? (file.indexFile === undefined ? undefined : await lookup.sha256(file.indexFile));
  if (sha256 === undefined) throw hashUnknown(distribution, file.filename);
  return sha256;
}

async function archiveToBuild(
  distribution: LockedDistribution,
  candidates: readonly Candidate[],
  target: TagTarget,
  lookup: WheelLookup,
): Promise<SourceToBuild> {
  const { name, version, because } = distribution;
  const refusal = wheelNotFound(name, version, candidates, target);
  const file = buildableArchive(candidates);
  if (file === undefined) throw refusal;
  const sha256 = await hashOf(distribution, file, lookup);
  const url = (await mirroredUrl(distribution, { ...file, sha256 }, lookup)) ?? file.url;
  const { filename, size } = file;
  const { subdirectory } = distribution;
  const source: BuildSource = {
    kind: 'archive',
    filename,
    sha256,
    url,
    ...(size === undefined ? {} : { size }),
    ...(subdirectory === undefined ? {} : { subdirectory }),
  };
  return { name, ...(version === '' ? {} : { version }), source, refusal, because };
}

/** A branch or tag would be another commit tomorrow. */
function gitToBuild(distribution: LockedDistribution): SourceToBuild {
  const { name, version, because, source } = distribution;
  const refusal = notAWheel(distribution, 'a git repository');
  if (source.kind !== 'git' || !/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/i.test(source.commit ?? '')) throw refusal;
  const { url, commit = '', subdirectory } = source;
  const git: BuildSource = {
    kind: 'git',
    url,
    commit: commit.toLowerCase(),
    ...(subdirectory === undefined ? {} : { subdirectory }),
  };
  return { name, ...(version === '' ? {} : { version }), source: git, refusal, because };
}

async function mirroredUrl(
  { name, source }: LockedDistribution,
  file: Candidate & { readonly sha256: Digest },
  lookup: WheelLookup,
): Promise<string | undefined> {
  const isOfIndex = source.kind === 'index' && file.indexFile === undefined && /^https?:/.test(file.url);
  return isOfIndex ? lookup.mirrored(name, file) : undefined;
}

/** The files that a distribution may come as. */
export async function candidatesOf(
  distribution: LockedDistribution,
  lookup: WheelLookup,
): Promise<readonly Candidate[]> {
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
  if (source.kind === 'directory') throw notAWheel(distribution, `the folder \`${source.path}\``);
}

function notAWheel(distribution: LockedDistribution, origin: string): TareError {
  return new TareError({
    code: 'SOURCE_NOT_A_WHEEL',
    message: `\`${distribution.name}\` comes from ${origin}, not from a wheel`,
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
