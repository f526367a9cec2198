/** `340 ms`, `2.1 s`, `3 min 20 s`. */
export function renderDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** `1 layer`, `2 layers`. */
export function renderCount(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** Removes what could drive a terminal: file names and messages come from outside. */
export function renderPlainText(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '�');
}

export type Alignment = 'left' | 'right';

/** Columns padded to their widest cell, two spaces apart, no trailing blanks. */
export function renderColumns(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
  indent = '',
): string {
  const widths = alignments.map((_, column) => Math.max(0, ...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows
    .map((row) => {
      const cells = alignments.map((alignment, column) => {
        const cell = row[column] ?? '';
        const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
        return alignment === 'right' ? padding + cell : cell + padding;
      });
      return `${indent}${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

function widthOf(text: string): number {
  return [...text].length;
}
