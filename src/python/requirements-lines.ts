import { TareError } from '../base/errors.ts';

/** One logical line of a requirements file: continuations joined, comments removed. */
export interface LogicalLine {
  /** One-based number of its first physical line. */
  readonly line: number;
  /** As written, before variables are put in. */
  readonly text: string;
}

const comment = /(^|\s)#.*$/;

/** Joins lines that end in a backslash and removes comments (pip, "Requirements File Format"). */
export function parseLogicalLines(text: string): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  let held = '';
  let first = 0;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const isComment = /^\s*#/.test(raw);
    if (first === 0) first = index + 1;
    if (raw.endsWith('\\') && !isComment) {
      held += raw.slice(0, -1);
      continue;
    }
    // A comment ends a continuation, as in pip.
    pushLine(lines, first, `${held}${isComment ? ' ' : ''}${raw}`);
    held = '';
    first = 0;
  }
  if (held !== '') pushLine(lines, first, held);
  return lines;
}

function pushLine(lines: LogicalLine[], line: number, text: string): void {
  const at = comment.exec(text)?.index;
  const stripped = (at === undefined ? text : text.slice(0, at)).trim();
  if (stripped !== '') lines.push({ line, text: stripped });
}

/** Puts in `${NAME}`; a variable that is not set stays as it is, as in pip. */
export function withVariables(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\$\{([A-Z0-9_]+)\}/g, (all, name: string) => env[name] || all);
}

/** The requirement before the first option of a line, and the options as words. */
export function splitOptions(
  text: string,
  where: string,
): { readonly head: string; readonly words: readonly string[] } {
  const at = /(?:^|\s)--?[A-Za-z]/.exec(text)?.index;
  if (at === undefined) return { head: text, words: [] };
  return { head: text.slice(0, at).trim(), words: splitWords(text.slice(at), where) };
}

/** Words as a POSIX shell splits them: quotes and backslashes, nothing else. */
function splitWords(text: string, where: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    if (quote !== '' && character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (quote !== "'" && character === '\\' && index + 1 < text.length) word += text[++index] ?? '';
    else word += character;
  }
  if (quote !== '') {
    throw new TareError({
      code: 'REQUIREMENTS_INVALID',
      message: 'a quote is not closed',
      where,
      hint: `close the ${quote === '"' ? 'double' : 'single'} quote`,
    });
  }
  if (word !== undefined) words.push(word);
  return words;
}
