import { deflateSync } from 'fflate';
import { deflateRuns } from './deflate-runs.ts';

/** Up to here the run encoder is as small and far faster: a lone tar header with the padding before it. */
const runsLimit = 1535;
/** Measured on Python sources and bytecode: level 6 takes 1.4 times as long for 2 % less. */
const level = 4;
/** Data of one kind is probed from this size on. */
const probeFrom = 64 * 1024;
const probeParts = 4;
const probePart = 4096;
/** Data that shrinks by less than this share is stored. */
const worthwhile = 0.08;
const storedLimit = 65535;

/**
 * A raw deflate stream (RFC 1951) of `bytes`: the same on every machine and with every version of Node, which zlib's
 * own output is not. `uniform` says that the bytes are of one file, so that a probe of them may decide to store the rest.
 */
export function deflate(bytes: Uint8Array, uniform = false): Uint8Array {
  if (bytes.length <= runsLimit) return deflateRuns(bytes);
  if (uniform && bytes.length >= probeFrom && !isWorthwhile(bytes)) return store(bytes);
  return deflateSync(bytes, { level, mem: bytes.length < 65536 ? 3 : 6 });
}

function isWorthwhile(bytes: Uint8Array): boolean {
  const probe = new Uint8Array(probeParts * probePart);
  const stride = Math.floor((bytes.length - probePart) / (probeParts - 1));
  for (let part = 0; part < probeParts; part++) {
    probe.set(bytes.subarray(part * stride, part * stride + probePart), part * probePart);
  }
  return deflateSync(probe, { level, mem: 3 }).length < probe.length * (1 - worthwhile);
}

/** Stored blocks (RFC 1951, 3.2.4). */
function store(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / storedLimit);
  const out = Buffer.allocUnsafe(bytes.length + 5 * blocks);
  let to = 0;
  for (let from = 0; from < bytes.length; from += storedLimit) {
    const part = bytes.subarray(from, from + storedLimit);
    out[to] = from + part.length === bytes.length ? 1 : 0;
    out.writeUInt16LE(part.length, to + 1);
    out.writeUInt16LE(storedLimit - part.length, to + 3);
    out.set(part, to + 5);
    to += 5 + part.length;
  }
  return out;
}
