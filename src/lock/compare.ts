import { sortedBy } from '../base/order.ts';
import type { Lock, LockedTarget } from './types.ts';

/** Something that stands otherwise in one lock than in another. */
export interface LockChange {
  readonly kind: 'target' | 'python' | 'base' | 'system' | 'debug' | 'wheel';
  readonly name: string;
  /** Absent for what is new. */
  readonly from?: string;
  /** Absent for what is gone. */
  readonly to?: string;
  readonly platforms: readonly string[];
  /** Packed, of the file that comes new; 0 where none does. */
  readonly bytes: number;
}

export interface LockDifference {
  readonly changes: readonly LockChange[];
  /** Packed bytes of all files that are new, each once. */
  readonly bytes: number;
}

interface Item {
  readonly kind: LockChange['kind'];
  readonly name: string;
  readonly version: string;
  /** Of the file; the version where there is none. */
  readonly id: string;
  readonly size: number;
}

/** What changes from one lock to another, a package once for all platforms; everything is new where there was none. */
export function compareLocks(before: Lock | undefined, after: Lock): LockDifference {
  const changes = new Map<string, LockChange>();
  const fresh = new Map<string, number>();
  const platforms = new Set([...(before?.targets ?? []), ...after.targets].map((one) => one.platform));
  for (const platform of sortedBy(platforms, (one) => one)) {
    const [old, now] = [before, after].map((lock) => lock?.targets.find((one) => one.platform === platform));
    for (const change of compareTargets(platform, old, now, fresh)) {
      const key = [change.kind, change.name, change.from, change.to].join('\n');
      const known = changes.get(key);
      changes.set(key, {
        ...change,
        platforms: [...(known?.platforms ?? []), platform],
        bytes: Math.max(change.bytes, known?.bytes ?? 0),
      });
    }
  }
  return { changes: [...changes.values()], bytes: [...fresh.values()].reduce((sum, size) => sum + size, 0) };
}

function compareTargets(
  platform: string,
  before: LockedTarget | undefined,
  after: LockedTarget | undefined,
  fresh: Map<string, number>,
): readonly Omit<LockChange, 'platforms'>[] {
  const old = new Map(itemsOf(before).map((item) => [keyOf(item), item]));
  const now = new Map(itemsOf(after).map((item) => [keyOf(item), item]));
  const changes: Omit<LockChange, 'platforms'>[] = [];
  if (before === undefined || after === undefined) {
    const side = before === undefined ? { to: 'locked' } : { from: 'locked' };
    changes.push({ kind: 'target', name: platform, ...side, bytes: 0 });
  }
  for (const key of sortedBy(new Set([...old.keys(), ...now.keys()]), (one) => one)) {
    const [from, to] = [old.get(key), now.get(key)];
    const item = to ?? from;
    if (item === undefined || from?.id === to?.id) continue;
    if (to !== undefined) fresh.set(to.id, to.size);
    changes.push({
      kind: item.kind,
      name: item.name,
      ...(from === undefined ? {} : { from: from.version }),
      ...(to === undefined ? {} : { to: to.version }),
      bytes: to?.size ?? 0,
    });
  }
  return changes;
}

const order: readonly LockChange['kind'][] = ['target', 'python', 'base', 'system', 'debug', 'wheel'];

function keyOf({ kind, name }: Item): string {
  return `${order.indexOf(kind)} ${name}`;
}

function itemsOf(target: LockedTarget | undefined): readonly Item[] {
  if (target === undefined) return [];
  const { python, system, debug, wheels = [] } = target;
  const version = python.fullVersion ?? python.version;
  return [
    { kind: 'python', name: 'Python', version, id: `Python ${version} ${python.abi}`, size: 0 },
    ...baseItems(target),
    ...system.packages.map((one) => ({ kind: 'system' as const, ...one, id: one.sha256 })),
    ...(debug === undefined ? [] : [{ kind: 'debug' as const, ...debug, id: debug.sha256 }]),
    ...wheels.map((one) => ({ kind: 'wheel' as const, ...one, id: one.sha256, size: one.size ?? 0 })),
  ];
}

function baseItems({ base }: LockedTarget): readonly Item[] {
  if (base.provider === 'image') {
    const version = `${base.title} (${base.digest.slice(0, 19)})`;
    return [{ kind: 'base', name: 'base image', version, id: base.digest, size: 0 }];
  }
  const packages = base.packages.map((one) => ({ kind: 'base' as const, ...one, id: one.sha256 }));
  if (base.provider === 'debian') return packages;
  const { filename, sha256, size = 0 } = base.archive;
  return [...packages, { kind: 'base', name: 'Python archive', version: filename, id: sha256, size }];
}

/** Names of everything in a lock that can be upgraded by its name. */
export function lockedNames(lock: Lock): ReadonlySet<string> {
  return new Set(
    lock.targets.flatMap(({ base, system, debug, wheels = [] }) =>
      [
        ...(base.provider === 'image' ? [] : base.packages),
        ...system.packages,
        ...(debug === undefined ? [] : [debug]),
        ...wheels,
      ].map((one) => one.name),
    ),
  );
}
