import { distanceSymbol, endOfBlock, lengthSymbol, longestMatch, windowSize } from './deflate-codes.ts';

/**
 * What a block is made of. A token is a literal byte, or a match as `length << 16 | distance`. The counts are by symbol of the
 * two alphabets.
 */
export interface Tokens {
  readonly list: Uint32Array;
  length: number;
  readonly literalCounts: Uint32Array;
  readonly distanceCounts: Uint32Array;
}

/** Shorter matches are seldom smaller than their literals. */
const shortestMatch = 4;
const hashBits = 15;
/** How many earlier places are tried for a match, and how many when a good one is at hand. */
const patience = 12;
const lessPatience = 3;
const goodLength = 8;
/** A match this long is taken without a look at the next byte. */
const lazyUntil = 24;
/** Within longer matches not every place is remembered. */
const rememberedUntil = 64;
const tokensAtOnce = 256;
/** Where the numbering of places starts anew. */
const lastPlace = 0x3fff_0000;

// Places are numbered on from one input to the next, so that the tables need no clearing: what is below `base` is past.
const heads = new Int32Array(1 << hashBits);
const links = new Int32Array(windowSize);
let base = windowSize;

export interface Matcher {
  /** Fills `tokens` from `from` on until they are full or the input ends. Returns the place behind. */
  readonly next: (tokens: Tokens, from: number) => number;
}

export function clearTokens(tokens: Tokens): void {
  tokens.length = 0;
  tokens.literalCounts.fill(0);
  tokens.distanceCounts.fill(0);
  tokens.literalCounts[endOfBlock] = 1;
}

/** Finds the repetitions in `bytes`. One at a time: the tables are shared. */
export function createMatcher(bytes: Uint8Array): Matcher {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (base + bytes.length > lastPlace) {
    heads.fill(0);
    base = windowSize;
  }
  const start = base;
  base += bytes.length;
  return {
    next: (tokens, from) => {
      const full = tokens.list.length - 1;
      let at = from;
      do {
        at = fillTokens(bytes, view, start, tokens, at);
      } while (at < bytes.length && tokens.length < full);
      return at;
    },
  };
}

/** Adds some tokens. Few at a time: a function that is often called is optimised sooner, and with all of its parts seen. */
function fillTokens(bytes: Uint8Array, view: DataView, start: number, tokens: Tokens, from: number): number {
  const { list, literalCounts, distanceCounts } = tokens;
  const end = bytes.length;
  const lastHashed = end - shortestMatch;
  const full = list.length - 1;
  let count = tokens.length;
  const pause = Math.min(full, count + tokensAtOnce);
  let at = from;
  while (at <= lastHashed && count < pause) {
    let found = findMatch(view, start, end, at, shortestMatch - 1, patience);
    if (found === 0) {
      const byte = bytes[at++] as number;
      list[count++] = byte;
      literalCounts[byte] = (literalCounts[byte] as number) + 1;
      continue;
    }
    // Lazy: a longer match that begins one byte later is worth a literal.
    let length = found >>> 16;
    while (length < lazyUntil && at < lastHashed && count < full) {
      const better = findMatch(view, start, end, at + 1, length, length < goodLength ? patience : lessPatience);
      if (better === 0) break;
      const byte = bytes[at++] as number;
      list[count++] = byte;
      literalCounts[byte] = (literalCounts[byte] as number) + 1;
      found = better;
      length = found >>> 16;
    }
    list[count++] = found;
    const distance = found & 0xffff;
    const lengthCode = 257 + (lengthSymbol[length] as number);
    literalCounts[lengthCode] = (literalCounts[lengthCode] as number) + 1;
    const distanceCode = distanceSymbol[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)] as number;
    distanceCounts[distanceCode] = (distanceCounts[distanceCode] as number) + 1;
    const behind = at + length;
    const remembered = Math.min(length > rememberedUntil ? at + 8 : behind, lastHashed + 1);
    // The lazy look has remembered the second place, if there was one; remembering it twice would end its chain.
    for (at += length < lazyUntil ? 2 : 1; at < remembered; at++) remember(view, start, at);
    at = behind;
  }
  if (at > lastHashed) {
    while (at < end && count <= full) {
      const byte = bytes[at++] as number;
      list[count++] = byte;
      literalCounts[byte] = (literalCounts[byte] as number) + 1;
    }
  }
  tokens.length = count;
  return at;
}

function hashOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
}

function remember(view: DataView, start: number, at: number): void {
  const hash = hashOf(view.getInt32(at, true));
  const place = start + at;
  links[place & (windowSize - 1)] = heads[hash] as number;
  heads[hash] = place;
}

/** The nearest longest match at `at` that is longer than `shortest`, as a token, else 0. Remembers the place. */
function findMatch(view: DataView, start: number, end: number, at: number, shortest: number, tries: number): number {
  const word = view.getInt32(at, true);
  const hash = hashOf(word);
  const place = start + at;
  let candidate = heads[hash] as number;
  links[place & (windowSize - 1)] = candidate;
  heads[hash] = place;
  const oldest = Math.max(start, place - windowSize + 1);
  const most = Math.min(longestMatch, end - at);
  let best = shortest;
  let token = 0;
  if (most <= shortest) return 0;
  for (let left = tries; candidate >= oldest && left > 0; left--) {
    const there = candidate - start;
    if (view.getUint8(there + best) === view.getUint8(at + best) && view.getInt32(there, true) === word) {
      const length = matchLength(view, there, at, most);
      if (length > best) {
        best = length;
        token = (length << 16) | (place - candidate);
        if (length === most) break;
      }
    }
    const next = links[candidate & (windowSize - 1)] as number;
    // A link that was overwritten points forward.
    if (next >= candidate) break;
    candidate = next;
  }
  return token;
}

/** How many bytes agree, from the fifth on. */
function matchLength(view: DataView, there: number, here: number, most: number): number {
  let length = shortestMatch;
  while (length + 4 <= most) {
    const difference = view.getInt32(there + length, true) ^ view.getInt32(here + length, true);
    if (difference !== 0) return length + ((31 - Math.clz32(difference & -difference)) >> 3);
    length += 4;
  }
  while (length < most && view.getUint8(there + length) === view.getUint8(here + length)) length++;
  return length;
}
