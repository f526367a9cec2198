import type { FoundFile, RootTree } from '../root/tree.ts';

/** What runc and containerd use where an image has no PATH. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Folders of PATH, relative as in `FileFacts`, in order; relative ones are left out. */
export function searchPath(env: ReadonlyMap<string, string>): readonly string[] {
  return (env.get('PATH') ?? defaultPath)
    .split(':')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) =>
      folder
        .split('/')
        .filter((part) => part !== '' && part !== '.')
        .join('/'),
    );
}

/** Folders whose programs may be run: those of PATH and of the Filesystem Hierarchy Standard. */
export function programFolders(env: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...searchPath(env), ...searchPath(new Map())])];
}

/** Where a program is: by its path (relative to `workdir`), or on PATH. */
export function findProgram(
  tree: RootTree,
  env: ReadonlyMap<string, string>,
  workdir: string,
  name: string,
): FoundFile | undefined {
  if (name === '' || name.includes('\0')) return undefined;
  if (name.includes('/')) return tree.resolve(name.startsWith('/') ? name : `${workdir}/${name}`);
  for (const folder of searchPath(env)) {
    const found = tree.resolve(`${folder}/${name}`);
    if (found?.facts.type === 'file' && (found.facts.mode & 0o111) !== 0) return found;
  }
  return undefined;
}
