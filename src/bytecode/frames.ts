/** One answer of the driver. */
export interface Frame {
  readonly status: number;
  readonly data: Buffer;
}

const headSize = 5;

/** Cuts a stream into frames: a status byte, a length (big-endian, 32 bits), that many bytes. What is cut off at the end is no frame. */
export async function* readFrames(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Frame> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let wanted = headSize;
  for await (const piece of stream) {
    pieces.push(piece);
    size += piece.length;
    if (size < wanted) continue;
    let rest = Buffer.concat(pieces);
    while (rest.length >= headSize) {
      wanted = headSize + rest.readUInt32BE(1);
      if (rest.length < wanted) break;
      yield { status: rest[0] ?? 0, data: rest.subarray(headSize, wanted) };
      rest = rest.subarray(wanted);
      wanted = headSize;
    }
    pieces = [rest];
    size = rest.length;
  }
}
