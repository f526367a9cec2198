import { compareText } from '../base/order.ts';
import type { FileFacts } from './file-facts.ts';

/** What an image's root holds, as data. Paths may begin with `/`; `..` never leads above the root. */
export interface RootTree {
  /** The entry at a path: links in its folders are followed, one at its end is not. */
  readonly find: (path: string) => FileFacts | undefined;
  /** The entry that a path leads to, all links followed, and the path that it is really at. */
  readonly resolve: (path: string) => FoundFile | undefined;
  /** Names in a folder, sorted. Links to it are followed. */
  readonly children: (path: string) => readonly string[];
  /** All entries, sorted by path. */
  readonly entries: () => readonly FileFacts[];
}

export interface FoundFile {
  readonly path: string;
  readonly facts: FileFacts;
}

/** As Linux has it (path_resolution(7)). */
const mostLinks = 40;
const whiteoutPrefix = '.wh.';
const opaqueName = '.wh..wh..opq';

interface Node {
  facts: FileFacts | undefined;
  children: Map<string, Node> | undefined;
}

/** Lays layers over each other, the lowest first (OCI image specification, layer.md: "Applying Changesets", "Whiteouts"). */
export function layTree(layers: readonly (readonly FileFacts[])[]): RootTree {
  const root: Node = { facts: undefined, children: new Map() };
  for (const layer of layers) layLayer(root, layer);
  return viewOf(root);
}

function layLayer(root: Node, all: readonly FileFacts[]): void {
  // Readers of archives give no others; of anything else nothing is known.
  const layer = all.filter(({ path }) => !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path));
  // Whiteouts hide only what is below the layer, wherever in it they stand.
  for (const { path } of layer) {
    const [folder, name] = split(path);
    if (!name.startsWith(whiteoutPrefix)) continue;
    const at = walk(root, folder);
    if (name === opaqueName) {
      if (at !== undefined) at.node.children = new Map();
    } else at?.node.children?.delete(name.slice(whiteoutPrefix.length));
  }
  for (const facts of layer) {
    const [folder, name] = split(facts.path);
    if (name === '' || name.startsWith(whiteoutPrefix)) continue;
    const parent = makeFolder(root, folder);
    const known = parent.children?.get(name);
    const isFolder = facts.type === 'directory';
    if (known !== undefined && isFolder && known.children !== undefined) known.facts = facts;
    else parent.children?.set(name, { facts: linked(root, facts), children: isFolder ? new Map() : undefined });
  }
}

/** A hard link is the file that it leads to, under another name. */
function linked(root: Node, facts: FileFacts): FileFacts {
  if (facts.type !== 'hardlink') return facts;
  const target = walk(root, facts.linkTarget ?? '', false)?.node.facts;
  if (target === undefined || target.type === 'directory') return facts;
  return { ...target, path: facts.path };
}

function makeFolder(root: Node, folder: string): Node {
  let node = root;
  let done = '';
  for (const part of folder === '' ? [] : folder.split('/')) {
    done = done === '' ? part : `${done}/${part}`;
    let next = node.children?.get(part);
    if (next?.facts?.type === 'symlink') next = walk(root, done)?.node ?? next;
    if (next?.children === undefined) {
      next = { facts: undefined, children: new Map() };
      node.children?.set(part, next);
    }
    node = next;
  }
  return node;
}

/** Where a path leads; `followLast`: also through a link at its end. */
function walk(root: Node, path: string, followLast = true): { node: Node; path: string } | undefined {
  const ahead = path.split('/').reverse();
  const nodes: Node[] = [root];
  const names: string[] = [];
  let links = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (names.length > 0) {
        names.pop();
        nodes.pop();
      }
      continue;
    }
    const next = nodes.at(-1)?.children?.get(part);
    if (next === undefined) return undefined;
    if (next.facts?.type === 'symlink' && (followLast || ahead.some((one) => one !== '' && one !== '.'))) {
      links += 1;
      if (links > mostLinks) return undefined;
      const target = next.facts.linkTarget ?? '';
      if (target.startsWith('/')) {
        names.length = 0;
        nodes.length = 1;
      }
      ahead.push(...target.split('/').reverse());
      continue;
    }
    names.push(part);
    nodes.push(next);
  }
  const node = nodes.at(-1);
  return node === undefined ? undefined : { node, path: names.join('/') };
}

function viewOf(root: Node): RootTree {
  let sorted: readonly FileFacts[] | undefined;
  const found = (path: string, followLast: boolean): FoundFile | undefined => {
    const at = walk(root, path, followLast);
    return at === undefined ? undefined : { path: at.path, facts: factsAt(at.node, at.path) };
  };
  return {
    find: (path) => found(path, false)?.facts,
    resolve: (path) => found(path, true),
    children: (path) => [...(walk(root, path)?.node.children?.keys() ?? [])].sort(compareText),
    entries: () => (sorted ??= listOf(root).sort((left, right) => compareText(left.path, right.path))),
  };
}

/** A folder that no layer names is there all the same. */
function factsAt(node: Node, path: string): FileFacts {
  if (node.facts === undefined) return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0 };
  return node.facts.path === path ? node.facts : { ...node.facts, path };
}

function listOf(root: Node): FileFacts[] {
  const list: FileFacts[] = [];
  const ahead: { node: Node; path: string }[] = [{ node: root, path: '' }];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { node, path } = next;
    if (path !== '') list.push(factsAt(node, path));
    for (const [name, child] of node.children ?? []) {
      ahead.push({ node: child, path: path === '' ? name : `${path}/${name}` });
    }
  }
  return list;
}

function split(path: string): readonly [string, string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}
