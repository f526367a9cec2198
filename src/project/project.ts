import { realpath, stat } from 'node:fs/promises';
import { sortedBy } from '../base/order.ts';
import { TareError, systemErrorCode } from '../base/errors.ts';
import type { ProjectWarning } from './facts.ts';
import { readGitListing } from './git-listing.ts';
import { listEverything, readHandListing } from './hand-listing.ts';
import { inspectPaths } from './inspection.ts';
import { foldLeftOut, type LeftOut } from './left-out.ts';
import type { Listing } from './listing.ts';
import { makePatterns, parseDockerignore, type Patterns, readPatterns } from './patterns.ts';
import { selectPaths } from './selection.ts';
import { readProjectText } from './text.ts';
import { parseTomlDocument, type TomlDocument } from './toml-document.ts';

export type { LeftOut } from './left-out.ts';

/** A file of the application folder that enters the image. */
export interface ProjectFile {
  /** Relative, `/` separated. */
  readonly path: string;
  readonly type: 'file' | 'symlink';
  /** 0o644 or 0o755, whatever the umask; 0o777 for a link. */
  readonly mode: number;
  /** Bytes; 0 for a link. */
  readonly size: number;
  /** For a link: relative, inside the folder. */
  readonly linkTarget?: string;
}

/** A read-only view of an application folder. */
export interface Project {
  /** Absolute and real (no links in it). */
  readonly root: string;
  /** Sorted by code unit. */
  readonly files: readonly ProjectFile[];
  /** Sorted by code unit. */
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly ProjectWarning[];
  /** Text of a file of the folder (also one that is left out), without a byte order mark; undefined where there is none. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /** The same for TOML. Throws `TOML_INVALID` with line and column. */
  readonly readToml: (path: string) => Promise<TomlDocument | undefined>;
}

export interface OpenOptions {
  /** In the syntax of .gitignore; absent: those of `[tool.tare]`. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** `none`: do not ask a git program, even where there is one. */
  readonly git?: 'auto' | 'none';
}

/**
 * Opens an application folder: what git tracks or does not ignore, minus `.dockerignore`, minus what never enters an image.
 * Throws `PROJECT_NOT_FOUND`, `TOML_INVALID`, `PROJECT_UNREADABLE`.
 */
export async function openProject(root: string, options: OpenOptions = {}): Promise<Project> {
  const real = await resolveRoot(root);
  const documents = new Map<string, Promise<TomlDocument | undefined>>();
  const readToml = async (path: string): Promise<TomlDocument | undefined> => {
    let document = documents.get(path);
    if (document === undefined) {
      document = readProjectText(real, path).then((text) =>
        text === undefined ? undefined : parseTomlDocument(text, path),
      );
      documents.set(path, document);
    }
    return await document;
  };
  const listing = await listFolder(real, options.git);
  const include = await choosePatterns('include', options.include, readToml);
  const selection = await selectPaths(listing, {
    include,
    exclude: await choosePatterns('exclude', options.exclude, readToml),
    dockerignore: parseDockerignore((await readProjectText(real, '.dockerignore')) ?? ''),
    listFolder: (folder) => listEverything(real, folder),
  });
  const inspection = await inspectPaths(real, selection.kept, (path) => include.matchExactly(path) !== undefined);
  const files = sortedBy(inspection.files, ({ path }) => path);
  return {
    root: real,
    files,
    leftOut: foldLeftOut(
      [...selection.leftOut, ...inspection.leftOut],
      files.map(({ path }) => path),
      new Set([...selection.secrets, ...inspection.secrets]),
    ),
    warnings: [...selection.warnings, ...inspection.warnings],
    readText: (path) => readProjectText(real, path),
    readToml,
  };
}

/** What git tracks or does not ignore in a folder, before any rule of tare's: paths relative to it. Throws `PROJECT_NOT_FOUND`. */
export async function listProject(root: string): Promise<readonly string[]> {
  return (await listFolder(await resolveRoot(root), 'auto')).paths;
}

async function listFolder(real: string, git: OpenOptions['git']): Promise<Listing> {
  return (git === 'none' ? undefined : await readGitListing(real)) ?? (await readHandListing(real));
}

async function resolveRoot(root: string): Promise<string> {
  try {
    const real = await realpath(root);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw notFound(root, code === 'ENOENT' ? 'there is no such folder' : `it cannot be opened (${code})`);
  }
  throw notFound(root, 'it is a file, not a folder');
}

function notFound(root: string, why: string): TareError {
  return new TareError({
    code: 'PROJECT_NOT_FOUND',
    message: `no Python project at \`${root}\`: ${why}`,
    hint: 'name the folder of the application: `tare build DIR`',
  });
}

async function choosePatterns(
  key: 'include' | 'exclude',
  given: readonly string[] | undefined,
  readToml: Project['readToml'],
): Promise<Patterns> {
  if (given !== undefined) return makePatterns(given, (index) => ({ rule: `\`${key}\`: \`${given[index] ?? ''}\`` }));
  return (
    readPatterns(await readToml('pyproject.toml'), ['tool', 'tare'], key) ??
    readPatterns(await readToml('tare.toml'), [], key) ??
    makePatterns([], () => ({ rule: key }))
  );
}
