import type { FileFacts } from '../../root/file-facts.ts';
import { createLoader, type LoadResult } from '../../root/loader.ts';
import { layTree, type RootTree } from '../../root/tree.ts';
import type { SiblingCheck } from './siblings.ts';
import type { AddedPackage, AskedNeed, NeedChain, SystemRequest } from './types.ts';

/** Something that is not there yet. */
export interface Need {
  readonly kind: AskedNeed['kind'] | 'version';
  readonly name: string;
  readonly chain: NeedChain;
  /** The package whose file needs it, else what the need begins with. */
  readonly by: string | undefined;
  readonly asked?: AskedNeed;
}

/** What the image lacks with the packages that were added so far. */
export function findOpenNeeds(
  request: SystemRequest,
  added: ReadonlyMap<string, AddedPackage>,
  isSibling: SiblingCheck,
): readonly Need[] {
  const tree = layTree([...request.layers, ...[...added.values()].map((one) => one.files)]);
  const loader = createLoader(tree, {
    machine: request.machine,
    libraryPath: request.libraryPath,
    folders: request.loaderFolders,
    program: request.interpreter,
  });
  const needs: Need[] = [];
  for (const { path, distribution, kind } of request.roots.required) {
    const begin = distribution ?? (kind === 'standard' ? 'the standard library' : path);
    needs.push(...needsOf(loader.load(path), { begin, isThere: (name) => isSibling(name, distribution) }, request));
  }
  for (const one of added.values()) {
    for (const file of one.files.filter((candidate) => isFollowed(candidate, one, request))) {
      const begin = { begin: one.deb.name, by: one.deb.name, before: one.chain, isThere: () => false };
      needs.push(...needsOf(loader.load(file.path), begin, request));
    }
  }
  for (const asked of request.asked) {
    if (isAskedThere(asked, tree, request, added)) continue;
    const [name] = asked.names;
    const chain = [...(asked.distribution === undefined ? [] : [asked.distribution]), name];
    needs.push({ kind: asked.kind, name, chain, by: asked.distribution, asked });
  }
  return needs;
}

interface Beginning {
  readonly begin: string;
  readonly by?: string;
  readonly before?: NeedChain;
  readonly isThere: (soname: string) => boolean;
}

function needsOf(result: LoadResult, from: Beginning, request: SystemRequest): Need[] {
  const chainTo = (chain: readonly string[], name: string): NeedChain => [
    ...(from.before ?? []),
    from.begin,
    ...chain,
    name,
  ];
  const common = { by: from.by ?? from.begin };
  const libraries = result.missing
    .filter(({ soname }) => !request.isHostLibrary(soname) && !from.isThere(soname))
    .map(({ soname, chain }): Need => ({ kind: 'library', name: soname, chain: chainTo(chain, soname), ...common }));
  const versions = result.missingVersions.map(({ soname, version, chain }): Need => {
    const name = `${soname} (${version})`;
    return { kind: 'version', name, chain: chainTo(chain, name), ...common };
  });
  return [...libraries, ...versions];
}

/** Of a package, what the loader finds by name; its programs and what they run where it was named. */
function isFollowed(file: FileFacts, added: AddedPackage, request: SystemRequest): boolean {
  if (file.elf === undefined || file.type !== 'file') return false;
  const folder = file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')));
  if (request.loaderFolders.includes(folder)) return file.elf.type === 'shared';
  return added.isNamed && file.elf.interpreter !== undefined && (file.mode & 0o111) !== 0;
}

function isAskedThere(
  asked: AskedNeed,
  tree: RootTree,
  request: SystemRequest,
  added: ReadonlyMap<string, AddedPackage>,
): boolean {
  switch (asked.kind) {
    case 'library':
      return isIn(tree, request.loaderFolders, asked.names);
    case 'program':
      return isIn(tree, programFolders, asked.names);
    case 'package':
      return asked.names.some((name) => request.installed.has(name) || added.has(name) || isProvided(name, added));
  }
}

function isIn(tree: RootTree, folders: readonly string[], names: readonly string[]): boolean {
  return names.some((name) => folders.some((folder) => tree.resolve(`${folder}/${name}`)?.facts.type === 'file'));
}

/** A name may be an older one that an added package provides. */
function isProvided(name: string, added: ReadonlyMap<string, AddedPackage>): boolean {
  return [...added.values()].some(({ deb }) => deb.provides.flat().some((provision) => provision.name === name));
}

const programFolders = ['opt/venv/bin', 'usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin'];
