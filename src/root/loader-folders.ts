import { builtInFolders } from './multiarch.ts';
import type { RootTree } from './tree.ts';

const configuration = 'etc/ld.so.conf';
const deepestInclude = 8;

/** Folders of ld.so.conf(5) with what it includes, and those that glibc searches anyway. Real paths of folders that are there. */
export function readLoaderFolders(
  tree: RootTree,
  text: (path: string) => string | undefined,
  architecture: string,
): readonly string[] {
  const named = [...configuredFolders(tree, text, configuration, 0), ...builtInFolders(architecture)];
  const real = named.flatMap((path) => {
    const found = tree.resolve(path);
    return found?.facts.type === 'directory' ? [found.path] : [];
  });
  return [...new Set(real)];
}

/** As ldconfig(8) reads it: a folder or `include PATTERN...` a line, `#` begins a comment. */
function configuredFolders(
  tree: RootTree,
  text: (path: string) => string | undefined,
  file: string,
  depth: number,
): readonly string[] {
  const lines = (text(file) ?? '').split('\n').map((line) => (line.split('#', 1)[0] ?? '').trim());
  return lines.flatMap((line) => {
    const patterns = /^include\s+(.*)$/.exec(line)?.[1];
    if (patterns === undefined) return line === '' || /^hwcap\s/.test(line) ? [] : [line];
    if (depth >= deepestInclude) return [];
    return patterns
      .split(/\s+/)
      .flatMap((pattern) => matchesOf(tree, pattern, file))
      .flatMap((path) => configuredFolders(tree, text, path, depth + 1));
  });
}

/** Files that an include names: relative to the file it stands in, wild cards in the last part (glob(7)). */
function matchesOf(tree: RootTree, pattern: string, file: string): readonly string[] {
  const whole = pattern.startsWith('/') ? pattern.slice(1) : `${file.slice(0, file.lastIndexOf('/') + 1)}${pattern}`;
  const slash = whole.lastIndexOf('/');
  const folder = whole.slice(0, Math.max(0, slash));
  const last = whole.slice(slash + 1);
  if (!/[*?]/.test(last)) return [whole];
  const expression = new RegExp(
    `^${last
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replace(/\?/g, '.')}$`,
  );
  return tree
    .children(folder)
    .filter((name) => expression.test(name) && !name.startsWith('.'))
    .map((name) => `${folder}/${name}`);
}
