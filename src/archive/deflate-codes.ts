/** The alphabets of deflate (RFC 1951, 3.2.5), as tables. */

export const endOfBlock = 256;
export const literalSymbols = 286;
export const distanceSymbols = 30;
export const longestMatch = 258;
/** How far back a match may begin. */
export const windowSize = 32768;

const lengthBases: number[] = [];
const lengthExtras: number[] = [];
for (let symbol = 0, base = 3; symbol < 28; symbol++) {
  const extra = symbol < 8 ? 0 : (symbol >> 2) - 1;
  lengthBases.push(base);
  lengthExtras.push(extra);
  base += 2 ** extra;
}
lengthBases.push(longestMatch);
lengthExtras.push(0);

const distanceBases: number[] = [];
const distanceExtras: number[] = [];
for (let symbol = 0, base = 1; symbol < distanceSymbols; symbol++) {
  const extra = symbol < 4 ? 0 : (symbol >> 1) - 1;
  distanceBases.push(base);
  distanceExtras.push(extra);
  base += 2 ** extra;
}

/** By length: the symbol, counted from 257. */
export const lengthSymbol = new Uint8Array(longestMatch + 1);
/** By symbol, counted from 257. */
export const lengthBase = Uint16Array.from(lengthBases);
export const lengthExtra = Uint8Array.from(lengthExtras);
for (let length = 3, symbol = 0; length <= longestMatch; length++) {
  while ((lengthBases[symbol + 1] ?? Number.POSITIVE_INFINITY) <= length) symbol++;
  lengthSymbol[length] = symbol;
}

export const distanceBase = Uint16Array.from(distanceBases);
export const distanceExtra = Uint8Array.from(distanceExtras);
/** By distance less one up to 255; beyond, by 256 + ((distance - 1) >> 7), whose symbols all begin at multiples of 128. */
export const distanceSymbol = new Uint8Array(512);
for (let index = 0, symbol = 0; index < 512; index++) {
  if (index === 256) symbol = 0;
  const distance = index < 256 ? index + 1 : (index - 256) * 128 + 1;
  while ((distanceBases[symbol + 1] ?? Number.POSITIVE_INFINITY) <= distance) symbol++;
  distanceSymbol[index] = symbol;
}

/** The number of bits of each symbol of the fixed codes (3.2.6). */
export const fixedLiteralLengths = Uint8Array.from({ length: 288 }, (_, symbol) => {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
});
export const fixedDistanceLengths = new Uint8Array(distanceSymbols).fill(5);
