import { normalizedName } from '../../python/package-name.ts';
import { parseSpecifierSet, specifierContains } from '../../python/specifier.ts';
import { knownDistributions } from './distributions.data.ts';
import type { KnowledgeEntry, KnownNeed, KnownWheel } from './types.ts';

const byDistribution = groupEntries();

function groupEntries(): ReadonlyMap<string, readonly KnowledgeEntry[]> {
  const groups = new Map<string, KnowledgeEntry[]>();
  for (const entry of knownDistributions) {
    const group = groups.get(entry.distribution) ?? [];
    group.push(entry);
    groups.set(entry.distribution, group);
  }
  return groups;
}

/** What the chosen wheels need of the system that no ELF file tells, in the order of the wheels. */
export function knownNeeds(wheels: readonly KnownWheel[]): readonly KnownNeed[] {
  const chosen = new Set(wheels.map(({ name }) => normalizedName(name)));
  return wheels.flatMap((wheel) =>
    (byDistribution.get(normalizedName(wheel.name)) ?? [])
      .filter((entry) => applies(entry, wheel, chosen))
      .flatMap((entry) => needsOf(entry, wheel)),
  );
}

function applies(entry: KnowledgeEntry, wheel: KnownWheel, chosen: ReadonlySet<string>): boolean {
  const { versions, unlessBeside = [], unlessFile } = entry;
  if (versions !== undefined && !specifierContains(parseSpecifierSet(versions), wheel.version)) return false;
  if (unlessBeside.some((name) => chosen.has(name))) return false;
  return unlessFile === undefined || !bringsItself(unlessFile, wheel);
}

function bringsItself(file: RegExp, { files, filename }: KnownWheel): boolean {
  return files === undefined ? !/-any\.whl$/i.test(filename) : files.some((path) => file.test(path));
}

function needsOf(entry: KnowledgeEntry, wheel: KnownWheel): readonly KnownNeed[] {
  const { libraries = [], programs = [], distribution, condition, evidence, absent } = entry;
  const need = wheel.isDirect === false ? (entry.needIfIndirect ?? entry.need) : entry.need;
  const common = { need, distribution, condition, evidence, ...(absent === undefined ? {} : { absent }) };
  return [
    ...libraries.map((names) => ({ kind: 'library' as const, names, ...common })),
    ...programs.map((names) => ({ kind: 'program' as const, names, ...common })),
  ];
}
