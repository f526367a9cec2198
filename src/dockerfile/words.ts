import { TareError } from '../base/errors.ts';

/** A word of a POSIX shell (Shell Command Language, 2.2 Quoting): as it is where nothing in it is special, else in single quotes. */
export function shellWord(text: string): string {
  assertOneLine(text, 'a word of a command');
  if (/^[A-Za-z0-9_@%+:,./=-]+$/.test(text)) return text;
  // Readers that look for heredocs do not all look for quotes: none is seen where its two signs are apart.
  return `'${text.replaceAll("'", `'\\''`).replaceAll(/<(?=<)/g, "<''")}'`;
}

/** The words of a line that {@link shellWord} made; what has an open quote in it, or none of its words, gives what can be read. */
export function parseShellWords(line: string): readonly string[] {
  const words = line.match(/(?:[^\s'\\]|\\.|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|\\(.)/g, (_all, quoted?: string, escaped?: string) => quoted ?? escaped ?? ''),
  );
}

/** A value of `ENV` or `LABEL` (Dockerfile reference, "Environment replacement"): always in double quotes, nothing in it is replaced. */
export function quotedValue(text: string, where: string): string {
  assertOneLine(text, where);
  return `"${text.replaceAll(/[\\"$]/g, String.raw`\$&`)}"`;
}

/** Exec form: JSON, in which nothing is replaced. */
export function jsonWords(words: readonly string[]): string {
  return `[${words.map((word) => asciiJson(word)).join(', ')}]`;
}

/**
 * A source of `COPY` as a pattern that matches it (Go, `path/filepath.Match`; a backslash is one only where there is a pattern). BuildKit
 * knows no `*` or `?` in brackets, takes what begins with `<<` for a heredoc even in JSON, and sends names to its client in a header of
 * HTTP/2: blanks at their ends would be lost, line breaks end it, a `!` before them says the opposite, and Docker 20.10 (`asciiOnly`)
 * has nothing beyond ASCII there. What cannot be said is `?`, any one character: its neighbours in the folder go to the same place.
 */
export function literalSource(path: string, asciiOnly: boolean): string {
  const pattern = path
    .replaceAll(/[[\\]/g, (one) => (one === '\\' ? String.raw`[\\]` : '[[]'))
    .replaceAll(/^[ !]| $/g, '[$&]')
    .replace(/^(\d*)<</, '$1[<]<')
    .replaceAll(/[*\0-\u001f\u007f]/g, '?');
  return asciiOnly ? [...pattern].map((one) => (one > '\u007f' ? '?' : one)).join('') : pattern;
}

/** A word of `COPY` or `WORKDIR` in which variables would be replaced and quotes taken away. */
export function escapedWord(text: string): string {
  return text.replaceAll(/[\\"'$]/g, String.raw`\$&`);
}

/** Whether a path can stand in an instruction without quotes, and be neither a flag, a heredoc nor JSON there. */
export function isPlainWord(text: string): boolean {
  return /^[A-Za-z0-9_./][A-Za-z0-9_./@+,:~-]*$/.test(text);
}

/** JSON without characters that a line-based reader or an editor may take for the end of a line, or for a heredoc. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /<(?=<)|[\u0080-\u00a0\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A name in `ENV` or `LABEL`: builders split at the first `=`, in quotes or not. */
export function assertKey(name: string, where: string): void {
  if (!name.includes('=')) return;
  throw new TareError({
    code: 'DOCKERFILE_INEXPRESSIBLE',
    message: `the name of ${where} has a \`=\` in it, which no Dockerfile can hold`,
    hint: 'change it, or build without a Dockerfile: `tare build`',
  });
}

/** A line of a Dockerfile ends at any of these, whatever quotes are open. */
export function assertOneLine(text: string, where: string): void {
  if (!/[\0\r\n]/.test(text)) return;
  throw new TareError({
    code: 'DOCKERFILE_INEXPRESSIBLE',
    message: `${where} has a line break or a zero byte in it, which no Dockerfile can hold`,
    actual: JSON.stringify(text.slice(0, 100)),
    hint: 'change it, or build without a Dockerfile: `tare build`',
  });
}
