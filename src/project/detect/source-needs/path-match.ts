import { anchor, unknown } from './path-texts.ts';

/** The sources that a path or pattern means. */
export interface PathMatch {
  readonly paths: readonly string[];
  /** False where the folder is not known: then they are those below the module's own that end alike. */
  readonly isCertain: boolean;
}

/**
 * The sources that a text of `pathTextsOf` means. Relative ones are tried from the working folder and from each folder down to the module's;
 * of absolute ones the first part may be the folder that the image has the application in.
 */
export function matchPaths(
  text: string,
  context: { readonly module: string; readonly paths: readonly string[]; readonly isPattern: boolean },
): PathMatch {
  const { module, paths, isPattern } = context;
  const parts = partsOf(text.replaceAll('\\', '/'));
  if (parts === undefined) return { paths: [], isCertain: true };
  const tokens = parts.map((part) => parsePart(part, isPattern));
  const select = (folder: readonly string[], pattern: readonly Part[]): readonly string[] => {
    const all = [...folder.map((one) => parsePart(one, false)), ...pattern];
    return paths.filter((path) => matchParts(all, path.split('/')));
  };
  const own = module.split('/').slice(0, -1);
  if (parts[0] === anchor) return { paths: select([], tokens.slice(1)), isCertain: true };
  if (parts[0]?.includes(unknown) === true)
    return { paths: select(own, [anyDepth, ...tokens.slice(parts[0] === unknown ? 1 : 0)]), isCertain: false };
  if (text.startsWith('/')) {
    if (systemFolder.test(parts.join('/'))) return { paths: [], isCertain: true };
    const least = isPattern && tokens.length > 2 ? tokens.length - 2 : tokens.length - 1;
    for (let skipped = 1; skipped <= least; skipped += 1) {
      const found = select([], tokens.slice(skipped));
      if (found.length > 0) return { paths: found, isCertain: true };
    }
    return { paths: [], isCertain: true };
  }
  const found = new Set(own.flatMap((_part, depth) => select(own.slice(0, depth + 1), tokens)));
  for (const path of select([], tokens)) found.add(path);
  return { paths: [...found], isCertain: true };
}

/** Where no application is put. */
const systemFolder =
  /^(?:etc|proc|sys|dev|lib\w*|bin|sbin|boot|tmp|run|usr(?!\/src\/)|var(?!\/(?:www|task)\/))(?:\/|$)/;

/** The parts of a path without `.` and `..`; undefined where it leads out of where it begins. */
function partsOf(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length === 0 || parts.at(-1) === anchor) return undefined;
    else if (parts.at(-1)?.includes(unknown) !== true) parts.pop();
  }
  return parts.length === 0 || parts.length > 100 ? undefined : parts;
}

type Token = { readonly is: 'star' } | { readonly is: 'one'; readonly fits: (character: string) => boolean };
type Part = { readonly is: 'depth' } | { readonly is: 'name'; readonly tokens: readonly Token[] };

const anyDepth: Part = { is: 'depth' };
const star: Token = { is: 'star' };

function parsePart(part: string, isPattern: boolean): Part {
  if (part === unknown || (isPattern && part === '**')) return anyDepth;
  const tokens: Token[] = [];
  const characters = [...part];
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    const close = isPattern && character === '[' ? characters.indexOf(']', index + 2) : -1;
    if (character === unknown || (isPattern && character === '*')) tokens.push(star);
    else if (isPattern && character === '?') tokens.push({ is: 'one', fits: () => true });
    else if (close > 0) {
      tokens.push({ is: 'one', fits: fitsSet(characters.slice(index + 1, close)) });
      index = close;
    } else tokens.push({ is: 'one', fits: (other) => other === character });
  }
  return { is: 'name', tokens };
}

function fitsSet(set: readonly string[]): (character: string) => boolean {
  const isNegated = set[0] === '!' || set[0] === '^';
  const members = isNegated ? set.slice(1) : set;
  return (character) => {
    const isIn = members.some(
      (one, index) =>
        one === character ||
        (members[index + 1] === '-' && one <= character && character <= (members[index + 2] ?? '')),
    );
    return isIn !== isNegated;
  };
}

function matchParts(parts: readonly Part[], names: readonly string[]): boolean {
  return matchSequence(parts, names, (part) => part.is === 'depth', matchPart);
}

function matchPart(part: Part, name: string): boolean {
  return (
    part.is === 'name' &&
    matchSequence(
      part.tokens,
      [...name],
      (token) => token.is === 'star',
      (token, one) => token.is === 'one' && token.fits(one),
    )
  );
}

/** Wildcards in time that grows with the product of the lengths at most: only the last one is ever gone back to. */
function matchSequence<P, I>(
  pattern: readonly P[],
  items: readonly I[],
  isWild: (part: P) => boolean,
  fits: (part: P, item: I) => boolean,
): boolean {
  let at = 0;
  let back: { readonly pattern: number; item: number } | undefined;
  let item = 0;
  while (item < items.length) {
    const part = pattern[at];
    const one = items[item];
    if (part !== undefined && isWild(part)) {
      back = { pattern: at + 1, item };
      at += 1;
    } else if (part !== undefined && one !== undefined && fits(part, one)) {
      at += 1;
      item += 1;
    } else if (back === undefined) return false;
    else {
      back.item += 1;
      at = back.pattern;
      item = back.item;
    }
  }
  return pattern.slice(at).every(isWild);
}

/** True where a pattern's last part could be the name of a source. */
export function mayMatchSource(text: string): boolean {
  const last = parsePart(text.split('/').at(-1) ?? '', true);
  return last.is === 'depth' || matchPart(last, 'module.py') || matchPart(last, '__init__.py') || /\.py$/.test(text);
}
