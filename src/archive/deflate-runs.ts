/**
 * A small encoder for small data that is mostly zeros: one block with the fixed Huffman codes (RFC 1951, 3.2.6), whose
 * only matches are runs of one byte (distance 1). It needs no tables of the data, so a tar header costs microseconds.
 */

const shortestRun = 4;
const longestRun = 258;

/** Codes are written from their most significant bit on (3.1.1), everything else from the least: turned round here. */
const literalCodes = new Uint16Array(288);
const literalBits = new Uint8Array(288);
for (let symbol = 0; symbol < 288; symbol++) {
  const [code, bits] = fixedCode(symbol);
  literalCodes[symbol] = turned(code, bits);
  literalBits[symbol] = bits;
}

/** For each length of a run: its symbol's code with the extra bits behind it (3.2.5), and how many bits that is. */
const runCodes = new Uint32Array(longestRun + 1);
const runBits = new Uint8Array(longestRun + 1);
for (let length = 3; length <= longestRun; length++) {
  const [symbol, extraBits, extra] = lengthSymbol(length);
  const [code, bits] = fixedCode(symbol);
  // Distance 1 is distance code 0: five zero bits.
  runCodes[length] = turned(code, bits) + extra * 2 ** bits;
  runBits[length] = bits + extraBits + 5;
}

function fixedCode(symbol: number): [code: number, bits: number] {
  if (symbol < 144) return [0x30 + symbol, 8];
  if (symbol < 256) return [0x190 + symbol - 144, 9];
  if (symbol < 280) return [symbol - 256, 7];
  return [0xc0 + symbol - 280, 8];
}

function turned(code: number, bits: number): number {
  let out = 0;
  for (let bit = 0; bit < bits; bit++) out = (out << 1) | ((code >> bit) & 1);
  return out;
}

function lengthSymbol(length: number): [symbol: number, extraBits: number, extra: number] {
  if (length === longestRun) return [285, 0, 0];
  if (length < 11) return [254 + length, 0, 0];
  const extraBits = 29 - Math.clz32(length - 3);
  const base = 2 ** (extraBits + 2) + 3;
  const step = 2 ** extraBits;
  return [261 + 4 * extraBits + Math.floor((length - base) / step), extraBits, (length - base) % step];
}

/** A whole raw deflate stream of `bytes`. Every literal is at most nine bits, so the result is bounded. */
export function deflateRuns(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil((bytes.length * 9 + 10) / 8) + 1);
  let at = 0;
  // Last block, fixed codes.
  let held = 0b011;
  let count = 3;
  const put = (code: number, bits: number): void => {
    held |= code << count;
    count += bits;
    while (count >= 8) {
      out[at++] = held;
      held >>>= 8;
      count -= 8;
    }
  };
  let index = 0;
  while (index < bytes.length) {
    const byte = bytes[index] ?? 0;
    put(literalCodes[byte] ?? 0, literalBits[byte] ?? 0);
    index++;
    const run = runLength(bytes, index, byte);
    if (run < shortestRun) continue;
    put(runCodes[run] ?? 0, runBits[run] ?? 0);
    index += run;
  }
  put(literalCodes[256] ?? 0, literalBits[256] ?? 0);
  if (count > 0) out[at++] = held;
  return out.subarray(0, at);
}

function runLength(bytes: Uint8Array, from: number, byte: number): number {
  const end = Math.min(bytes.length, from + longestRun);
  let at = from;
  while (at < end && bytes[at] === byte) at++;
  return at - from;
}
