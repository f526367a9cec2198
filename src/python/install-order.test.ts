import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { installOrder, type OrderedDistribution } from './install-order.ts';

describe('installOrder', () => {
  test('what others need comes first; equals come in reverse order of their names', () => {
    const order = installOrder(
      [
        { name: 'app', requires: ['web', 'db'] },
        { name: 'web', requires: ['core'] },
        { name: 'db', requires: ['core'] },
        { name: 'core', requires: [] },
      ],
      ['app'],
    );
    expect(order).toEqual(['core', 'web', 'db', 'app']);
  });

  test('an extra takes part without being installed; unknown names are passed over', () => {
    const order = installOrder(
      [
        { name: 'uvicorn', requires: ['h11'] },
        { name: 'uvicorn[standard]', requires: ['uvicorn', 'uvloop', 'h11'], virtual: true },
        { name: 'h11', requires: [] },
        { name: 'uvloop', requires: ['absent'] },
        { name: 'alone', requires: [] },
      ],
      ['uvicorn[standard]'],
    );
    expect(order).toEqual(['uvloop', 'h11', 'alone', 'uvicorn']);
  });

  test('a large knot ends in time', () => {
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
    const knot = names.map((name) => ({ name, requires: names.filter((other) => other !== name) }));
    expect(new Set(installOrder(knot, ['n0']))).toEqual(new Set(names));
    const chain = Array.from({ length: 3000 }, (_, index) => ({
      name: `c${index}`,
      requires: [`c${(index + 1) % 3000}`],
    }));
    expect(installOrder(chain, ['c0']).at(-1)).toBe('c0');
  });
});

interface Case {
  readonly distributions: readonly OrderedDistribution[];
  readonly requested: readonly string[];
}

/** Runs pip's own function over the cases that come in, as JSON. */
const oracle = `
import json, sys
from pip._internal.resolution.resolvelib.resolver import get_topological_weights, _req_set_item_sorter
from pip._vendor.resolvelib.structs import DirectedGraph
import functools
answers = []
for case in json.load(sys.stdin):
    graph = DirectedGraph()
    graph.add(None)
    for one in case["distributions"]:
        graph.add(one["name"])
    for one in case["distributions"]:
        for needed in one["requires"]:
            graph.connect(one["name"], needed)
    for name in case["requested"]:
        graph.connect(None, name)
    keys = {one["name"]: None for one in case["distributions"] if not one.get("virtual")}
    weights = get_topological_weights(graph, set(keys))
    key = functools.partial(_req_set_item_sorter, weights=weights)
    answers.append([name for name, _ in sorted(keys.items(), key=key, reverse=True)])
print(json.dumps(answers))
`;

function pythonsWithPip(): string[] {
  const versions = join(homedir(), '.pyenv', 'versions');
  let managed: string[] = [];
  try {
    managed = readdirSync(versions).map((name) => join(versions, name, 'bin', 'python3'));
  } catch {
    // There is no such folder on most machines.
  }
  return ['python3', ...managed.sort().reverse()];
}

function askPip(cases: readonly Case[]): unknown {
  for (const python of pythonsWithPip()) {
    try {
      return JSON.parse(
        execFileSync(python, ['-c', oracle], {
          input: JSON.stringify(cases),
          stdio: ['pipe', 'pipe', 'ignore'],
        }).toString(),
      );
    } catch {
      // No Python, no pip, or one that is older than this function.
    }
  }
  return undefined;
}

/** Graphs in which everything is reached from what is requested. */
function graphs(size: number, edges: number): fc.Arbitrary<Case> {
  const nodes = fc.integer({ min: 1, max: size });
  return nodes.chain((count) => {
    const node = fc.nat(count - 1);
    return fc
      .record({
        pairs: fc.array(fc.tuple(node, node), { maxLength: edges }),
        virtual: fc.array(node, { maxLength: 2 }),
        requested: fc.array(node, { minLength: 1, maxLength: 3 }),
      })
      .map(({ pairs, virtual, requested }) => toCase(count, pairs, new Set(virtual), requested));
  });
}

function toCase(
  count: number,
  pairs: readonly [number, number][],
  virtual: Set<number>,
  requested: readonly number[],
): Case {
  const name = (index: number): string => `p${index}`;
  const needs = Array.from({ length: count }, () => new Set<number>());
  for (const [from, to] of pairs) if (from !== to) needs[from]?.add(to);
  const reached = new Set(requested);
  for (const from of reached) for (const to of needs[from] ?? []) reached.add(to);
  const distributions = [...reached].map((index) => ({
    name: name(index),
    requires: [...(needs[index] ?? [])].map(name),
    ...(virtual.has(index) ? { virtual: true } : {}),
  }));
  return { distributions, requested: requested.map(name) };
}

/** The largest number of paths by which one node is reached, counted as far as six. */
function mostPaths({ distributions, requested }: Case): number {
  const needs = new Map(distributions.map(({ name, requires }) => [name, requires]));
  const counts = new Map<string, number>();
  const follow = (name: string, path: readonly string[]): void => {
    const count = counts.get(name) ?? 0;
    if (path.includes(name) || count > 5) return;
    counts.set(name, count + 1);
    for (const needed of needs.get(name) ?? []) follow(needed, [...path, name]);
  };
  for (const name of new Set(requested)) follow(name, []);
  return Math.max(...counts.values());
}

test('orders random graphs, with and without cycles, as pip does', () => {
  const sparse = fc.sample(graphs(14, 16), { numRuns: 150, seed: 1 });
  const dense = fc.sample(graphs(6, 14), { numRuns: 300, seed: 2 });
  // Where a node has more paths, the order of later versions of pip changes from run to run.
  const cases = [...sparse, ...dense].filter((one) => mostPaths(one) <= 5);
  expect(cases.length).toBeGreaterThan(250);
  const answers = askPip(cases);
  const ours = cases.map(({ distributions, requested }) => installOrder(distributions, requested));
  if (answers !== undefined) expect(ours).toEqual(answers);
  for (const [index, { distributions }] of cases.entries()) {
    const installed = distributions.filter(({ virtual }) => virtual !== true).map(({ name }) => name);
    expect(new Set(ours[index])).toEqual(new Set(installed));
  }
});
