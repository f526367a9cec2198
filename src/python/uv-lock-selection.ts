import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import { assertKnown, assertPython, environmentMissing } from './lock-errors.ts';
import type { LockedDistribution } from './locked.ts';
import { evaluateMarker, type Marker, type MarkerEnvironment, parseMarker } from './marker.ts';
import { normalizedName, type PackageName, parsePackageName } from './package-name.ts';
import type { UvLock, UvPackage } from './uv-lock.ts';
import { lockedFromUv } from './uv-lock-files.ts';
import type { UvDependency, UvSource } from './uv-lock-schema.ts';

export interface UvLockSelection {
  /** The package to start from; else the one whose source is the lock's own folder. */
  readonly root?: string;
  readonly environment: MarkerEnvironment;
  readonly extras: readonly string[];
  readonly groups: readonly string[];
  /** Adds the group `dev` where there is one. */
  readonly includeDev?: boolean;
}

interface Walk {
  readonly lock: UvLock;
  readonly byName: ReadonlyMap<string, readonly UvPackage[]>;
  readonly environment: MarkerEnvironment;
  /** Extras and groups that are on, as uv writes them in conflict markers. */
  readonly active: Set<string>;
  readonly markers: Map<string, Marker>;
  /** Packages that were reached, with the extras asked of each. */
  readonly reached: Map<UvPackage, Set<string>>;
}

/**
 * The distributions that an environment gets, sorted by name, without the root itself: from the root through every
 * dependency whose marker holds. Throws `LOCK_…` errors where the lock does not serve the selection.
 */
export function selectFromUvLock(lock: UvLock, selection: UvLockSelection): readonly LockedDistribution[] {
  const { environment } = selection;
  assertPython(lock.requiresPython, environment, 'the lock', lock.where);
  const root = rootOf(lock, selection.root);
  const groups = wantedGroups(lock, root, selection);
  if (root !== undefined) {
    assertKnown(
      'extra',
      selection.extras,
      Object.keys(root.table['optional-dependencies']).concat(root.table.metadata?.['provides-extras'] ?? []),
      lock.where,
    );
  }
  const walk: Walk = {
    lock,
    byName: packagesByName(lock),
    environment,
    active: new Set(),
    markers: new Map(),
    reached: new Map(),
  };
  const supported = lock.supportedMarkers;
  if (supported.length > 0 && !supported.some((marker) => holds(walk, marker)))
    throw environmentMissing(lock.where, environment);
  // Conflict markers ask which extras are on, and extras come on while walking: again until nothing new comes on.
  for (let before = -1; walk.active.size !== before; ) {
    before = walk.active.size;
    walk.reached.clear();
    walkFrom(walk, root, selection.extras.map(normalizedName), groups);
  }
  assertNoConflict(walk);
  const found = [...walk.reached].filter(([entry]) => entry !== root && entry.table.source.virtual === undefined);
  assertOneVersion(
    lock,
    found.map(([entry]) => entry),
  );
  return sortedBy(
    found.map(([entry, extras]) => lockedFromUv(lock, entry, extras)),
    (each) => each.name,
  );
}

function packagesByName(lock: UvLock): ReadonlyMap<string, readonly UvPackage[]> {
  const byName = new Map<string, UvPackage[]>();
  for (const entry of lock.packages) {
    const name = normalizedName(entry.table.name);
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [entry]);
    else known.push(entry);
  }
  return byName;
}

/** The wanted or only root; undefined for a lock of requirements without a project (a script, a folder of tools). */
function rootOf(lock: UvLock, name: string | undefined): UvPackage | undefined {
  const isLocal = ({ editable, virtual, directory }: UvSource): boolean =>
    (editable ?? virtual ?? directory) !== undefined;
  const own = lock.packages.filter(({ table }) => isLocal(table.source));
  const found =
    name === undefined
      ? own.filter(({ table: { source } }) => (source.editable ?? source.virtual ?? source.directory) === '.')
      : own.filter(({ table }) => normalizedName(table.name) === normalizedName(name));
  if (found[0] !== undefined && found.length === 1) return found[0];
  if (
    name === undefined &&
    (lock.manifest.requirements.length > 0 || Object.keys(lock.manifest['dependency-groups']).length > 0)
  )
    return undefined;
  const members = sortedBy(
    own.map(({ table }) => table.name),
    (each) => each,
  );
  throw new TareError({
    code: 'LOCK_ROOT_UNKNOWN',
    message:
      name === undefined
        ? 'the lock does not say which package is the application'
        : `the lock has no project \`${name}\``,
    where: lock.where,
    expected: members.length === 0 ? 'a project in the lock' : `one of ${members.join(', ')}`,
    hint: members.length === 0 ? 'lock again with `uv lock`' : 'build the folder of one member',
  });
}

function wantedGroups(lock: UvLock, root: UvPackage | undefined, selection: UvLockSelection): readonly string[] {
  const known = [
    ...Object.keys(root?.table['dev-dependencies'] ?? {}),
    ...Object.keys(root?.table.metadata?.['requires-dev'] ?? {}),
    ...Object.keys(lock.manifest['dependency-groups']),
  ].map(normalizedName);
  assertKnown('group', selection.groups, [...new Set(known)], lock.where);
  const wanted = selection.groups.map(normalizedName);
  if (selection.includeDev === true && known.includes('dev')) wanted.push('dev');
  return [...new Set(wanted)];
}

function holds(walk: Walk, text: string | undefined): boolean {
  if (text === undefined) return true;
  let marker = walk.markers.get(text);
  if (marker === undefined) {
    marker = parseMarker(text, walk.lock.where);
    walk.markers.set(text, marker);
  }
  return evaluateMarker(marker, walk.environment, walk.active);
}

/** uv's names for what is on: `extra-3-app-cpu`, `group-3-app-dev`, the number being the name's length. */
function conflictName(kind: 'extra' | 'group', name: string, item: string): string {
  return `${kind}-${name.length}-${name}-${item}`;
}

/** Throws `LOCK_CONFLICT` where two of a set that exclude each other are on. */
function assertNoConflict({ lock, active }: Walk): void {
  for (const set of lock.conflicts) {
    const on = set.flatMap(({ package: name = '', extra, group }) => {
      const kind = extra === undefined ? 'group' : 'extra';
      const item = normalizedName(extra ?? group ?? '');
      return active.has(conflictName(kind, normalizedName(name), item)) ? [`${kind} \`${item}\``] : [];
    });
    if (on.length < 2) continue;
    throw new TareError({
      code: 'LOCK_CONFLICT',
      message: `${on.join(' and ')} exclude each other (\`[tool.uv] conflicts\`)`,
      where: lock.where,
      hint: 'choose one of them with `--extra` or `--group`',
    });
  }
}

type Pending = readonly [entry: UvPackage, extra: string | undefined];

function walkFrom(walk: Walk, root: UvPackage | undefined, extras: readonly string[], groups: readonly string[]): void {
  const queue: Pending[] = [];
  if (root === undefined) {
    const { requirements, 'dependency-groups': grouped } = walk.lock.manifest;
    const wanted = [...requirements, ...groups.flatMap((group) => entriesOf(grouped, group))];
    for (const { name, extras: extra, marker } of wanted) {
      enqueue(walk, queue, { name, extra, ...(marker === undefined ? {} : { marker }) });
    }
  } else {
    const name = normalizedName(root.table.name);
    walk.active.add(`project-${name.length}-${name}`);
    reach(walk, queue, root, extras);
    for (const group of groups) {
      walk.active.add(conflictName('group', name, group));
      for (const dependency of entriesOf(root.table['dev-dependencies'], group)) enqueue(walk, queue, dependency);
    }
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [entry, extra] = next;
    const dependencies =
      extra === undefined ? entry.table.dependencies : entriesOf(entry.table['optional-dependencies'], extra);
    for (const dependency of dependencies) enqueue(walk, queue, dependency);
  }
}

/** Entries of all spellings of a name. */
function entriesOf<T>(table: Readonly<Record<string, readonly T[]>>, name: string): readonly T[] {
  return Object.entries(table).flatMap(([key, entries]) => (normalizedName(key) === name ? entries : []));
}

function enqueue(walk: Walk, queue: Pending[], dependency: UvDependency): void {
  if (!holds(walk, dependency.marker)) return;
  reach(walk, queue, packageOf(walk, dependency), dependency.extra.map(normalizedName));
}

function reach(walk: Walk, queue: Pending[], entry: UvPackage, extras: readonly string[]): void {
  let known = walk.reached.get(entry);
  if (known === undefined) {
    known = new Set();
    walk.reached.set(entry, known);
    queue.push([entry, undefined]);
  }
  for (const extra of extras) {
    if (known.has(extra)) continue;
    known.add(extra);
    walk.active.add(conflictName('extra', normalizedName(entry.table.name), extra));
    queue.push([entry, extra]);
  }
}

/** The package that a dependency means: by name, then version and source where given, then by its forks' markers. */
function packageOf(walk: Walk, dependency: UvDependency): UvPackage {
  const named = walk.byName.get(normalizedName(dependency.name)) ?? [];
  const source = dependency.source === undefined ? undefined : JSON.stringify(dependency.source);
  const exact = named.filter(
    ({ table }) =>
      (dependency.version === undefined || table.version === dependency.version) &&
      (source === undefined || JSON.stringify(table.source) === source),
  );
  const fitting =
    exact.length < 2
      ? exact
      : exact.filter(({ table }) => {
          const markers = table['resolution-markers'];
          return markers.length === 0 || markers.some((marker) => holds(walk, marker));
        });
  if (fitting[0] !== undefined && fitting.length === 1) return fitting[0];
  const version = dependency.version === undefined ? '' : ` ${dependency.version}`;
  throw invalid(
    walk.lock,
    fitting.length === 0
      ? `\`${dependency.name}\`${version} is needed but not in the lock`
      : `\`${dependency.name}\`${version} is in the lock more than once for this target`,
  );
}

function assertOneVersion(lock: UvLock, entries: readonly UvPackage[]): void {
  const seen = new Map<PackageName, UvPackage>();
  for (const entry of entries) {
    const name = parsePackageName(entry.table.name, lock.where);
    const other = seen.get(name);
    if (other !== undefined) {
      const versions = [other, entry].map(({ table }) => table.version ?? 'a folder').join(' and ');
      throw new TareError({
        code: 'LOCK_CONFLICT',
        message: `\`${name}\` is needed as ${versions}`,
        where: lock.where,
        hint: 'choose extras and groups that do not exclude each other (`[tool.uv] conflicts`)',
      });
    }
    seen.set(name, entry);
  }
}

function invalid(lock: UvLock, message: string): TareError {
  return new TareError({ code: 'LOCK_INVALID', message, where: lock.where, hint: 'lock again with `uv lock`' });
}
