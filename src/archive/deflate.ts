import { type BitSink, finishBits, writeBlock, writeStored } from './deflate-block.ts';
import { clearTokens, createMatcher, type Tokens } from './deflate-match.ts';

/** How many tokens a block has. */
const blockTokens = 16384;
/** Data of one kind is probed from this size on. */
const probeFrom = 64 * 1024;
const probeParts = 4;
const probePart = 4096;
/** Data that shrinks by less than this share is stored. */
const worthwhile = 0.08;

const tokens: Tokens = {
  list: new Uint32Array(blockTokens),
  length: 0,
  literalCounts: new Uint32Array(286),
  distanceCounts: new Uint32Array(30),
};

/**
 * A raw deflate stream (RFC 1951) of `bytes`: the same on every machine and with every version of Node, which zlib's
 * own output is not. Measured on Python sources, bytecode and shared objects: as small as fflate's level 6 within one percent,
 * at more than twice the speed. `uniform` says that the bytes are of one file, so that a probe of them may decide to store the rest.
 */
export function deflate(bytes: Uint8Array, uniform = false): Uint8Array {
  const out = Buffer.allocUnsafe(bytes.length + (bytes.length >> 12) * 5 + 64);
  const sink: BitSink = { out, at: 0, held: 0, count: 0 };
  if (uniform && bytes.length >= probeFrom && !isWorthwhile(bytes)) writeStored(sink, bytes, true);
  else writeBlocks(sink, bytes);
  finishBits(sink);
  return out.subarray(0, sink.at);
}

function writeBlocks(sink: BitSink, bytes: Uint8Array): void {
  const matcher = createMatcher(bytes);
  let from = 0;
  do {
    clearTokens(tokens);
    const to = matcher.next(tokens, from);
    writeBlock(sink, tokens, bytes.subarray(from, to), to === bytes.length);
    from = to;
  } while (from < bytes.length);
}

function isWorthwhile(bytes: Uint8Array): boolean {
  const probe = new Uint8Array(probeParts * probePart);
  const stride = Math.floor((bytes.length - probePart) / (probeParts - 1));
  for (let part = 0; part < probeParts; part++) {
    probe.set(bytes.subarray(part * stride, part * stride + probePart), part * probePart);
  }
  return deflate(probe).length < probe.length * (1 - worthwhile);
}
