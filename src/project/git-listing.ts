import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Because } from '../base/because.ts';
import { systemErrorCode } from '../base/errors.ts';
import type { ProjectWarning } from './facts.ts';
import { runGit } from './git-program.ts';
import type { Listing } from './listing.ts';

/** How many ignored paths are asked for the line that ignores them. */
const explainedPaths = 2000;
const deepestNesting = 8;

/**
 * Lists a folder by git's own rules: tracked files, and those that are not ignored. Undefined where there is no git program,
 * no work tree, a work tree that git refuses (`safe.directory`) or one that ignores this very folder.
 */
export async function readGitListing(root: string): Promise<Listing | undefined> {
  if ((await runGit(root, ['rev-parse', '--is-inside-work-tree']))?.trim() !== 'true') return undefined;
  if (await isIgnoredItself(root)) return undefined;
  return await readWorkTree(root, 0);
}

async function readWorkTree(root: string, depth: number): Promise<Listing | undefined> {
  const [entering, ignored] = await Promise.all([
    runGit(root, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']),
    runGit(root, ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory']),
  ]);
  if (entering === undefined || ignored === undefined) return undefined;
  const paths: string[] = [];
  const warnings: ProjectWarning[] = [];
  const inner: { readonly path: string; readonly because: Because }[] = [];
  for (const path of new Set(splitNul(entering))) {
    const folder = path.endsWith('/') ? path.slice(0, -1) : path;
    if (!(await isFolder(join(root, folder)))) {
      paths.push(path);
      continue;
    }
    const nested = depth < deepestNesting ? await readNested(root, folder, depth) : undefined;
    if (nested === undefined) warnings.push(emptySubmodule(folder));
    else {
      paths.push(...nested.paths);
      inner.push(...nested.ignored);
      warnings.push(...nested.warnings);
    }
  }
  return { paths, ignored: [...(await explain(root, splitNul(ignored))), ...inner], warnings };
}

/** A submodule, or a repository that lies in this one. */
async function readNested(root: string, folder: string, depth: number): Promise<Listing | undefined> {
  const hasOwnRepository = await lstat(join(root, folder, '.git')).then(
    () => true,
    () => false,
  );
  if (!hasOwnRepository) return undefined;
  const listing = await readWorkTree(join(root, folder), depth + 1);
  if (listing === undefined) return undefined;
  const place = (path: string): string => `${folder}/${path}`;
  return {
    paths: listing.paths.map(place),
    ignored: listing.ignored.map(({ path, because }) => ({
      path: place(path),
      because: because.file === undefined ? because : { ...because, file: place(because.file) },
    })),
    warnings: listing.warnings,
  };
}

function emptySubmodule(folder: string): ProjectWarning {
  return {
    code: 'SUBMODULE_MISSING',
    message: `the submodule \`${folder}\` is not checked out, so nothing of it enters the image`,
    hint: 'run `git submodule update --init`',
  };
}

async function isIgnoredItself(root: string): Promise<boolean> {
  const prefix = (await runGit(root, ['rev-parse', '--show-prefix']))?.replace(/\n$/, '') ?? '';
  if (prefix === '') return false;
  const top = (await runGit(root, ['rev-parse', '--show-cdup']))?.trim() ?? '';
  return (await runGit(join(root, top), ['check-ignore', '-q', '--', prefix])) !== undefined;
}

/** The file and line that ignore each path (`git check-ignore -v -z`: source, line, pattern, path). */
async function explain(root: string, paths: readonly string[]): Promise<Listing['ignored']> {
  const reasons = new Map<string, Because>();
  if (paths.length > 0) {
    const answer = await runGit(
      root,
      ['check-ignore', '-v', '-z', '--stdin'],
      paths.slice(0, explainedPaths).join('\0'),
    );
    const fields = (answer ?? '').split('\0');
    for (let index = 0; index + 3 < fields.length; index += 4) {
      const [source = '', line = '', pattern = '', path = ''] = fields.slice(index, index + 4);
      reasons.set(path, { ...placeOf(source, line), rule: `ignored by git: \`${pattern}\`` });
    }
  }
  return paths.map((path) => ({ path, because: reasons.get(path) ?? { rule: 'ignored by git' } }));
}

/** A source outside of the folder (the user's own excludes file) is not named: it is a path of this machine. */
function placeOf(source: string, line: string): { readonly file?: string; readonly line?: number } {
  if (source === '' || source.startsWith('/') || source.startsWith('..') || /^[A-Za-z]:/.test(source)) return {};
  return { file: source, line: Number(line) };
}

function splitNul(text: string): string[] {
  return text.split('\0').filter((part) => part !== '');
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'EACCES') return false;
    throw error;
  }
}
