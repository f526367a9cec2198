import { compareText } from '../base/order.ts';
import { evaluateMarker, type Marker, markerEnvironment, type MarkerEnvironment, parseMarker } from './marker.ts';
import { normalizedName } from './package-name.ts';
import { parseRequirement, type Requirement } from './requirement.ts';
import { parseSpecifierSet, specifierContains, specifierSetKey } from './specifier.ts';
import type { UvLock } from './uv-lock.ts';
import type { UvRequirement } from './uv-lock-schema.ts';

/** What of a manifest a lock was made from. */
export interface UvLockManifest {
  readonly name: string;
  readonly requiresPython?: string;
  readonly dependencies: readonly string[];
  readonly optionalDependencies: Readonly<Record<string, readonly string[]>>;
  /** Expanded: `include-group` entries are already replaced. */
  readonly dependencyGroups: Readonly<Record<string, readonly string[]>>;
}

/** One requirement with what decides whether two are the same. */
interface Comparable {
  readonly key: string;
  readonly specifier: string | undefined;
  readonly marker: Marker | undefined;
  readonly shown: string;
}

/** Why the lock does not fit the manifest, as a sentence without a period; undefined where it does. */
export function uvLockMatches(lock: UvLock, manifest: UvLockManifest): string | undefined {
  const name = normalizedName(manifest.name);
  const entry = lock.packages.find(
    ({ table: { name: own, source } }) => normalizedName(own) === name && source.registry === undefined,
  );
  if (entry === undefined) return `the lock has no project \`${manifest.name}\``;
  const wanted = manifest.requiresPython;
  if (wanted !== undefined && lock.requiresPython !== undefined) {
    const reason = pythonMismatch(lock, wanted);
    if (reason !== undefined) return reason;
  }
  const environments = sampleEnvironments(wanted ?? lock.requiresPython);
  const metadata = entry.table.metadata;
  const optional = Object.entries(manifest.optionalDependencies).flatMap(([extra, texts]) =>
    texts.map((text) => ofManifest(text, extra)),
  );
  const lockedExtras = [...(metadata?.['provides-extras'] ?? []), ...Object.keys(entry.table['optional-dependencies'])];
  const reason = firstDifference(
    'dependencies',
    [...manifest.dependencies.map((text) => ofManifest(text, undefined)), ...optional],
    (metadata?.['requires-dist'] ?? []).map(ofLock),
    environments,
    [...new Set([...Object.keys(manifest.optionalDependencies), ...lockedExtras].map(normalizedName))],
  );
  if (reason !== undefined) return reason;
  const groups = new Set(
    [...Object.keys(manifest.dependencyGroups), ...Object.keys(metadata?.['requires-dev'] ?? {})].map(normalizedName),
  );
  for (const group of groups) {
    const mine = entriesOf(manifest.dependencyGroups, group).map((text) => ofManifest(text, undefined));
    const theirs = entriesOf(metadata?.['requires-dev'] ?? {}, group).map(ofLock);
    const difference = firstDifference(`the dependency group \`${group}\``, mine, theirs, environments, []);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function pythonMismatch(lock: UvLock, wanted: string): string | undefined {
  const normal = (text: string): string => specifierSetKey(parseSpecifierSet(text, lock.where));
  const locked = lock.requiresPython ?? '';
  // A workspace's lock holds the intersection of its members, so each may be wider than the lock.
  if (lock.manifest.members.length > 1 || normal(wanted) === normal(locked)) return undefined;
  const same = samplePythons().every((python) => {
    const inBoth = [wanted, locked].map((text) => specifierContains(parseSpecifierSet(text, lock.where), python));
    return inBoth[0] === inBoth[1];
  });
  return same ? undefined : `\`requires-python\` is \`${wanted}\`, the lock was made for \`${locked}\``;
}

function entriesOf<T>(table: Readonly<Record<string, readonly T[]>>, name: string): readonly T[] {
  return Object.entries(table).flatMap(([key, entries]) => (normalizedName(key) === name ? entries : []));
}

function ofManifest(text: string, extra: string | undefined): Comparable {
  const requirement: Requirement = parseRequirement(text);
  return {
    key: keyOf(requirement.name, requirement.extras),
    specifier: requirement.url === undefined ? specifierSetKey(requirement.specifiers) : undefined,
    marker: withExtra(requirement.marker, extra),
    shown: text,
  };
}

function withExtra(marker: Marker | undefined, extra: string | undefined): Marker | undefined {
  if (extra === undefined) return marker;
  const condition: Marker = {
    kind: 'compare',
    left: { kind: 'variable', name: 'extra' },
    operator: '==',
    right: { kind: 'text', value: normalizedName(extra) },
  };
  return marker === undefined ? condition : { kind: 'and', parts: [marker, condition] };
}

function ofLock(requirement: UvRequirement): Comparable {
  const { name, extras, specifier = '', marker, git, url, path, directory, editable, virtual } = requirement;
  // What comes from `[tool.uv.sources]` may have lost its specifier.
  const sourced = (git ?? url ?? path ?? directory ?? editable ?? virtual) !== undefined;
  return {
    key: keyOf(name, extras),
    specifier: sourced ? undefined : specifierSetKey(parseSpecifierSet(specifier)),
    marker: marker === undefined ? undefined : parseMarker(marker),
    shown: `${name}${specifier}`,
  };
}

function keyOf(name: string, extras: readonly string[]): string {
  return `${normalizedName(name)}[${[...new Set(extras.map(normalizedName))].sort(compareText).join(',')}]`;
}

/** Where the marker holds, over the sample: uv rewrites markers, so they are compared by what they mean. */
function footprint(
  { marker }: Comparable,
  environments: readonly MarkerEnvironment[],
  extras: readonly string[],
): string {
  if (marker === undefined) return '1'.repeat(environments.length * (extras.length + 1));
  const sets = [new Set<string>(), ...extras.map((extra) => new Set([extra]))];
  return sets
    .map((active) =>
      environments.map((environment) => (evaluateMarker(marker, environment, active) ? '1' : '0')).join(''),
    )
    .join('');
}

function firstDifference(
  what: string,
  mine: readonly Comparable[],
  theirs: readonly Comparable[],
  environments: readonly MarkerEnvironment[],
  extras: readonly string[],
): string | undefined {
  // A requirement that no supported Python wants is dropped by uv.
  const real = (all: readonly Comparable[]): { readonly each: Comparable; readonly print: string }[] =>
    all
      .map((each) => ({ each, print: footprint(each, environments, extras) }))
      .filter(({ print }) => print.includes('1'));
  const held = real(theirs);
  const wanted = real(mine);
  // One entry may answer for several: uv writes equal ones once.
  const missing = wanted.find((own) => !held.some((other) => isSame(own, other)));
  if (missing !== undefined) return `${what}: the lock does not hold \`${missing.each.shown}\``;
  const gone = held.find((other) => !wanted.some((own) => isSame(own, other)));
  return gone === undefined
    ? undefined
    : `${what}: the lock holds \`${gone.each.shown}\`, which the manifest no longer wants`;
}

function isSame(
  one: { readonly each: Comparable; readonly print: string },
  other: { readonly each: Comparable; readonly print: string },
): boolean {
  const left = one.each;
  const right = other.each;
  if (left.key !== right.key || one.print !== other.print) return false;
  return left.specifier === undefined || right.specifier === undefined || left.specifier === right.specifier;
}

function samplePythons(): readonly string[] {
  return Array.from({ length: 14 }, (_, index) => index + 6).flatMap((minor) => [`3.${minor}.0`, `3.${minor}.5`]);
}

function sampleEnvironments(requiresPython: string | undefined): readonly MarkerEnvironment[] {
  const set = parseSpecifierSet(requiresPython ?? '');
  const fitting = samplePythons().filter((python) => specifierContains(set, python));
  // A range between two samples must not make every marker look alike.
  const pythons = fitting.length > 0 ? fitting : samplePythons();
  return pythons.flatMap((fullVersion) => {
    const linux = markerEnvironment({
      python: fullVersion.slice(0, fullVersion.lastIndexOf('.')),
      fullVersion,
      architecture: 'x86_64',
    });
    return [
      linux,
      { ...linux, platform_machine: 'aarch64' },
      { ...linux, sys_platform: 'darwin', platform_system: 'Darwin', platform_machine: 'arm64' },
      { ...linux, sys_platform: 'win32', platform_system: 'Windows', os_name: 'nt', platform_machine: 'AMD64' },
      { ...linux, implementation_name: 'pypy', platform_python_implementation: 'PyPy' },
    ];
  });
}
