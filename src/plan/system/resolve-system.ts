import type { Because } from '../../base/because.ts';
import { sortedBy } from '../../base/order.ts';
import type { DebPackage } from '../../debian/package.ts';
import { findDataPackages, findStandIns } from './data-packages.ts';
import { solveDepends } from './depends.ts';
import { findOpenNeeds, type Need } from './open-needs.ts';
import { findProvision, type Provision } from './providers.ts';
import { createSiblingCheck } from './siblings.ts';
import type { AddedPackage, NeedChain, OpenNeed, SystemCatalogue, SystemRequest, SystemResolution } from './types.ts';

/** A package that is to be added. */
interface Choice {
  readonly deb: DebPackage;
  readonly because: Because;
  readonly chain: NeedChain;
  readonly isNamed: boolean;
}

/**
 * The Debian packages that an image lacks, found by loading everything that must load, adding who provides what is missing, and
 * loading again until nothing is missing that can be had.
 */
export async function resolveSystem(
  request: SystemRequest,
  catalogue: SystemCatalogue | undefined,
): Promise<SystemResolution> {
  const isSibling = createSiblingCheck(request);
  if (catalogue === undefined) {
    const open = findOpenNeeds(request, new Map(), isSibling).map((need) => openNeed(need, 'no-suite'));
    return { added: [], leftOut: [], open: uniqueBy(open, (one) => `${one.kind} ${one.name} ${one.chain[0] ?? ''}`) };
  }
  const added = new Map<string, AddedPackage>();
  const roots = new Set<string>();
  const open = new Map<string, OpenNeed>();
  for (;;) {
    const needs = findOpenNeeds(request, added, isSibling).filter((need) => !open.has(keyOf(need)));
    const choices = new Map<string, Choice>();
    for (const need of needs) {
      const provision = await findProvision(need, request, catalogue, new Set([...choices.keys(), ...added.keys()]));
      if (provision.kind === 'package' && !added.has(provision.deb.name)) {
        const { deb, because, isNamed } = provision;
        if (!choices.has(deb.name)) choices.set(deb.name, { deb, because, chain: need.chain, isNamed });
        if (!added.has(need.by ?? '')) roots.add(deb.name);
      } else open.set(keyOf(need), openNeed(need, provision.kind));
    }
    if (choices.size === 0) break;
    await addAll(request, catalogue, added, roots, choices);
  }
  const leftOut = request.policy === 'depends' ? [] : leftOutOf(request, catalogue, added, roots);
  return {
    added: sortedBy(added.values(), (one) => one.deb.name),
    leftOut,
    open: [...open.values()],
  };
}

/** One need is told once, with the first chain that leads to it. */
function keyOf(need: Need): string {
  return `${need.kind} ${need.name} ${need.chain[0] ?? ''}`;
}

function openNeed({ kind, name, chain }: Need, provision: Provision['kind'] | 'no-suite'): OpenNeed {
  // A package that is there and yet does not help is of no more use than none.
  const reason = kind === 'version' ? 'too-old' : provision === 'package' ? 'unknown' : provision;
  return { kind, name, chain, reason };
}

async function addAll(
  request: SystemRequest,
  catalogue: SystemCatalogue,
  added: Map<string, AddedPackage>,
  roots: ReadonlySet<string>,
  choices: Map<string, Choice>,
): Promise<void> {
  if (request.policy === 'depends') {
    const all = solveDepends(request, catalogue.index, [...roots, ...added.keys()]);
    for (const deb of all) {
      const because = { rule: 'a dependency that apt would take, too' };
      if (!choices.has(deb.name)) choices.set(deb.name, { deb, because, chain: [deb.name], isNamed: false });
    }
  } else await chooseData(request, catalogue, added, choices);
  const fresh = [...choices.values()].filter(({ deb }) => !added.has(deb.name));
  const files = await catalogue.files(fresh.map(({ deb }) => deb));
  for (const [at, choice] of fresh.entries()) added.set(choice.deb.name, { ...choice, files: files[at] ?? [] });
}

/** Data packages of data packages, too: a configuration wants its fonts. And what a package that is named only stands for. */
async function chooseData(
  request: SystemRequest,
  catalogue: SystemCatalogue,
  added: ReadonlyMap<string, AddedPackage>,
  choices: Map<string, Choice>,
): Promise<void> {
  for (const choice of choices.values()) {
    for (const deb of choice.isNamed ? await findStandIns(choice.deb, request, catalogue) : []) {
      if (choices.has(deb.name) || added.has(deb.name)) continue;
      const because = { rule: `\`${choice.deb.name}\` stands for it` };
      choices.set(deb.name, { deb, because, chain: [...choice.chain, deb.name], isNamed: true });
    }
    for (const deb of await findDataPackages(choice.deb, request, catalogue)) {
      if (choices.has(deb.name) || added.has(deb.name)) continue;
      const because = { rule: `data that \`${choice.deb.name}\` depends on` };
      // Data of data: the chain ends with its name already.
      const before = choice.chain.at(-1) === choice.deb.name ? choice.chain : [...choice.chain, choice.deb.name];
      choices.set(deb.name, { deb, because, chain: [...before, deb.name], isNamed: false });
    }
  }
}

function leftOutOf(
  request: SystemRequest,
  catalogue: SystemCatalogue,
  added: ReadonlyMap<string, AddedPackage>,
  roots: ReadonlySet<string>,
): SystemResolution['leftOut'] {
  if (roots.size === 0) return [];
  const because = { rule: 'nothing that must load needs it' };
  return solveDepends(request, catalogue.index, [...roots])
    .filter((deb) => !added.has(deb.name))
    .map((deb) => ({ deb, because }));
}

function uniqueBy<T>(values: readonly T[], keyOf: (value: T) => string): readonly T[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}
