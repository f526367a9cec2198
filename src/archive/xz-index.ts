/** What the end of an xz stream says of the whole (.xz file format 1.2.1, 2.1.2 and 4). Sizes in bytes. */
export interface XzIndex {
  readonly streamSize: number;
  readonly unpackedSize: number;
}

const headerAndFooter = 24;
const footer = 12;
/** How much of the end to keep: room for some thousand blocks. */
export const xzTailSize = 64 * 1024;

/** Reads index and footer from the last bytes of a file; undefined where they are none, or more than those bytes. */
export function parseXzIndex(tail: Uint8Array): XzIndex | undefined {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const end = tail.length - footer;
  if (end < 8 || tail[tail.length - 2] !== 0x59 || tail[tail.length - 1] !== 0x5a) return undefined;
  const indexSize = (view.getUint32(end + 4, true) + 1) * 4;
  let at = end - indexSize;
  if (at < 0 || tail[at] !== 0) return undefined;
  at += 1;
  function number(): number {
    let value = 0;
    for (let factor = 1; at < end; factor *= 128) {
      const byte = tail[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value;
  }
  const blocks = number();
  if (blocks > indexSize) return undefined;
  let streamSize = headerAndFooter + indexSize;
  let unpackedSize = 0;
  for (let block = 0; block < blocks; block++) {
    streamSize += Math.ceil(number() / 4) * 4;
    unpackedSize += number();
  }
  return { streamSize, unpackedSize };
}
