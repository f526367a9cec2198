/** What a server wants to be shown (RFC 9110, 11.3). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/;
const token68 = /^[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/;
const quoted = /^"((?:[^"\\]|\\[\s\S])*)"/;
/** Far more than any registry sends. */
const longestHeader = 64 * 1024;

/** Reads `WWW-Authenticate` (RFC 9110, 11.6.1), several in one header too. What does not follow the grammar ends the reading. */
export function parseChallenges(header: string): readonly Challenge[] {
  const found: Challenge[] = [];
  let rest = header.slice(0, longestHeader);
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const match = pattern.exec(rest);
    if (match !== null) rest = rest.slice(match[0].length);
    return match;
  };
  for (;;) {
    // One challenge ends where the next comma is.
    if (take(found.length === 0 ? /^[\s,]*/ : /^\s*,[\s,]*/) === null) return found;
    const scheme = take(token)?.[0].toLowerCase();
    if (scheme === undefined) return found;
    const parameters = new Map<string, string>();
    found.push({ scheme, parameters });
    if (take(/^[ \t]+/) !== null && !isParameter(rest)) take(token68);
    for (;;) {
      const before = rest;
      take(/^[\s,]+/);
      const parameter = takeParameter(rest);
      if (parameter === undefined) {
        rest = before;
        break;
      }
      // The first of two of one name is what others read.
      if (!parameters.has(parameter.name)) parameters.set(parameter.name, parameter.value);
      rest = parameter.rest;
    }
  }
}

function isParameter(text: string): boolean {
  return takeParameter(text) !== undefined;
}

function takeParameter(
  text: string,
): { readonly name: string; readonly value: string; readonly rest: string } | undefined {
  const name = token.exec(text)?.[0];
  if (name === undefined) return undefined;
  const equals = /^[ \t]*=[ \t]*/.exec(text.slice(name.length))?.[0];
  if (equals === undefined) return undefined;
  const at = name.length + equals.length;
  const tail = text.slice(at);
  const inQuotes = quoted.exec(tail);
  if (inQuotes !== null) {
    const value = (inQuotes[1] ?? '').replace(/\\([\s\S])/g, '$1');
    return { name: name.toLowerCase(), value, rest: tail.slice(inQuotes[0].length) };
  }
  const value = token.exec(tail)?.[0];
  return value === undefined ? undefined : { name: name.toLowerCase(), value, rest: tail.slice(value.length) };
}
