import {
  distanceBase,
  distanceExtra,
  distanceSymbol,
  distanceSymbols,
  endOfBlock,
  fixedDistanceLengths,
  fixedLiteralLengths,
  lengthBase,
  lengthExtra,
  lengthSymbol,
  literalSymbols,
} from './deflate-codes.ts';
import type { Tokens } from './deflate-match.ts';
import { setCodeLengths, setCodes } from './deflate-tree.ts';

/** Where bits go, from the least significant on. `held` has `count` of them, fewer than 16 between two calls. */
export interface BitSink {
  readonly out: Uint8Array;
  at: number;
  held: number;
  count: number;
}

interface Code {
  readonly lengths: Uint8Array;
  readonly codes: Uint16Array;
}

const literal: Code = { lengths: new Uint8Array(literalSymbols), codes: new Uint16Array(literalSymbols) };
const distance: Code = { lengths: new Uint8Array(distanceSymbols), codes: new Uint16Array(distanceSymbols) };
const fixedLiteral: Code = { lengths: fixedLiteralLengths, codes: new Uint16Array(288) };
const fixedDistance: Code = { lengths: fixedDistanceLengths, codes: new Uint16Array(distanceSymbols) };
setCodes(fixedLiteral.lengths, fixedLiteral.codes);
setCodes(fixedDistance.lengths, fixedDistance.codes);

/** The order in which the lengths of the code length code are written (RFC 1951, 3.2.7). */
const runOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;
const run: Code = { lengths: new Uint8Array(19), codes: new Uint16Array(19) };
const runCounts = new Uint32Array(19);
/** Symbols of the code length code, each with its extra bits' value times 32. */
const runList = new Uint16Array(literalSymbols + distanceSymbols);

const storedMost = 65535;
const tokensAtOnce = 256;

/** Below this many tokens a block's own codes are never worth their description. */
const ownCodesFrom = 96;

/** Writes the tokens as one block, or `raw`, which they stand for, stored, whatever is smallest. */
export function writeBlock(sink: BitSink, tokens: Tokens, raw: Uint8Array, last: boolean): void {
  const extra = extraBits(tokens);
  const fixed = extra + costOf(tokens, fixedLiteral, fixedDistance);
  let own = Number.POSITIVE_INFINITY;
  let runs = 0;
  let literals = 0;
  let distances = 0;
  if (tokens.length >= ownCodesFrom) {
    setCodeLengths(tokens.literalCounts, 15, literal.lengths);
    setCodeLengths(tokens.distanceCounts, 15, distance.lengths);
    literals = usedSymbols(literal.lengths, 257);
    distances = usedSymbols(distance.lengths, 1);
    runs = listRuns(literals, distances);
    own = extra + costOf(tokens, literal, distance) + 14 + runCost(runs);
  }
  const stored =
    raw.length === 0 ? Number.POSITIVE_INFINITY : (raw.length + 5 * Math.ceil(raw.length / storedMost)) * 8;
  if (stored < Math.min(fixed, own)) {
    writeStored(sink, raw, last);
  } else if (own < fixed) {
    setCodes(literal.lengths, literal.codes);
    setCodes(distance.lengths, distance.codes);
    putBits(sink, last ? 0b101 : 0b100, 3);
    writeCodeLengths(sink, literals, distances, runs);
    writeTokens(sink, tokens, literal, distance);
  } else {
    putBits(sink, last ? 0b011 : 0b010, 3);
    writeTokens(sink, tokens, fixedLiteral, fixedDistance);
  }
}

/** Fills up the last byte. */
export function finishBits(sink: BitSink): void {
  while (sink.count > 0) {
    sink.out[sink.at++] = sink.held;
    sink.held >>>= 8;
    sink.count = Math.max(0, sink.count - 8);
  }
}

function putBits(sink: BitSink, value: number, bits: number): void {
  sink.held |= value << sink.count;
  sink.count += bits;
  if (sink.count >= 16) {
    sink.out[sink.at++] = sink.held;
    sink.out[sink.at++] = sink.held >>> 8;
    sink.held >>>= 16;
    sink.count -= 16;
  }
}

function extraBits({ literalCounts, distanceCounts }: Tokens): number {
  let bits = 0;
  for (let symbol = 8; symbol < 28; symbol++) {
    bits += (literalCounts[257 + symbol] as number) * (lengthExtra[symbol] as number);
  }
  for (let symbol = 4; symbol < distanceSymbols; symbol++) {
    bits += (distanceCounts[symbol] as number) * (distanceExtra[symbol] as number);
  }
  return bits;
}

function costOf({ literalCounts, distanceCounts }: Tokens, literals: Code, distances: Code): number {
  let bits = 3;
  for (let symbol = 0; symbol < literalSymbols; symbol++) {
    bits += (literalCounts[symbol] as number) * (literals.lengths[symbol] as number);
  }
  for (let symbol = 0; symbol < distanceSymbols; symbol++) {
    bits += (distanceCounts[symbol] as number) * (distances.lengths[symbol] as number);
  }
  return bits;
}

function usedSymbols(lengths: Uint8Array, least: number): number {
  let used = lengths.length;
  while (used > least && lengths[used - 1] === 0) used--;
  return used;
}

/** Lists the lengths of both codes with their repetitions (3.2.7) and makes a code for the list. Returns its length. */
function listRuns(literals: number, distances: number): number {
  runCounts.fill(0);
  const total = literals + distances;
  const lengthAt = (index: number): number =>
    (index < literals ? literal.lengths[index] : distance.lengths[index - literals]) as number;
  let listed = 0;
  const add = (symbol: number, extra: number): void => {
    runList[listed++] = symbol + extra * 32;
    runCounts[symbol] = (runCounts[symbol] as number) + 1;
  };
  for (let at = 0; at < total; ) {
    const length = lengthAt(at);
    let behind = at + 1;
    while (behind < total && lengthAt(behind) === length) behind++;
    let left = behind - at;
    at = behind;
    if (length !== 0) {
      add(length, 0);
      left--;
    }
    while (left >= 3) {
      const taken = Math.min(left, length !== 0 ? 6 : 138);
      if (length !== 0) add(16, taken - 3);
      else if (taken <= 10) add(17, taken - 3);
      else add(18, taken - 11);
      left -= taken;
    }
    for (; left > 0; left--) add(length, 0);
  }
  setCodeLengths(runCounts, 7, run.lengths);
  return listed;
}

function runExtra(symbol: number): number {
  return symbol < 16 ? 0 : symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
}

function usedRunLengths(): number {
  let used = runOrder.length;
  while (used > 4 && run.lengths[runOrder[used - 1] as number] === 0) used--;
  return used;
}

function runCost(listed: number): number {
  let bits = 3 * usedRunLengths();
  for (let index = 0; index < listed; index++) {
    const symbol = (runList[index] as number) & 31;
    bits += (run.lengths[symbol] as number) + runExtra(symbol);
  }
  return bits;
}

function writeCodeLengths(sink: BitSink, literals: number, distances: number, listed: number): void {
  setCodes(run.lengths, run.codes);
  const used = usedRunLengths();
  putBits(sink, literals - 257, 5);
  putBits(sink, distances - 1, 5);
  putBits(sink, used - 4, 4);
  for (const symbol of runOrder.slice(0, used)) putBits(sink, run.lengths[symbol] as number, 3);
  for (let index = 0; index < listed; index++) {
    const item = runList[index] as number;
    const symbol = item & 31;
    putBits(sink, run.codes[symbol] as number, run.lengths[symbol] as number);
    if (symbol >= 16) putBits(sink, item >> 5, runExtra(symbol));
  }
}

function writeTokens(sink: BitSink, { list, length }: Tokens, literals: Code, distances: Code): void {
  // Few at a time, so that the loop is optimised soon, as in the matcher.
  for (let from = 0; from < length; from += tokensAtOnce) {
    writeSome(sink, list, from, Math.min(length, from + tokensAtOnce), literals, distances);
  }
  putBits(sink, literals.codes[endOfBlock] as number, literals.lengths[endOfBlock] as number);
}

/** The inner loop: the sink is kept in locals. */
function writeSome(sink: BitSink, list: Uint32Array, from: number, to: number, literals: Code, distances: Code): void {
  const { out } = sink;
  const { codes: literalCodes, lengths: literalLengths } = literals;
  const { codes: distanceCodes, lengths: distanceLengths } = distances;
  let { at, held, count } = sink;
  for (let index = from; index < to; index++) {
    const token = list[index] as number;
    if (token < 256) {
      held |= (literalCodes[token] as number) << count;
      count += literalLengths[token] as number;
    } else {
      const length = token >>> 16;
      const lengthCode = lengthSymbol[length] as number;
      held |= (literalCodes[257 + lengthCode] as number) << count;
      count += literalLengths[257 + lengthCode] as number;
      if (count >= 16) {
        out[at++] = held;
        out[at++] = held >>> 8;
        held >>>= 16;
        count -= 16;
      }
      held |= (length - (lengthBase[lengthCode] as number)) << count;
      count += lengthExtra[lengthCode] as number;
      if (count >= 16) {
        out[at++] = held;
        out[at++] = held >>> 8;
        held >>>= 16;
        count -= 16;
      }
      const back = token & 0xffff;
      const backCode = distanceSymbol[back <= 256 ? back - 1 : 256 + ((back - 1) >> 7)] as number;
      held |= (distanceCodes[backCode] as number) << count;
      count += distanceLengths[backCode] as number;
      if (count >= 16) {
        out[at++] = held;
        out[at++] = held >>> 8;
        held >>>= 16;
        count -= 16;
      }
      held |= (back - (distanceBase[backCode] as number)) << count;
      count += distanceExtra[backCode] as number;
    }
    if (count >= 16) {
      out[at++] = held;
      out[at++] = held >>> 8;
      held >>>= 16;
      count -= 16;
    }
  }
  sink.at = at;
  sink.held = held;
  sink.count = count;
}

/** Stored blocks (3.2.4) of `raw`, which is not empty. */
export function writeStored(sink: BitSink, raw: Uint8Array, last: boolean): void {
  for (let from = 0; from < raw.length; from += storedMost) {
    const part = raw.subarray(from, from + storedMost);
    putBits(sink, last && from + part.length === raw.length ? 1 : 0, 3);
    finishBits(sink);
    const { out, at } = sink;
    out[at] = part.length;
    out[at + 1] = part.length >>> 8;
    out[at + 2] = ~part.length;
    out[at + 3] = ~part.length >>> 8;
    out.set(part, at + 4);
    sink.at = at + 4 + part.length;
  }
}
