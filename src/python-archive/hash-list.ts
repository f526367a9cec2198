import { type Digest, digestFromHex } from '../base/digest.ts';

/** Lines of `sha256sum(1)`, `HASH  NAME`, by the last part of the name; other lines are passed over. */
export function parseHashList(text: string): ReadonlyMap<string, Digest> {
  const found = new Map<string, Digest>();
  for (const line of text.split(/\r?\n/)) {
    const [, hex, name] = /^([0-9a-fA-F]{64})[ \t]+\*?(\S.*?)\s*$/.exec(line) ?? [];
    if (hex !== undefined && name !== undefined) found.set(name.slice(name.lastIndexOf('/') + 1), digestFromHex(hex));
  }
  return found;
}

/** The hash in a `FILE.sha256`: alone, or in a line of `sha256sum(1)`. Undefined where it holds something else. */
export function parseHashFile(text: string): Digest | undefined {
  const [, hex] = /^\s*([0-9a-fA-F]{64})(?=\s|$)/.exec(text) ?? [];
  return hex === undefined ? undefined : digestFromHex(hex);
}
