import { sha256 } from '../base/digest.ts';
import { type DockerfileOptions, type Variant, variants } from './types.ts';
import { parseShellWords, shellWord } from './words.ts';

/** The first line of a file that tare wrote: what follows must hash to it, or somebody changed it. Quotes may hold anything. */
const pattern = /^# Made by `tare dockerfile((?:[^`'\\\n]|\\[^\n]|'[^'\n]*')*)`[^\n]*\(sha256:([0-9a-f]{16})\)\.\n/;

/** `flags`: how to make it again. */
export function withMark(body: string, flags = ''): string {
  return `# Made by \`tare dockerfile${flags}\`: run it again instead of editing (sha256:${hashOf(body)}).\n${body}`;
}

/** `own`: as tare wrote it; `edited`: since changed by hand; `foreign`: never tare's. */
export function readMark(text: string): 'own' | 'edited' | 'foreign' {
  const match = pattern.exec(text);
  if (match === null) return 'foreign';
  return match[2] === hashOf(text.slice(match[0].length)) ? 'own' : 'edited';
}

/** What stands below the mark, or all of it where there is none. */
export function withoutMark(text: string): string {
  return text.replace(pattern, '');
}

/** How a file was asked for. */
export interface MarkedOptions extends DockerfileOptions {
  readonly platforms: readonly string[];
}

/** Throws `DOCKERFILE_INEXPRESSIBLE` for what does not fit into a line. */
export function flagsOf({ variant, comments = 'full', link = true, platforms, asked = {} }: MarkedOptions): string {
  const isLinkless = !link && variant !== 'plain';
  const words = [
    ...['--variant', variant, '--platform', platforms.join(',')],
    ...(comments === 'full' ? [] : ['--comments', comments]),
    ...(isLinkless ? ['--no-link'] : []),
    ...Object.entries(asked).flatMap(([flag, values]) => values.flatMap((value) => [flag, value])),
  ];
  return words.map((word) => ` ${shellWord(word)}`).join('');
}

/** How a file was asked for; undefined where tare did not write it. */
export function readFlags(text: string): MarkedOptions | undefined {
  const given = valuesOf(parseShellWords(pattern.exec(text)?.[1] ?? ''));
  const all = (flag: string): readonly string[] => given.get(flag) ?? [];
  const [chosen] = all('--variant');
  const variant = variants.find((one): one is Variant => one === chosen);
  if (variant === undefined) return undefined;
  const comments = (['brief', 'none'] as const).find((one) => one === all('--comments')[0]);
  const asked = Object.fromEntries([...given].filter(([flag, values]) => !ownFlags.has(flag) && values.length > 0));
  return {
    variant,
    platforms: all('--platform').flatMap((list) => list.split(',').filter((one) => one !== '')),
    ...(comments === undefined ? {} : { comments }),
    ...(given.has('--no-link') ? { link: false } : {}),
    ...(Object.keys(asked).length === 0 ? {} : { asked }),
  };
}

/** How it is written, which is no setting of the image. */
const ownFlags: ReadonlySet<string> = new Set(['--variant', '--platform', '--comments', '--no-link']);

/** Each flag with what follows it, in order: a value may look like a flag. */
function valuesOf(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (let at = 0; at < words.length; at++) {
    const flag = words[at] ?? '';
    const value = flag === '--no-link' ? undefined : words[++at];
    values.set(flag, [...(values.get(flag) ?? []), ...(value === undefined ? [] : [value])]);
  }
  return values;
}

function hashOf(text: string): string {
  return sha256(new TextEncoder().encode(text)).slice('sha256:'.length, 'sha256:'.length + 16);
}
