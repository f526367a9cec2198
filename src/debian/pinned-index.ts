import { sha256 } from '../base/digest.ts';
import { canonicalJson, sortedBy } from '../base/order.ts';
import type { DebPackage, Provider, SuiteIndex } from './package.ts';

/** A suite in which some packages stay as a lock has them, whatever the index has by now. */
export function withPinned(index: SuiteIndex, pinned: readonly DebPackage[]): SuiteIndex {
  if (pinned.length === 0) return index;
  const byName = new Map(pinned.map((one) => [one.name, one]));
  const hashes = sortedBy(
    pinned.map((one) => one.sha256),
    (one) => one,
  );
  return {
    ...index,
    digest: sha256(canonicalJson({ index: index.digest, pinned: hashes })),
    find: (name) => byName.get(name) ?? index.find(name),
    providers: (name) => {
      const others = index.providers(name).filter((one) => !byName.has(one.package.name));
      return [...pinned.flatMap((one) => provisionsOf(one, name)), ...others];
    },
  };
}

function provisionsOf(one: DebPackage, name: string): Provider[] {
  return one.provides.flat().flatMap((provision) => {
    if (provision.name !== name) return [];
    return [{ package: one, ...(provision.version === undefined ? {} : { version: provision.version }) }];
  });
}

/**
 * What a package takes along when it moves: packages of the same source that ask for exactly their own version, and what the new
 * one depends on. Names, the package's own among them.
 */
export function movedAlong(
  names: ReadonlySet<string>,
  locked: readonly DebPackage[],
  index: SuiteIndex,
): ReadonlySet<string> {
  const moved = new Set(names);
  for (let before = -1; before !== moved.size; ) {
    before = moved.size;
    for (const one of locked) {
      const isTied = one.depends.flat().some(({ name, operator }) => operator === '=' && moved.has(name));
      if (isTied) moved.add(one.name);
    }
    for (const name of [...moved]) {
      for (const relation of index.find(name)?.depends.flat() ?? []) {
        const kept = locked.find((one) => one.name === relation.name);
        if (kept !== undefined && relation.operator !== undefined) moved.add(kept.name);
      }
    }
  }
  return moved;
}
