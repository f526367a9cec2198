import { compareText } from '../base/order.ts';
import type { CachedLibrary } from '../elf/loader-cache.ts';
import type { RootTree } from '../root/tree.ts';

/**
 * What ldconfig(8) would put into its cache: libraries by folder, in the order of the folders (relative to the root), under the name
 * that each has in its dynamic section.
 */
export function findLibraries(tree: RootTree, folders: readonly string[]): readonly CachedLibrary[] {
  const seen = new Set<string>();
  return folders.flatMap((folder) => {
    const real = tree.resolve(folder);
    if (real?.facts.type !== 'directory' || seen.has(real.path)) return [];
    seen.add(real.path);
    return librariesIn(tree, real.path, nameOf(tree, folder, real.path));
  });
}

/** Debian's configuration names folders through the links of the merged root: `/lib/x86_64-linux-gnu`. */
function nameOf(tree: RootTree, folder: string, real: string): string {
  const short = real.replace(/^usr\/lib/, 'lib');
  return tree.resolve(short)?.path === real ? short : folder.replace(/^\/+/, '');
}

function librariesIn(tree: RootTree, folder: string, shown: string): readonly CachedLibrary[] {
  const names = tree.children(folder).filter((name) => /^(?:lib|ld-).*\.so/.test(name));
  const found = names.flatMap((name) => {
    const link = tree.find(`${folder}/${name}`);
    const target = tree.resolve(`${folder}/${name}`);
    const elf = target?.facts.elf;
    if (link === undefined || elf === undefined || elf.type !== 'shared') return [];
    const soname = elf.soname ?? name;
    if (link.type !== 'symlink' || name === soname) return [{ soname, name, machine: elf.machine }];
    // A link for development counts under its own name where it leads to the soname (glibc `elf/ldconfig.c`, `search_dir`).
    const isNamed = name.endsWith('.so') && target?.path.slice(target.path.lastIndexOf('/') + 1) === soname;
    return isNamed ? [{ soname: name, name, machine: elf.machine }] : [];
  });
  const there = new Set(found.map((one) => one.name));
  return [...found]
    .sort((left, right) => compareText(left.name, right.name))
    .map(({ soname, name, machine }) => ({
      soname,
      path: `/${shown}/${there.has(soname) ? soname : name}`,
      machine,
    }));
}
