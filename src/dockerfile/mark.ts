import { sha256 } from '../base/digest.ts';
import { type DockerfileOptions, type Variant, variants } from './types.ts';

/** The first line of a file that tare wrote: what follows must hash to it, or somebody changed it. */
const pattern = /^# Made by `tare dockerfile([^`\n]*)`[^\n]*\(sha256:([0-9a-f]{16})\)\.\n/;

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

export function flagsOf({ variant, comments = 'full', link = true, platforms }: MarkedOptions): string {
  const isLinkless = !link && variant !== 'plain';
  return [
    ` --variant ${variant} --platform ${platforms.join(',')}`,
    comments === 'full' ? '' : ` --comments ${comments}`,
    isLinkless ? ' --no-link' : '',
  ].join('');
}

/** How a file was asked for; undefined where tare did not write it. */
export function readFlags(text: string): MarkedOptions | undefined {
  const words = pattern.exec(text)?.[1]?.split(' ') ?? [];
  const after = (flag: string): string => (words.includes(flag) ? (words[words.indexOf(flag) + 1] ?? '') : '');
  const variant = variants.find((one): one is Variant => one === after('--variant'));
  if (variant === undefined) return undefined;
  const comments = (['brief', 'none'] as const).find((one) => one === after('--comments'));
  return {
    variant,
    platforms: after('--platform')
      .split(',')
      .filter((one) => one !== ''),
    ...(comments === undefined ? {} : { comments }),
    ...(words.includes('--no-link') ? { link: false } : {}),
  };
}

function hashOf(text: string): string {
  return sha256(new TextEncoder().encode(text)).slice('sha256:'.length, 'sha256:'.length + 16);
}
