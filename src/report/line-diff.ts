/** Lines that differ, with `- ` and `+ `; a longer run of equal ones is left out. */
export function renderLineDiff(before: string, after: string): string {
  const left = linesOf(before);
  const right = linesOf(after);
  const table = longestCommon(left, right);
  const shown: string[] = [];
  let at = 0;
  let to = 0;
  let isGap = false;
  while (at < left.length || to < right.length) {
    const one = left[at];
    const other = right[to];
    if (one !== undefined && one === other) {
      isGap = true;
      at++;
      to++;
      continue;
    }
    if (isGap && shown.length > 0) shown.push('  …');
    isGap = false;
    const isRemoved =
      one !== undefined && (other === undefined || (table[at + 1]?.[to] ?? 0) >= (table[at]?.[to + 1] ?? 0));
    if (isRemoved) {
      shown.push(`- ${one}`);
      at++;
    } else {
      shown.push(`+ ${other ?? ''}`);
      to++;
    }
  }
  return shown.join('\n');
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n').slice(0, mostLines);
}

/** More than a file of this kind has; the table grows with the square. */
const mostLines = 3000;

function longestCommon(left: readonly string[], right: readonly string[]): readonly Uint16Array[] {
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let at = left.length - 1; at >= 0; at--) {
    const row = table[at] as Uint16Array;
    const next = table[at + 1] as Uint16Array;
    for (let to = right.length - 1; to >= 0; to--) {
      row[to] = left[at] === right[to] ? (next[to + 1] ?? 0) + 1 : Math.max(next[to] ?? 0, row[to + 1] ?? 0);
    }
  }
  return table;
}
