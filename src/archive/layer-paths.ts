import { TareError } from '../base/errors.ts';
import type { LayerEntry } from './layer-entry.ts';

/** Longest path that Linux takes (PATH_MAX less its NUL), in bytes. */
const longestPath = 4095;
const loneSurrogate = /\p{Surrogate}/u;

/** Returns a check that throws for a path that is unsafe or was seen before. */
export function createPathCheck(): (entry: LayerEntry) => void {
  const seen = new Set<string>();
  return (entry) => {
    assertLayerPath(entry.path, 'path');
    if (entry.type === 'hardlink') assertLayerPath(entry.linkTarget ?? '', 'hard link target');
    if (entry.type === 'symlink') assertSymlinkTarget(entry);
    if (seen.has(entry.path)) {
      throw new TareError({
        code: 'LAYER_PATH_DUPLICATE',
        message: `\`${entry.path}\` occurs twice in one layer`,
        where: entry.path,
        hint: 'find the two packages or files that own this path and leave one of them out',
      });
    }
    seen.add(entry.path);
  };
}

function assertLayerPath(path: string, what: string): void {
  const fault = pathFault(path);
  if (fault !== undefined) throw invalid(path, `${what} ${fault}`);
}

function assertSymlinkTarget({ path, linkTarget }: LayerEntry): void {
  if (linkTarget === undefined || linkTarget === '') throw invalid(path, 'symbolic link has no target');
  if (linkTarget.includes('\0')) throw invalid(path, 'symbolic link target has a NUL');
  if (isTooLong(linkTarget)) throw invalid(path, 'symbolic link target is too long');
  if (loneSurrogate.test(linkTarget)) throw invalid(path, 'symbolic link target is not Unicode');
}

function isTooLong(path: string): boolean {
  return path.length > longestPath / 3 && Buffer.byteLength(path) > longestPath;
}

function pathFault(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\0')) return 'has a NUL';
  if (loneSurrogate.test(path)) return 'is not Unicode';
  if (isTooLong(path)) return 'is too long';
  for (const part of path.split('/')) {
    if (part === '') return 'has an empty part';
    if (part === '.' || part === '..') return `has a part \`${part}\``;
  }
  return undefined;
}

function invalid(path: string, fault: string): TareError {
  const shown = path.length > 300 ? `${path.slice(0, 300)}…` : path;
  return new TareError({
    code: 'LAYER_PATH_INVALID',
    message: `a layer cannot hold ${JSON.stringify(shown)}: its ${fault}`,
    expected: 'a path relative to the root, without `.`, `..`, empty parts or NUL, of at most 4,095 bytes',
    hint: 'the package or file that brings this path is damaged or hostile: take another version of it',
  });
}
