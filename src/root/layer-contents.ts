import { createHash } from 'node:crypto';
import type { TarEntry } from '../archive/tar-reader.ts';
import { canonicalJson } from '../base/order.ts';
import type { FileFacts } from './file-facts.ts';
import { isKeptText } from './layer-facts.ts';

/** What a layer holds, each file with the digest of its bytes: for comparing images. Plain data: it is kept in the cache. */
export interface LayerContents {
  /** Bytes of the tar archive. */
  readonly unpackedSize: number;
  /** In the order of the layer, whiteouts included; without what only a loader asks for. */
  readonly files: readonly FileFacts[];
  /** The texts of files that `isDescribingText` names, by path. */
  readonly texts: Readonly<Record<string, string>>;
}

/** A text that is larger counts as absent. Bytes. */
const largestText = 32 * 1024 * 1024;

const describing = [
  /^(?:etc|usr\/lib)\/os-release$/,
  /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+)$/,
  /^var\/lib\/dpkg\/info\/[^/]+\.list$/,
];

/** The small files of an image whose text says what is in it. */
function isDescribingText(path: string): boolean {
  return isKeptText(path) || describing.some((pattern) => pattern.test(path));
}

/** Reads all entries of a layer in one pass. Throws what reading the archive throws. */
export async function scanContents(
  entries: AsyncIterable<TarEntry>,
  signal: AbortSignal,
): Promise<Omit<LayerContents, 'unpackedSize'>> {
  const files: FileFacts[] = [];
  const texts = new Map<string, string>();
  for await (const entry of entries) {
    signal.throwIfAborted();
    const { path, type, mode, uid, gid, size, linkTarget } = entry;
    const facts = { path, type, mode, uid, gid, size, ...(linkTarget === undefined ? {} : { linkTarget }) };
    if (type !== 'file') {
      files.push(facts);
      const text = type === 'hardlink' && isDescribingText(path) ? texts.get(linkTarget ?? '') : undefined;
      if (text !== undefined) texts.set(path, text);
      continue;
    }
    const isKept = isDescribingText(path) && size <= largestText;
    const { sha256, kept } = await readContent(entry, isKept);
    files.push({ ...facts, sha256 });
    if (isKept) texts.set(path, kept);
  }
  return { files, texts: Object.fromEntries(texts) };
}

async function readContent(
  { body }: TarEntry,
  isKept: boolean,
): Promise<{ readonly sha256: string; readonly kept: string }> {
  const hash = createHash('sha256');
  const pieces: Uint8Array[] = [];
  for await (const piece of body) {
    hash.update(piece);
    // The reader may write over its buffer.
    if (isKept) pieces.push(Uint8Array.from(piece));
  }
  return { sha256: hash.digest('hex'), kept: Buffer.concat(pieces).toString('utf8') };
}

/** Raised whenever the same layer gives other contents. */
const contentsVersion = 1;

/** The name of a layer's contents in a cache, by the digest of its unpacked archive. */
export function layerContentsKey(diffId: string): string {
  return canonicalJson(['layer-contents', contentsVersion, diffId]);
}
