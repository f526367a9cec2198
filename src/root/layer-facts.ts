import { canonicalJson } from '../base/order.ts';
import type { FileFacts } from './file-facts.ts';

/** What a layer holds, without its bytes but for those of a few small files. Plain data: it is kept in the cache. */
export interface LayerFacts {
  /** In the order of the layer; whiteouts (OCI image specification, layer.md) are entries like others. */
  readonly files: readonly FileFacts[];
  /** The texts of files that `isKeptText` names, by path. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Bytes of bytecode among files. */
export function bytecodeIn(files: readonly FileFacts[]): number {
  return files.reduce((sum, file) => sum + (file.bytecodeMagic === undefined ? 0 : file.size), 0);
}

const keptTexts = new RegExp(
  [
    // What is installed, and what it is started by (recording installed projects; entry points specification; PEP 405).
    String.raw`(?:^|/)[^/]+\.dist-info/(?:entry_points\.txt|RECORD)$`,
    String.raw`(?:^|/)pyvenv\.cfg$`,
    String.raw`(?:^|/)(?:site|dist)-packages/[^/]+\.pth$`,
    String.raw`^etc/(?:passwd|group|ld\.so\.conf(?:\.d/[^/]+)?)$`,
  ].join('|'),
);

/** Whether later steps ask for the text of the file at this path. */
export function isKeptText(path: string): boolean {
  return keptTexts.test(path);
}

/** Raised whenever the same layer gives other facts. */
const factsVersion = 1;

/** The name of a layer's facts in a cache, by the digest of its unpacked archive. */
export function layerFactsKey(diffId: string): string {
  return canonicalJson(['layer-facts', factsVersion, diffId]);
}
