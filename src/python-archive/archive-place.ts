import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TareError } from '../base/errors.ts';
import type { ArchiveName } from './archive-name.ts';

/** Where archives are, as configured. */
export type ArchivePlace =
  /** A file, or a folder that holds archives: absolute path. */
  | { readonly kind: 'local'; readonly path: string }
  /** One archive. */
  | { readonly kind: 'address'; readonly url: string }
  /** A folder with a list of what is in it; ends in `/`. */
  | { readonly kind: 'listing'; readonly url: string }
  /** An address with parts to fill in. */
  | { readonly kind: 'pattern'; readonly url: string }
  /** Folders by release, as uv knows them: no final `/`, an address or the absolute path of a folder. */
  | { readonly kind: 'mirror'; readonly root: string };

const parts = /\{([a-z]*)\}/g;
const knownParts: ReadonlySet<string> = new Set(['python', 'version', 'arch', 'tag']);

/** `archive` of `[tool.tare.standalone]`; relative paths start at `folder`. Throws `PYTHON_ARCHIVE_MISSING`. */
export function parseArchivePlace(text: string, folder: string): ArchivePlace {
  const isWeb = /^https?:\/\//i.test(text);
  const unknown = [...text.matchAll(parts)].find(([, name = '']) => !knownParts.has(name))?.[0];
  if (unknown !== undefined) {
    throw new TareError({
      code: 'PYTHON_ARCHIVE_MISSING',
      message: `\`${unknown}\` in \`archive\` of \`[tool.tare.standalone]\` means nothing`,
      expected: [...knownParts].map((name) => `{${name}}`).join(', '),
      hint: 'write the address with these parts, or without any',
    });
  }
  if (isWeb) {
    if (text.search(parts) >= 0) return { kind: 'pattern', url: text };
    if (/\.tar\.(?:gz|zst)(?:[?#]|$)/i.test(text)) return { kind: 'address', url: text };
    return { kind: 'listing', url: text.endsWith('/') ? text : `${text}/` };
  }
  return { kind: 'local', path: localPath(text, folder) };
}

/** uv's `python-install-mirror`: an address or a `file:` folder. */
export function parseMirrorRoot(text: string, folder: string): ArchivePlace {
  const root = text.replace(/\/+$/, '');
  return { kind: 'mirror', root: /^https?:\/\//i.test(root) ? root : localPath(root, folder) };
}

function localPath(text: string, folder: string): string {
  if (/^file:/i.test(text)) {
    try {
      return fileURLToPath(text);
    } catch (error) {
      throw new TareError({
        code: 'PYTHON_ARCHIVE_MISSING',
        message: `\`${text}\` names no file or folder of this machine`,
        expected: 'file:///ABSOLUTE/PATH',
        hint: 'write it with three slashes, or as a plain path',
        cause: error,
      });
    }
  }
  return isAbsolute(text) ? text : join(folder, text);
}

/** What a pattern needs to know beyond the minor version and the architecture. */
export function needsRelease(pattern: string): boolean {
  return /\{(?:version|tag)\}/.test(pattern);
}

export function fillPattern(
  pattern: string,
  name: Pick<ArchiveName, 'python' | 'machine'> & Partial<Pick<ArchiveName, 'fullVersion' | 'release'>>,
): string {
  const values = new Map([
    ['python', name.python],
    ['version', name.fullVersion],
    ['arch', name.machine],
    ['tag', name.release],
  ]);
  return pattern.replaceAll(parts, (whole, part: string) => values.get(part) ?? whole);
}

/** The file name at the end of an address: `+` may stand there as `%2B`. */
export function filenameOf(url: string): string {
  const last =
    url
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
