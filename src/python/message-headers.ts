/** One header of an RFC 822 style text; `value` is trimmed, continuation lines are joined with line feeds. */
export interface MessageHeader {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

/**
 * The headers of METADATA and WHEEL, up to the first empty line or the first line that is no header, as Python's
 * own reader of e-mail takes them.
 */
export function parseMessageHeaders(text: string): readonly MessageHeader[] {
  const headers: { name: string; lines: string[] }[] = [];
  let at = 0;
  while (at < text.length) {
    const end = endOfLine(text, at);
    const line = text.slice(at, end.text);
    at = end.next;
    if (line === '') break;
    const current = headers.at(-1);
    if (/^[ \t]/.test(line) && current !== undefined) {
      current.lines.push(line);
      continue;
    }
    const header = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(line);
    if (header === null) break;
    headers.push({ name: (header[1] ?? '').toLowerCase(), lines: [header[2] ?? ''] });
  }
  return headers.map(({ name, lines }) => ({ name, value: joinLines(lines) }));
}

function endOfLine(text: string, from: number): { readonly text: number; readonly next: number } {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a) return { text: at, next: at + 1 };
    if (code === 0x0d) return { text: at, next: text.charCodeAt(at + 1) === 0x0a ? at + 2 : at + 1 };
  }
  return { text: text.length, next: text.length };
}

/** Folded fields begin their further lines with eight blanks, older ones with seven and a bar. */
function joinLines(lines: readonly string[]): string {
  return lines
    .map((line, index) => (index === 0 ? line : line.replace(/^(?: {7}\|| {1,8}|\t)/, '')))
    .join('\n')
    .trim();
}
