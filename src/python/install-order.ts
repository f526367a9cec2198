import { compareText } from '../base/order.ts';

export interface OrderedDistribution {
  /** Normalised; an extra is a distribution of its own here: `uvicorn[standard]`. */
  readonly name: string;
  /** Names of what it needs, markers already applied. Names that are no distribution are passed over. */
  readonly requires: readonly string[];
  /** Takes part in the graph but is not installed: an extra, as pip has it. */
  readonly virtual?: boolean;
}

/** How many steps are spent on cycles, which take exponential time to order as pip does. */
const mostSteps = 2_000_000;

/**
 * The order in which pip installs: what others need comes first, cycles are broken where pip breaks them. Names that nothing
 * requested leads to are taken as requested. Newer versions of pip look at five paths to each member of a knot of cycles only,
 * and at which depends on the run: here all are looked at, as pip did before.
 */
export function installOrder(
  distributions: readonly OrderedDistribution[],
  requested: readonly string[],
): readonly string[] {
  const graph = buildGraph(distributions, requested);
  const weights = pruneLeaves(graph);
  for (const [name, depth] of deepestPlaces(graph)) weights.set(name, depth);
  const installed = distributions.filter(({ virtual }) => virtual !== true).map(({ name }) => name);
  const weightOf = (name: string): number => weights.get(name) ?? 0;
  // pip sorts ascending by weight and name, then turns the whole list round.
  return [...new Set(installed)].sort((left, right) => weightOf(right) - weightOf(left) || compareText(right, left));
}

/** The root of the graph; no distribution has an empty name. */
const root = '';

type Graph = Map<string, Set<string>>;

function buildGraph(distributions: readonly OrderedDistribution[], requested: readonly string[]): Graph {
  const graph: Graph = new Map([[root, new Set<string>()]]);
  for (const { name } of distributions) graph.set(name, new Set());
  for (const { name, requires } of distributions) {
    for (const needed of requires) if (graph.has(needed)) graph.get(name)?.add(needed);
  }
  const top = graph.get(root) ?? new Set();
  for (const name of requested) if (graph.has(name) && name !== root) top.add(name);
  const reached = reachable(graph, root);
  for (const { name } of distributions) {
    if (reached.has(name)) continue;
    top.add(name);
    for (const found of reachable(graph, name)) reached.add(found);
  }
  return graph;
}

function reachable(graph: Graph, from: string): Set<string> {
  const seen = new Set([from]);
  for (const name of seen) for (const child of graph.get(name) ?? []) seen.add(child);
  return seen;
}

/** Takes away, again and again, whatever needs nothing that is left. Each round's weight is the number of nodes but the root. */
function pruneLeaves(graph: Graph): Map<string, number> {
  const weights = new Map<string, number>();
  for (;;) {
    const leaves = [...graph].filter(([name, children]) => name !== root && children.size === 0).map(([name]) => name);
    if (leaves.length === 0) return weights;
    const weight = graph.size - 1;
    for (const leaf of leaves) {
      weights.set(leaf, weight);
      graph.delete(leaf);
    }
    for (const children of graph.values()) for (const leaf of leaves) children.delete(leaf);
  }
}

/**
 * The length of the longest path from the root to each node that visits no node twice, for what is left: cycles and what leads
 * to them. A path never comes back to a strongly connected part that it has left, so parts are walked one after the other.
 */
function deepestPlaces(graph: Graph): Map<string, number> {
  const deepest = new Map<string, number>([[root, 0]]);
  const budget = { steps: mostSteps };
  for (const part of connectedParts(graph)) {
    const entries = [...part].flatMap((name) => {
      const depth = deepest.get(name);
      return depth === undefined ? [] : [{ name, depth }];
    });
    for (const { name, depth } of entries) walkPart(graph, part, { name, depth }, deepest, budget);
    for (const name of part) {
      const depth = (deepest.get(name) ?? 0) + 1;
      for (const child of graph.get(name) ?? []) {
        if (!part.has(child)) deepest.set(child, Math.max(depth, deepest.get(child) ?? 0));
      }
    }
  }
  return deepest;
}

/** Tries every path inside one part. What the budget leaves untried keeps the longest path found so far. */
function walkPart(
  graph: Graph,
  part: ReadonlySet<string>,
  entry: { readonly name: string; readonly depth: number },
  deepest: Map<string, number>,
  budget: { steps: number },
): void {
  const path = new Set([entry.name]);
  const stack = [{ name: entry.name, children: childrenOf(graph, entry.name) }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.children.next();
    if (next.done === true || budget.steps <= 0) {
      stack.pop();
      path.delete(top.name);
      continue;
    }
    const name = next.value;
    budget.steps -= 1;
    if (!part.has(name) || path.has(name)) continue;
    deepest.set(name, Math.max(entry.depth + path.size, deepest.get(name) ?? 0));
    path.add(name);
    stack.push({ name, children: childrenOf(graph, name) });
  }
}

function childrenOf(graph: Graph, name: string): Iterator<string, undefined> {
  return (graph.get(name) ?? new Set<string>()).values();
}

/** The strongly connected parts, each before those that it leads to (Kosaraju's method, without recursion). */
function connectedParts(graph: Graph): ReadonlySet<string>[] {
  const backwards: Graph = new Map([...graph.keys()].map((name) => [name, new Set<string>()]));
  for (const [name, children] of graph) for (const child of children) backwards.get(child)?.add(name);
  const finished: string[] = [];
  const seen = new Set<string>();
  for (const name of graph.keys()) finishFrom(graph, name, seen, finished);
  const parts: Set<string>[] = [];
  const placed = new Set<string>();
  for (const name of finished.reverse()) {
    const part: string[] = [];
    finishFrom(backwards, name, placed, part);
    if (part.length > 0) parts.push(new Set(part));
  }
  return parts;
}

/** Adds what is reachable and not yet seen to `finished`, each node behind all that it leads to. */
function finishFrom(graph: Graph, start: string, seen: Set<string>, finished: string[]): void {
  if (seen.has(start)) return;
  seen.add(start);
  const stack = [{ name: start, children: childrenOf(graph, start) }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.children.next();
    if (next.done === true) {
      finished.push(top.name);
      stack.pop();
    } else if (!seen.has(next.value)) {
      seen.add(next.value);
      stack.push({ name: next.value, children: childrenOf(graph, next.value) });
    }
  }
}
