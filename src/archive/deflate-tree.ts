/** Huffman codes for deflate (RFC 1951, 3.2.2). Everything is decided by integers, so equal counts give equal codes everywhere. */

const mostSymbols = 288;
const mostBits = 15;

// Used anew by every call: a tree is made for each block, and allocating it would cost more than making it.
const order = new Uint32Array(mostSymbols);
const weights = new Uint32Array(2 * mostSymbols);
const parents = new Uint16Array(2 * mostSymbols);
const depths = new Uint8Array(2 * mostSymbols);
const lengthCounts = new Uint32Array(mostSymbols + 1);
const nextCodes = new Uint32Array(mostBits + 2);

/** Sets in `lengths` the best code length of each symbol by how often it occurs, none above `limit`. */
export function setCodeLengths(counts: Uint32Array, limit: number, lengths: Uint8Array): void {
  lengths.fill(0);
  let used = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    // By count, then by symbol: the order is total.
    if (count > 0) order[used++] = count * 512 + symbol;
  }
  if (used < 2) {
    // A code of one symbol is not complete, which some decoders refuse.
    const only = used === 1 ? (order[0] as number) % 512 : 0;
    lengths[only] = 1;
    lengths[only === 0 ? 1 : 0] = 1;
    return;
  }
  order.subarray(0, used).sort();
  joinPairs(used);
  countDepths(used, limit);
  // The rarest symbols come first and get the longest codes.
  let at = 0;
  for (let length = limit; length > 0; length--) {
    for (let left = lengthCounts[length] as number; left > 0; left--) lengths[(order[at++] as number) % 512] = length;
  }
}

/** Joins the two lightest nodes until one is left. New nodes come in rising weight, so two queues are enough. */
function joinPairs(used: number): void {
  for (let leaf = 0; leaf < used; leaf++) weights[leaf] = Math.floor((order[leaf] as number) / 512);
  let leaf = 0;
  let node = used;
  for (let made = used; made < 2 * used - 1; made++) {
    let weight = 0;
    for (let side = 0; side < 2; side++) {
      const takesLeaf = leaf < used && (node === made || (weights[leaf] as number) <= (weights[node] as number));
      const taken = takesLeaf ? leaf++ : node++;
      weight += weights[taken] as number;
      parents[taken] = made;
    }
    weights[made] = weight;
  }
}

/** Counts the leaves by depth, and moves those that lie too deep up to `limit` so that the code stays complete. */
function countDepths(used: number, limit: number): void {
  lengthCounts.fill(0);
  const root = 2 * used - 2;
  depths[root] = 0;
  for (let node = root - 1; node >= 0; node--) {
    const depth = (depths[parents[node] as number] as number) + 1;
    depths[node] = depth;
    if (node < used) lengthCounts[Math.min(depth, limit)] = (lengthCounts[Math.min(depth, limit)] as number) + 1;
  }
  let space = 0;
  for (let length = 1; length <= limit; length++) space += (lengthCounts[length] as number) * 2 ** (limit - length);
  // Each turn takes one leaf from the deepest level and hangs it beside one of a level above: one unit less.
  for (; space > 2 ** limit; space--) {
    let length = limit - 1;
    while (lengthCounts[length] === 0) length--;
    lengthCounts[length] = (lengthCounts[length] as number) - 1;
    lengthCounts[length + 1] = (lengthCounts[length + 1] as number) + 2;
    lengthCounts[limit] = (lengthCounts[limit] as number) - 1;
  }
}

/** Sets the code of each symbol, turned round: deflate writes codes from the most significant bit on (3.1.1). */
export function setCodes(lengths: Uint8Array, codes: Uint16Array): void {
  lengthCounts.fill(0);
  for (const length of lengths) lengthCounts[length] = (lengthCounts[length] as number) + 1;
  lengthCounts[0] = 0;
  for (let length = 1, code = 0; length <= mostBits; length++) {
    code = (code + (lengthCounts[length - 1] as number)) * 2;
    nextCodes[length] = code;
  }
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    let code = nextCodes[length] as number;
    nextCodes[length] = code + 1;
    let turned = 0;
    for (let bit = 0; bit < length; bit++, code >>= 1) turned = (turned << 1) | (code & 1);
    codes[symbol] = turned;
  }
}
