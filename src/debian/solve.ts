import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { DebPackage, SuiteIndex } from './package.ts';
import { isSatisfiedBy, type Relation, type RelationGroup, renderRelationGroup } from './relation.ts';

export interface SolveOptions {
  /** What is wanted, as in a Depends field: usually plain names. */
  readonly wanted: readonly RelationGroup[];
  /** Names that count as installed in any version: dependencies on them are not followed. */
  readonly provided?: ReadonlySet<string>;
}

/** A dependency to fulfil: one of `candidates` has to be chosen. */
interface Clause {
  readonly group: RelationGroup;
  readonly from: DebPackage | undefined;
  readonly candidates: readonly DebPackage[];
}

interface State {
  readonly chosen: ReadonlyMap<string, DebPackage>;
  readonly open: readonly Clause[];
}

interface Problem {
  readonly clause: Clause;
  /** What stands against the candidates that there are. */
  readonly conflict?: { readonly candidate: DebPackage; readonly with: DebPackage };
}

/** Far above what real dependencies need; a hostile index must not keep the solver busy for ever. */
const mostSteps = 20_000;

/**
 * Chooses packages, newest versions only, so that all dependencies hold and nothing conflicts (Debian Policy 7):
 * what has one answer first, then alternatives in their order, real packages before virtual ones, with backtracking.
 * Sorted by name. Throws `DEBIAN_DEPENDENCY_UNMET`.
 */
export function solvePackages(index: SuiteIndex, options: SolveOptions): readonly DebPackage[] {
  const provided = options.provided ?? new Set<string>();
  const wanted = clausesOf(index, options.wanted, undefined, provided);
  const search = { steps: 0, first: undefined as Problem | undefined };

  function solve(start: State): ReadonlyMap<string, DebPackage> | undefined {
    const settled = propagate(start);
    if (settled === undefined) return undefined;
    const [next] = settled.open;
    if (next === undefined) return settled.chosen;
    for (const candidate of viable(next, settled.chosen)) {
      const answer = solve(choose(settled, candidate));
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
  /** Chooses wherever there is only one candidate left, until nothing is forced any more. */
  function propagate(start: State): State | undefined {
    let state = start;
    for (;;) {
      if (++search.steps > mostSteps) throw tooHard(index);
      const open = state.open.filter((clause) => !clause.candidates.some((one) => state.chosen.get(one.name) === one));
      state = { chosen: state.chosen, open };
      let forced: DebPackage | undefined;
      for (const clause of open) {
        const candidates = viable(clause, state.chosen);
        if (candidates.length === 0) {
          search.first ??= problemOf(clause, state.chosen);
          return undefined;
        }
        if (candidates.length === 1) forced ??= candidates[0];
      }
      if (forced === undefined) return state;
      state = choose(state, forced);
    }
  }
  function choose(state: State, candidate: DebPackage): State {
    const chosen = new Map(state.chosen).set(candidate.name, candidate);
    return { chosen, open: [...state.open, ...clausesOf(index, candidate.depends, candidate, provided)] };
  }

  const answer = solve({ chosen: new Map(), open: wanted });
  if (answer === undefined) throw unmet(index, search.first);
  return sortedBy(answer.values(), (one) => one.name);
}

function clausesOf(
  index: SuiteIndex,
  groups: readonly RelationGroup[],
  from: DebPackage | undefined,
  provided: ReadonlySet<string>,
): Clause[] {
  return groups
    .filter((group) => !group.some((relation) => provided.has(relation.name)))
    .map((group) => ({ group, from, candidates: candidatesOf(index, group) }));
}

function candidatesOf(index: SuiteIndex, group: RelationGroup): readonly DebPackage[] {
  const real = group.flatMap((relation) => realCandidate(index, relation));
  const virtual = group.flatMap((relation) =>
    index
      .providers(relation.name)
      .filter((one) =>
        one.version === undefined ? relation.version === undefined : isSatisfiedBy(relation, one.version),
      )
      .map((one) => one.package),
  );
  return [...new Set([...real, ...virtual])];
}

function realCandidate(index: SuiteIndex, relation: Relation): DebPackage[] {
  const candidate = index.find(relation.name);
  if (candidate === undefined || !isSatisfiedBy(relation, candidate.version)) return [];
  const { qualifier } = relation;
  const fits =
    qualifier === undefined ||
    qualifier === 'native' ||
    qualifier === index.architecture ||
    (qualifier === 'any' && candidate.multiArch === 'allowed');
  return fits ? [candidate] : [];
}

function viable(clause: Clause, chosen: ReadonlyMap<string, DebPackage>): readonly DebPackage[] {
  return clause.candidates.filter((candidate) => conflictOf(candidate, chosen) === undefined);
}

function conflictOf(candidate: DebPackage, chosen: ReadonlyMap<string, DebPackage>): DebPackage | undefined {
  for (const other of chosen.values()) {
    if (other.name === candidate.name) {
      if (other !== candidate) return other;
    } else if (conflictsWith(candidate, other) || conflictsWith(other, candidate)) return other;
  }
  return undefined;
}

/** Conflicts and Breaks also speak of virtual packages, except of one's own (Debian Policy 7.4, 7.6.2). */
function conflictsWith(left: DebPackage, right: DebPackage): boolean {
  return left.conflicts.flat().some((relation) => {
    if (relation.name === right.name) return isSatisfiedBy(relation, right.version);
    return right.provides
      .flat()
      .some(
        (provision) =>
          provision.name === relation.name &&
          (provision.version === undefined
            ? relation.version === undefined
            : isSatisfiedBy(relation, provision.version)),
      );
  });
}

function problemOf(clause: Clause, chosen: ReadonlyMap<string, DebPackage>): Problem {
  const [candidate] = clause.candidates;
  const other = candidate === undefined ? undefined : conflictOf(candidate, chosen);
  return candidate === undefined || other === undefined ? { clause } : { clause, conflict: { candidate, with: other } };
}

function unmet(index: SuiteIndex, problem: Problem | undefined): TareError {
  if (problem === undefined) return tooHard(index);
  const { clause, conflict } = problem;
  const need = renderRelationGroup(clause.group);
  const who = clause.from === undefined ? `\`${need}\` is wanted` : `\`${clause.from.name}\` needs \`${need}\``;
  const there = clause.group.map((relation) => index.find(relation.name)).find((one) => one !== undefined);
  const why =
    conflict !== undefined
      ? `\`${conflict.candidate.name}\` conflicts with \`${conflict.with.name}\``
      : there === undefined
        ? `${index.suite} has no such package for ${index.architecture}`
        : `${index.suite} has \`${there.name}\` ${there.version}`;
  return new TareError({
    code: 'DEBIAN_DEPENDENCY_UNMET',
    message: `${who}, but ${why}`,
    where: `${index.suite} (${index.architecture})`,
    hint: 'run again with `--refresh`; if it stays so, the mirror is between two states, or not a whole Debian archive',
  });
}

function tooHard(index: SuiteIndex): TareError {
  return new TareError({
    code: 'DEBIAN_DEPENDENCY_UNMET',
    message: 'the dependencies of the Debian packages cannot be solved in reasonable time',
    where: `${index.suite} (${index.architecture})`,
    hint: 'ask for fewer packages, or for fewer at once',
  });
}
