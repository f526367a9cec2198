import type { Because } from '../base/because.ts';
import { digestFromHex, type Digest } from '../base/digest.ts';
import { sortedBy } from '../base/order.ts';
import type { LockedDistribution, LockedFile, LockedSource } from './locked.ts';
import { evaluateMarker, type MarkerEnvironment } from './marker.ts';
import type { PackageName } from './package-name.ts';
import type { Requirement } from './requirement.ts';
import { filenameOfLocation, nameOfLocation } from './requirement-location.ts';
import type { RequirementLine, RequirementsFile } from './requirements-file.ts';
import { isSameVersion } from './version.ts';
import { isSdistFilename } from './wheel-choice.ts';

/** What a requirements file locks for one environment, or the first line that keeps it from being a lock. */
export type PinnedResult =
  | { readonly pinned: true; readonly distributions: readonly LockedDistribution[] }
  | { readonly pinned: false; readonly because: Because };

/** Whether every line that applies is pinned to one version and has a SHA-256 hash. Whether the set is closed is another question. */
export function isPinnedAndHashed(file: RequirementsFile, environment: MarkerEnvironment): PinnedResult {
  const found = new Map<PackageName, LockedDistribution>();
  for (const line of file.requirements) {
    if (line.marker !== undefined && !evaluateMarker(line.marker, environment)) continue;
    const locked = lockedOf(line);
    if (typeof locked === 'string') return { pinned: false, because: { ...line.because, rule: locked } };
    const other = found.get(locked.name);
    if (other !== undefined && !isSameVersion(other.version, locked.version)) {
      const rule = `\`${locked.name}\` is pinned to ${other.version} and to ${locked.version}`;
      return { pinned: false, because: { ...line.because, rule } };
    }
    found.set(locked.name, other === undefined ? locked : merged(other, locked));
  }
  return { pinned: true, distributions: sortedBy(found.values(), (each) => each.name) };
}

function merged(one: LockedDistribution, other: LockedDistribution): LockedDistribution {
  return {
    ...one,
    hashes: [...new Set([...one.hashes, ...other.hashes])],
    extras: sortedBy(new Set([...one.extras, ...other.extras]), (extra) => extra),
  };
}

/** The distribution that a line locks, or why it locks none. */
function lockedOf(line: RequirementLine): LockedDistribution | string {
  if (line.editable) return `\`${line.text}\` is a folder that is being worked on`;
  const { requirement } = line;
  if (requirement === undefined) return `\`${line.text}\` has no name and version`;
  const pin = requirement.url === undefined ? pinnedVersion(requirement) : nameOfLocation(requirement.url)?.version;
  if (pin === undefined) return `\`${requirement.name}\` is not pinned to one version`;
  const hashes = [...line.hashes, ...fragmentHashes(requirement.url)];
  if (hashes.length === 0) {
    return line.otherHashes.length > 0
      ? `\`${requirement.name}\` has no SHA-256 hash, only ${line.otherHashes.join(', ')}`
      : `\`${requirement.name}\` has no hash`;
  }
  return {
    name: requirement.name,
    version: pin,
    files: requirement.url === undefined ? [] : filesOf(requirement.url, hashes),
    hashes,
    source: sourceOf(requirement.url),
    extras: requirement.extras,
    because: line.because,
  };
}

function pinnedVersion(requirement: Requirement): string | undefined {
  const pins = requirement.specifiers.filter(
    ({ operator, prefix }) => (operator === '==' || operator === '===') && !prefix,
  );
  return pins[0]?.version;
}

function fragmentHashes(url: string | undefined): readonly Digest[] {
  const hex = /#(?:.*&)?sha256=([0-9a-fA-F]{64})(?:&|$)/.exec(url ?? '')?.[1];
  return hex === undefined ? [] : [digestFromHex(hex)];
}

function sourceOf(url: string | undefined): LockedSource {
  if (url === undefined) return { kind: 'index' };
  return /^[A-Za-z][A-Za-z0-9+.-]+:/.test(url) ? { kind: 'url', url } : { kind: 'path', path: url };
}

function filesOf(url: string, hashes: readonly Digest[]): readonly LockedFile[] {
  const filename = filenameOfLocation(url);
  const [sha256] = hashes;
  const place = sourceOf(url).kind === 'url' ? { url } : { path: url };
  return sha256 === undefined || hashes.length > 1
    ? []
    : [{ filename, sha256, ...place, kind: isSdistFilename(filename) ? 'sdist' : 'wheel' }];
}
