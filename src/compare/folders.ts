import { compareText } from '../base/order.ts';
import type { DescribedImage } from '../inspect/describe.ts';
import type { FileFacts } from '../root/file-facts.ts';

/** One folder with all below it, over several images. Sizes in bytes. */
export interface FolderDifference {
  /** Absolute. */
  readonly path: string;
  /** In the order of the images; null where it has no file. */
  readonly images: readonly (FolderContent | null)[];
  /** Files that are in several images with different content. */
  readonly changedFiles: number;
}

export interface FolderContent {
  readonly bytes: number;
  readonly files: number;
  /** Files that no other of the images has. */
  readonly onlyHere: number;
}

interface Node {
  readonly path: string;
  readonly children: Map<string, Node>;
  readonly bytes: number[];
  readonly files: number[];
  readonly onlyHere: number[];
  changed: number;
  /** Bytes of files that are not the same in all images; an empty file counts one. */
  different: number;
}

/** A folder is told by its parts where one of them has at least this share of what differs in it. */
const tellingShare = 0.6;
/** Up to here a folder says little by itself: `usr/lib`. */
const shallow = 3;

/** The `most` folders in which images differ most, by the bytes of what differs; none lies in another of them. */
export function compareFolders(
  images: readonly Pick<DescribedImage, 'files'>[],
  most: number,
): readonly FolderDifference[] {
  const found: Node[] = [];
  const ahead = [...readTree(images).children.values()].filter(differs);
  while (found.length < most) {
    ahead.sort((left, right) => left.different - right.different || compareText(right.path, left.path));
    const next = ahead.pop();
    if (next === undefined) break;
    const parts = [...next.children.values()].filter(differs);
    const isTold = parts.some((part) => part.different >= tellingShare * next.different);
    const isShallow = next.path.split('/').length < shallow || next.path.endsWith('-packages');
    if (parts.length > 0 && (isTold || isShallow)) ahead.push(...parts);
    else found.push(next);
  }
  return found.map(({ path, bytes, files, onlyHere, changed }) => ({
    path: `/${path}`,
    images: images.map((_, at) =>
      files[at] === 0 ? null : { bytes: bytes[at] ?? 0, files: files[at] ?? 0, onlyHere: onlyHere[at] ?? 0 },
    ),
    changedFiles: changed,
  }));
}

function differs(node: Node): boolean {
  return node.different > 0;
}

/** Where a path is, in the order of the images. */
type Found = (FileFacts | undefined)[];

function readTree(images: readonly Pick<DescribedImage, 'files'>[]): Node {
  const root = makeNode('', images.length);
  const all = new Map<string, Found>();
  for (const [at, { files }] of images.entries()) {
    for (const file of files) {
      const known = all.get(file.path) ?? images.map(() => undefined);
      known[at] = file;
      all.set(file.path, known);
    }
  }
  for (const [path, found] of all) {
    const nodes = foldersOf(root, path, images.length);
    const there = found.flatMap((file, at) => (file === undefined ? [] : [{ at, file }]));
    const contents = new Set(there.map(({ file }) => contentOf(file)));
    const isChanged = contents.size > 1;
    const isSame = contents.size === 1 && there.length === images.length;
    const only = there.length === 1 && images.length > 1 ? there[0]?.at : undefined;
    const size = Math.max(1, ...there.map(({ file }) => file.size));
    for (const node of nodes) {
      for (const { at, file } of there) {
        node.bytes[at] = (node.bytes[at] ?? 0) + file.size;
        node.files[at] = (node.files[at] ?? 0) + 1;
      }
      if (only !== undefined) node.onlyHere[only] = (node.onlyHere[only] ?? 0) + 1;
      if (isChanged) node.changed++;
      if (!isSame) node.different += size;
    }
  }
  return root;
}

function contentOf({ type, sha256, linkTarget = '' }: FileFacts): string {
  return type === 'file' ? (sha256 ?? '') : `${type} ${linkTarget}`;
}

function makeNode(path: string, images: number): Node {
  const zeros = (): number[] => new Array<number>(images).fill(0);
  return { path, children: new Map(), bytes: zeros(), files: zeros(), onlyHere: zeros(), changed: 0, different: 0 };
}

/** The folders that a file is in, from the top one on; a file at the root is in none. */
function foldersOf(root: Node, path: string, images: number): readonly Node[] {
  const nodes: Node[] = [];
  let node = root;
  const parts = path.split('/').slice(0, -1);
  for (const [depth, part] of parts.entries()) {
    let next = node.children.get(part);
    if (next === undefined) {
      next = makeNode(parts.slice(0, depth + 1).join('/'), images);
      node.children.set(part, next);
    }
    nodes.push(next);
    node = next;
  }
  return nodes;
}
