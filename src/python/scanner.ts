/** Reads a text from left to right by sticky patterns: what the parsers of requirements and markers stand on. */
export interface Scanner {
  readonly text: string;
  readonly position: () => number;
  /** The text that the pattern matches here, moving behind it. The pattern must be sticky (`y`). */
  readonly take: (pattern: RegExp) => string | undefined;
  readonly isAt: (pattern: RegExp) => boolean;
  readonly atEnd: () => boolean;
  readonly skipSpace: () => boolean;
  /** Throws the error of the language that is parsed: what was wanted, and the column. */
  readonly fail: (expected: string) => never;
}

const space = /[ \t]+/y;

export function createScanner(text: string, failAt: (expected: string, column: number) => never): Scanner {
  let position = 0;
  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) position += found.length;
    return found;
  }
  return {
    text,
    position: () => position,
    take,
    isAt: (pattern) => {
      pattern.lastIndex = position;
      return pattern.test(text);
    },
    atEnd: () => position >= text.length,
    skipSpace: () => take(space) !== undefined,
    fail: (expected) => failAt(expected, position + 1),
  };
}
