import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere } from '../base/atomic-file.ts';
import { systemErrorCode } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';

/** Options of apt.conf(5) by lower-case name: `acquire::http::proxy`. The last value of a list. */
export type AptOptions = ReadonlyMap<string, string>;

/** Reads `apt.conf.d/*` in order, then `apt.conf` (apt.conf(5), DESCRIPTION). `root` is `/etc/apt` on a real machine. */
export async function readAptOptions(root: string): Promise<AptOptions> {
  const options = new Map<string, string>();
  const parts = (await listFiles(join(root, 'apt.conf.d'), /^[A-Za-z0-9_.-]+$/)).filter((file) => {
    const name = file.slice(file.lastIndexOf('/') + 1);
    return !name.includes('.') || name.endsWith('.conf');
  });
  const texts = await Promise.all([...parts, join(root, 'apt.conf')].map(readTextIfThere));
  for (const text of texts) readInto(options, text ?? '');
  return options;
}

/** Files of a folder whose names match, in order; none where there is no such folder. */
export async function listFiles(folder: string, pattern: RegExp): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => pattern.test(name));
    return sortedBy(names, (name) => name).map((name) => join(folder, name));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return [];
    throw error;
  }
}

/** `A::B "value";`, `A { B "value"; C { ... }; };`, comments as in C and with `#`. What is no option is passed over. */
function readInto(options: Map<string, string>, text: string): void {
  const scope: string[] = [];
  let words: string[] = [];
  for (const token of tokensOf(text)) {
    if (token === '{') {
      scope.push(words.join(' '));
      words = [];
    } else if (token === '}') {
      scope.pop();
      words = [];
    } else if (token === ';') {
      const [name, value] = words.length === 1 ? ['', words[0]] : [words[0] ?? '', words[1]];
      const path = [...scope, name].filter((part) => part !== '').join('::');
      if (value !== undefined && path !== '') options.set(path.toLowerCase(), value.replace(/^"|"$/g, ''));
      words = [];
    } else {
      words.push(token);
    }
  }
}

const tokenPattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*|"[^"\n]*"|[{};]|[^\s{};"]+/g;

function* tokensOf(text: string): Generator<string> {
  for (const [token] of text.matchAll(tokenPattern)) {
    if (!token.startsWith('//') && !token.startsWith('/*') && !token.startsWith('#')) yield token;
  }
}

/** What `false` may be called (apt's own `StringToBool`). */
export function isAptFalse(value: string | undefined): boolean {
  return value !== undefined && ['no', 'false', 'without', 'off', 'disable', '0'].includes(value.toLowerCase());
}
