/** Rows of fields of a comma separated text with `"` quotes (RFC 4180), or what is wrong with it. */
export function parseCsv(text: string, mostRows: number): readonly (readonly string[])[] | string {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    if (rows.length >= mostRows) return `there are more than ${mostRows} rows`;
    const row: string[] = [];
    let ended = false;
    while (!ended) {
      const field = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
      if (field === undefined) return `row ${rows.length + 1} has an unclosed or misplaced quote`;
      row.push(field.value);
      at = field.end;
      const behind = text[at];
      ended = behind !== ',';
      if (behind === '\r' && text[at + 1] === '\n') at += 1;
      at += 1;
    }
    rows.push(row);
  }
  return rows;
}

interface Field {
  readonly value: string;
  /** Of the separator behind it. */
  readonly end: number;
}

const separator = /[,\r\n]/g;

function readPlain(text: string, from: number): Field {
  separator.lastIndex = from;
  const end = separator.exec(text)?.index ?? text.length;
  return { value: text.slice(from, end), end };
}

function readQuoted(text: string, from: number): Field | undefined {
  let value = '';
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return undefined;
    value += text.slice(at, quote);
    const behind = text[quote + 1];
    if (behind === '"') {
      value += '"';
      at = quote + 2;
    } else if (behind === undefined || behind === ',' || behind === '\r' || behind === '\n') {
      return { value, end: quote + 1 };
    } else {
      return undefined;
    }
  }
}

/** One row with its line end; fields are quoted only where they must be. */
export function renderCsvRow(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\r\n`;
}
