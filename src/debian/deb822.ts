import { TareError } from '../base/errors.ts';

/** One paragraph: fields by lower-case name, continuation lines joined with `\n` and their first white space removed. */
export type Stanza = ReadonlyMap<string, string>;

export interface Deb822Options {
  /** Lines that begin with `#` are comments: true of apt's own files, not of packages' control files. */
  readonly comments?: boolean;
}

const fieldPattern = /^([!-9;-~]+):[ \t]*(.*)$/;

/** Parses paragraphs of fields (deb822(5)). `where` names the file in errors. */
export function parseDeb822(text: string, where: string, options: Deb822Options = {}): readonly Stanza[] {
  const stanzas: Stanza[] = [];
  let fields = new Map<string, string>();
  let last: string | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (options.comments === true && line.startsWith('#')) continue;
    if (line.trim() === '') {
      if (fields.size > 0) stanzas.push(fields);
      fields = new Map();
      last = undefined;
    } else if (line.startsWith(' ') || line.startsWith('\t')) {
      if (last === undefined) throw invalidLine(line, `${where}:${index + 1}`, 'a field before its continuation line');
      fields.set(last, `${fields.get(last) ?? ''}\n${line.slice(1)}`);
    } else {
      last = readField(line, fields, `${where}:${index + 1}`);
    }
  }
  if (fields.size > 0) stanzas.push(fields);
  return stanzas;
}

function readField(line: string, fields: Map<string, string>, where: string): string {
  const match = fieldPattern.exec(line);
  if (match === null || line.startsWith('-')) throw invalidLine(line, where, '`Field: value`');
  const name = (match[1] ?? '').toLowerCase();
  if (fields.has(name)) throw invalidLine(line, where, 'each field once in a paragraph');
  fields.set(name, (match[2] ?? '').trimEnd());
  return name;
}

function invalidLine(line: string, where: string, expected: string): TareError {
  return new TareError({
    code: 'DEB822_INVALID',
    message: `line \`${line.slice(0, 80)}\` does not follow the format of Debian control files`,
    where,
    expected,
  });
}

/** The words of a field's value, over all its lines. */
export function words(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(/\s+/).filter((word) => word !== '');
}
