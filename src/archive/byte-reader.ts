/** Pulls exact amounts out of a stream of chunks. */
export interface ByteReader {
  /** `size` bytes, or fewer where the stream ends. */
  readonly upTo: (size: number) => Promise<Uint8Array>;
  /** At least one byte and at most `size`, whatever is at hand; empty at the end. */
  readonly some: (size: number) => Promise<Uint8Array>;
  /** Gives up the source. */
  readonly close: () => Promise<void>;
}

export function readerOf(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;

  async function fill(): Promise<void> {
    while (rest.length === 0 && !ended) {
      const next = await iterator.next();
      if (next.done === true) ended = true;
      else rest = next.value;
    }
  }
  async function some(size: number): Promise<Uint8Array> {
    await fill();
    const part = rest.subarray(0, size);
    rest = rest.subarray(part.length);
    return part;
  }
  async function upTo(size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = size;
    while (missing > 0) {
      const part = await some(missing);
      if (part.length === 0) break;
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }
  async function close(): Promise<void> {
    if (!ended) await iterator.return?.();
    ended = true;
  }
  return { upTo, some, close };
}
