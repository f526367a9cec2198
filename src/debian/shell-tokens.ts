/** A word as it stands in a shell script, with its quotes, or an operator. */
export interface ShellToken {
  readonly kind: 'word' | 'operator' | 'redirection';
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

const operators = [';;', '&&', '||', ';', '&', '|', '(', ')', '\n'];

/**
 * Splits a shell script into words and operators (POSIX.1-2017, Shell Command Language, 2.3), without comments and the text of
 * here-documents. It never fails: what is not closed ends with the script.
 */
export function readShellTokens(script: string): readonly ShellToken[] {
  const tokens: ShellToken[] = [];
  const documents: { readonly end: string; readonly tabs: boolean }[] = [];
  let at = 0;
  let line = 1;
  const startsWord = (): boolean => at === 0 || /[\s;&|()]/.test(script[at - 1] ?? '');

  while (at < script.length) {
    const char = script[at] ?? '';
    if (char === '\\' && script[at + 1] === '\n') {
      at += 2;
      line += 1;
    } else if (char === '#' && startsWord()) {
      while (at < script.length && script[at] !== '\n') at += 1;
    } else if (char === '\n') {
      tokens.push({ kind: 'operator', text: '\n', line });
      at += 1;
      line += 1;
      for (const document of documents.splice(0)) skipDocument(document);
    } else if (/\s/.test(char)) at += 1;
    else if (/^\d?(?:<<|[<>])/.test(script.slice(at, at + 3))) readRedirection();
    else {
      const operator = operators.find((one) => script.startsWith(one, at));
      if (operator === undefined) pushWord('word');
      else {
        tokens.push({ kind: 'operator', text: operator, line });
        at += operator.length;
      }
    }
  }
  return tokens;

  function pushWord(kind: 'word' | 'redirection', before = ''): string {
    const from = at;
    const first = line;
    at = wordEnd(script, at);
    const text = script.slice(from, at);
    line += text.split('\n').length - 1;
    tokens.push({ kind, text: before + text.replaceAll('\\\n', ''), line: first });
    return text;
  }

  /** `2>&1`, `> file`, `<< EOF`, `<<-'EOF'`. */
  function readRedirection(): void {
    const sign = /^\d?(<<-?|<&|<|>>|>&|>\||>)[ \t]*/.exec(script.slice(at, at + 40));
    if (sign === null) {
      at += 1;
      return;
    }
    at += sign[0].length;
    const operator = sign[1] ?? '';
    if (!operator.startsWith('<<')) pushWord('redirection', operator);
    else {
      const from = at;
      at = wordEnd(script, at);
      documents.push({ end: script.slice(from, at).replace(/['"\\]/g, ''), tabs: operator === '<<-' });
    }
  }

  function skipDocument({ end, tabs }: { readonly end: string; readonly tabs: boolean }): void {
    while (at < script.length) {
      const stop = script.indexOf('\n', at);
      const text = script.slice(at, stop < 0 ? script.length : stop);
      at = stop < 0 ? script.length : stop + 1;
      line += 1;
      if ((tabs ? text.replace(/^\t+/, '') : text) === end) return;
    }
  }
}

const closers = new Map([
  ['(', ')'],
  ['{', '}'],
]);

/** Where the word that begins at `at` ends: after its quotes, `$(…)`, `${…}` and back quotes. */
function wordEnd(script: string, from: number): number {
  let at = from;
  while (at < script.length) {
    const char = script[at] ?? '';
    if (/[\s;&|()<>]/.test(char)) break;
    at = pieceEnd(script, at, 0);
  }
  return at === from ? from + 1 : at;
}

/** After one character, quoted text or expansion. */
function pieceEnd(script: string, at: number, depth: number): number {
  const char = script[at] ?? '';
  if (char === '\\') return at + 2;
  if (char === "'") return after(script, "'", at + 1);
  if (char === '`') return after(script, '`', at + 1);
  const closer = char === '$' ? closers.get(script[at + 1] ?? '') : undefined;
  if (char === '"' || closer !== undefined) {
    const end = closer ?? '"';
    let place = at + (closer === undefined ? 1 : 2);
    // Nesting that no script has: the rest is one piece.
    if (depth > 40) return script.length;
    while (place < script.length && script[place] !== end) {
      place = end === '"' && script[place] === "'" ? place + 1 : pieceEnd(script, place, depth + 1);
    }
    return place + 1;
  }
  return at + 1;
}

function after(script: string, mark: string, from: number): number {
  const found = script.indexOf(mark, from);
  return found < 0 ? script.length : found + 1;
}
