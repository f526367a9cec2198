/**
 * Finds the line of every key and array element of a text that is known to be valid TOML 1.0. The keys of the map are
 * paths as JSON: `["project","dependencies",0]`. Where the text is not valid, what was found up to there is returned.
 */
export function scanTomlLines(text: string): ReadonlyMap<string, number> {
  const scanner = new Scanner(text);
  scanner.scanDocument();
  return scanner.lines;
}

type Path = readonly (string | number)[];

class Scanner {
  readonly lines = new Map<string, number>();
  private position = 0;
  private line = 1;
  private readonly text: string;
  private readonly tableCounts = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
  }

  scanDocument(): void {
    let table: Path = [];
    for (;;) {
      this.skipBlank();
      if (this.position >= this.text.length) return;
      const before = this.position;
      if (this.text[this.position] === '[') table = this.scanHeader();
      else this.scanPair(table, 0);
      if (this.position === before) return;
    }
  }

  private scanHeader(): Path {
    const line = this.line;
    const isArray = this.text.startsWith('[[', this.position);
    this.advance(isArray ? 2 : 1);
    const path = this.withIndices(this.scanKey(), isArray);
    for (let length = 1; length <= path.length; length += 1) this.record(path.slice(0, length), line);
    this.advance(isArray ? 2 : 1);
    return path;
  }

  /** Puts the index of the current element behind the name of each array of tables. */
  private withIndices(key: readonly string[], isArray: boolean): Path {
    const path: (string | number)[] = [];
    key.forEach((part, position) => {
      path.push(part);
      const name = JSON.stringify(path);
      const count = this.tableCounts.get(name);
      if (isArray && position === key.length - 1) {
        this.tableCounts.set(name, (count ?? 0) + 1);
        path.push(count ?? 0);
      } else if (count !== undefined) path.push(count - 1);
    });
    return path;
  }

  private scanPair(table: Path, depth: number): void {
    this.skipSpace();
    const line = this.line;
    const key = this.scanKey();
    let path = table;
    for (const part of key) {
      path = [...path, part];
      this.record(path, line);
    }
    if (this.text[this.position] !== '=') return;
    this.advance(1);
    this.skipSpace();
    this.scanValue(path, depth);
  }

  private scanKey(): string[] {
    const parts: string[] = [];
    for (;;) {
      this.skipSpace();
      const quote = this.text[this.position];
      if (quote === '"' || quote === "'") parts.push(this.scanString());
      else {
        const start = this.position;
        while (/[A-Za-z0-9_-]/.test(this.text[this.position] ?? '')) this.position += 1;
        parts.push(this.text.slice(start, this.position));
      }
      this.skipSpace();
      if (this.text[this.position] !== '.') return parts;
      this.advance(1);
    }
  }

  private scanValue(path: Path, depth: number): void {
    const first = this.text[this.position];
    if (depth > 100) this.position = this.text.length;
    else if (first === '"' || first === "'") this.scanString();
    else if (first === '[') this.scanElements(path, ']', depth);
    else if (first === '{') this.scanElements(path, '}', depth);
    else while (this.position < this.text.length && !/[,\]}#\n]/.test(this.text[this.position] ?? '')) this.advance(1);
  }

  private scanElements(path: Path, close: ']' | '}', depth: number): void {
    this.advance(1);
    for (let index = 0; ; index += 1) {
      this.skipBlank();
      if (this.text[this.position] === ',') {
        this.advance(1);
        this.skipBlank();
      }
      if (this.position >= this.text.length || this.text[this.position] === close) break;
      const before = this.position;
      if (close === '}') this.scanPair(path, depth + 1);
      else {
        this.record([...path, index], this.line);
        this.scanValue([...path, index], depth + 1);
      }
      if (this.position === before) break;
    }
    this.advance(1);
  }

  private scanString(): string {
    const quote = this.text[this.position] ?? '';
    const delimiter = this.text.startsWith(quote.repeat(3), this.position) ? quote.repeat(3) : quote;
    this.advance(delimiter.length);
    const start = this.position;
    while (this.position < this.text.length && !this.text.startsWith(delimiter, this.position)) {
      this.advance(quote === '"' && this.text[this.position] === '\\' ? 2 : 1);
    }
    const raw = this.text.slice(start, this.position);
    this.advance(delimiter.length);
    while (delimiter.length === 3 && this.text[this.position] === quote) this.advance(1);
    return raw;
  }

  private skipSpace(): void {
    while (this.text[this.position] === ' ' || this.text[this.position] === '\t') this.position += 1;
  }

  /** White space, line ends and comments. */
  private skipBlank(): void {
    for (;;) {
      const character = this.text[this.position];
      if (character === '#')
        while (this.position < this.text.length && this.text[this.position] !== '\n') this.position += 1;
      else if (character !== undefined && /\s/.test(character)) this.advance(1);
      else return;
    }
  }

  private advance(count: number): void {
    for (let step = 0; step < count && this.position < this.text.length; step += 1) {
      if (this.text[this.position] === '\n') this.line += 1;
      this.position += 1;
    }
  }

  private record(path: Path, line: number): void {
    const name = JSON.stringify(path);
    if (!this.lines.has(name)) this.lines.set(name, line);
  }
}
