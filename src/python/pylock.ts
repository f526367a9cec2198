import { type Digest, digestFromHex } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import { assertKnown, assertPython, environmentMissing, type LockSelection } from './lock-errors.ts';
import type { LockedDistribution, LockedFile, LockedSource } from './locked.ts';
import { evaluateMarker, type Marker, parseMarker } from './marker.ts';
import { type PackageName, parsePackageName } from './package-name.ts';
import { type PylockFile, type PylockPackage, pylockSchema } from './pylock-schema.ts';
import { filenameOfLocation } from './requirement-location.ts';
import { checkShape, parseToml, tableLines } from './toml.ts';

export type { LockSelection } from './lock-errors.ts';

/** A parsed `pylock.toml`. */
export interface Pylock {
  readonly where: string;
  readonly createdBy: string;
  readonly requiresPython?: string;
  /** Markers of which one must hold; empty where any environment will do. */
  readonly environments: readonly Marker[];
  readonly extras: readonly string[];
  readonly groups: readonly string[];
  readonly defaultGroups: readonly string[];
  readonly packages: readonly LockedPackage[];
}

interface LockedPackage {
  readonly distribution: LockedDistribution;
  readonly marker?: Marker;
  readonly requiresPython?: string;
  readonly where: string;
}

/** Parses `pylock.toml` (PEP 751). Throws `TOML_INVALID`, `LOCK_INVALID`, `LOCK_VERSION_UNKNOWN`. */
export function parsePylock(text: string, where: string): Pylock {
  const table = parseToml(text, where);
  assertLockVersion(table['lock-version'], where);
  const hint = 'make the file anew, for example with `uv export --format pylock.toml`';
  const document = checkShape(pylockSchema, table, { code: 'LOCK_INVALID', where, hint });
  const lines = tableLines(text, 'packages');
  return {
    where,
    createdBy: document['created-by'],
    ...(document['requires-python'] === undefined ? {} : { requiresPython: document['requires-python'] }),
    environments: (document.environments ?? []).map((marker) => parseMarker(marker, where)),
    extras: document.extras,
    groups: document['dependency-groups'],
    defaultGroups: document['default-groups'],
    packages: document.packages.map((entry, index) => lockedPackage(entry, where, lines[index])),
  };
}

function assertLockVersion(version: unknown, where: string): void {
  if (typeof version === 'string' && /^1(\.\d+)*$/.test(version)) return;
  throw new TareError({
    code: 'LOCK_VERSION_UNKNOWN',
    message: `\`${where}\` has a lock version that is not known`,
    where,
    expected: '`lock-version = "1.0"`',
    actual: version === undefined ? 'none' : (JSON.stringify(version)?.slice(0, 50) ?? 'none'),
    hint: 'update tare, or make the file anew with a tool that writes version 1.0',
  });
}

function lockedPackage(entry: PylockPackage, file: string, line: number | undefined): LockedPackage {
  const where = line === undefined ? file : `${file}:${line}`;
  const files = filesOf(entry, where);
  return {
    distribution: {
      name: parsePackageName(entry.name, where),
      version: entry.version ?? '',
      files,
      hashes: files.map((each) => each.sha256).filter((hash) => hash !== undefined),
      source: sourceOf(entry, where),
      extras: [],
      because: { file, ...(line === undefined ? {} : { line }), rule: 'locked by this entry' },
      ...(entry.archive?.subdirectory === undefined ? {} : { subdirectory: entry.archive.subdirectory }),
      ...(entry.index === undefined ? {} : { index: entry.index }),
    },
    ...(entry.marker === undefined ? {} : { marker: parseMarker(entry.marker, where) }),
    ...(entry['requires-python'] === undefined ? {} : { requiresPython: entry['requires-python'] }),
    where,
  };
}

function sourceOf(entry: PylockPackage, where: string): LockedSource {
  const sources = [entry.vcs, entry.directory, entry.archive, entry.sdist ?? entry.wheels[0]].filter(
    (each) => each !== undefined,
  );
  if (sources.length !== 1) {
    throw invalid(`\`${entry.name}\` has ${sources.length === 0 ? 'no' : 'more than one kind of'} source`, where);
  }
  const { vcs, directory, archive } = entry;
  if (vcs !== undefined) {
    const { subdirectory } = vcs;
    return {
      kind: 'git',
      url: vcs.url ?? vcs.path ?? '',
      commit: vcs['commit-id'],
      ...(subdirectory === undefined ? {} : { subdirectory }),
    };
  }
  if (directory !== undefined) return { kind: 'directory', path: directory.path, editable: directory.editable };
  if (archive === undefined) return { kind: 'index' };
  return archive.path === undefined ? { kind: 'url', url: archive.url ?? '' } : { kind: 'path', path: archive.path };
}

function filesOf(entry: PylockPackage, where: string): readonly LockedFile[] {
  const files: LockedFile[] = entry.wheels.map((wheel) => lockedFile(wheel, 'wheel', where));
  if (entry.sdist !== undefined) files.push(lockedFile(entry.sdist, 'sdist', where));
  if (entry.archive !== undefined) {
    const archive = lockedFile(entry.archive, 'sdist', where);
    files.push(archive.filename.endsWith('.whl') ? { ...archive, kind: 'wheel' } : archive);
  }
  return files;
}

function lockedFile(file: PylockFile, kind: 'wheel' | 'sdist', where: string): LockedFile {
  const filename = file.name ?? filenameOfLocation(file.path ?? file.url ?? '');
  if (filename === '' || /[\\/]/.test(filename))
    throw invalid('a file has neither a name, nor an address, nor a path', where);
  const sha256 = hashOf(file, filename, where);
  return {
    filename,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(file.size === undefined ? {} : { size: file.size }),
    ...(file.url === undefined ? {} : { url: file.url }),
    ...(file.path === undefined ? {} : { path: file.path }),
    kind,
  };
}

/** Files of this machine may have none, as uv writes those of find-links: who reads them computes it. */
function hashOf(file: PylockFile, filename: string, where: string): Digest | undefined {
  const hex = file.hashes['sha256'];
  if (hex !== undefined) return digestFromHex(hex, where);
  if (file.path !== undefined || file.url?.startsWith('file:')) return undefined;
  throw new TareError({
    code: 'LOCK_HASH_MISSING',
    message: `\`${filename}\` has no SHA-256 hash in the lock`,
    where,
    ...(Object.keys(file.hashes).length === 0 ? {} : { actual: Object.keys(file.hashes).join(', ') }),
    hint: 'lock again with a tool that writes SHA-256 hashes',
  });
}

/** The distributions that an environment gets, sorted by name (pylock.toml specification, "Installation"). */
export function selectFromPylock(lock: Pylock, selection: LockSelection): readonly LockedDistribution[] {
  const { environment, extras } = selection;
  const groups = selection.groups ?? lock.defaultGroups;
  assertPython(lock.requiresPython, environment, 'the lock', lock.where);
  assertKnown('extra', extras, lock.extras, lock.where);
  assertKnown('group', groups, [...new Set([...lock.groups, ...lock.defaultGroups])], lock.where);
  const holds = (marker: Marker): boolean => evaluateMarker(marker, environment, new Set(extras), new Set(groups));
  if (lock.environments.length > 0 && !lock.environments.some(holds)) throw environmentMissing(lock.where, environment);
  const chosen = new Map<PackageName, LockedPackage>();
  for (const entry of lock.packages) {
    if (entry.marker !== undefined && !holds(entry.marker)) continue;
    const { name } = entry.distribution;
    assertPython(entry.requiresPython, environment, `\`${name}\` of the lock`, entry.where);
    const other = chosen.get(name);
    if (other !== undefined)
      throw invalid(`\`${name}\` is there twice for this target, also at ${other.where}`, entry.where);
    chosen.set(name, entry);
  }
  return sortedBy(
    [...chosen.values()].map((entry) => entry.distribution),
    (each) => each.name,
  );
}

function invalid(message: string, where: string): TareError {
  return new TareError({
    code: 'LOCK_INVALID',
    message,
    where,
    hint: 'make the lock anew with the tool that wrote it',
  });
}
