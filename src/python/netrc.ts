/** One entry of a netrc file. */
export interface NetrcEntry {
  /** Host name; absent for `default`. */
  readonly machine?: string;
  readonly login: string;
  readonly password: string;
}

const tokenPattern = /"((?:[^"\\]|\\.)*)"|(\S+)/g;

/** Reads a netrc file (GNU inetutils, "The .netrc file"). What is not understood is passed over, as curl does. */
export function parseNetrc(text: string): readonly NetrcEntry[] {
  const entries: NetrcEntry[] = [];
  let open: { machine?: string; login: string; password: string } | undefined;
  const tokens = tokensOf(text);
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === 'machine' || token === 'default') {
      if (open !== undefined) entries.push(open);
      open = { login: '', password: '' };
      if (token === 'machine') open.machine = (tokens[++index] ?? '').toLowerCase();
    } else if (token === 'login' || token === 'user') {
      const login = tokens[++index] ?? '';
      if (open !== undefined) open.login = login;
    } else if (token === 'password') {
      const password = tokens[++index] ?? '';
      if (open !== undefined) open.password = password;
    } else if (token === 'account') {
      index++;
    }
  }
  if (open !== undefined) entries.push(open);
  return entries;
}

/** Words without comments and macros. A macro ends at an empty line. */
function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  let inMacro = false;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    if (inMacro) {
      inMacro = line.trim() !== '';
      continue;
    }
    for (const match of line.matchAll(tokenPattern)) {
      const quoted = match[1]?.replace(/\\(.)/g, '$1');
      const token = quoted ?? match[2] ?? '';
      // A password may begin with `#`, any other word that does begins a comment.
      if (quoted === undefined && token.startsWith('#') && tokens.at(-1) !== 'password') break;
      if (token === 'macdef' && tokens.at(-1) !== 'password') {
        inMacro = true;
        break;
      }
      tokens.push(token);
    }
  }
  return tokens;
}

/** The entry for a host, else the default one. */
export function netrcEntryFor(entries: readonly NetrcEntry[], host: string): NetrcEntry | undefined {
  return (
    entries.find((entry) => entry.machine === host.toLowerCase()) ??
    entries.find((entry) => entry.machine === undefined)
  );
}
