import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, type Stats } from 'node:fs';
import { join, sep } from 'node:path';
import { systemErrorCode, TareError } from '../base/errors.ts';

/**
 * Places below a root folder, found so that no link leads out of it: links are followed as a process inside the root would
 * follow them. Nobody else may change the tree meanwhile.
 */
export interface RootfsTree {
  /** The absolute path of an entry, its folders made where they are missing. */
  readonly place: (path: string) => string;
  /** The absolute path of an entry whose folder exists; undefined where it does not. */
  readonly find: (path: string) => string | undefined;
  /** Removes what is at an absolute path that `place` or `find` gave, links not followed. */
  readonly remove: (absolute: string) => void;
  /** Absolute paths below a folder that `place` or `find` gave. */
  readonly children: (absolute: string) => readonly string[];
}

/** As Linux has it (path_resolution(7)). */
const mostLinks = 40;
const newFolderMode = 0o755;

export function openRootfsTree(root: string, where: string): RootfsTree {
  /** Folders by the path that entries use, with their absolute path. */
  const known = new Map<string, string>([['', root]]);

  const folder = (path: string, isMade: boolean): string | undefined => {
    const cached = known.get(path);
    if (cached !== undefined) return cached;
    const found = walk(root, path, isMade, where);
    if (found !== undefined) known.set(path, found);
    return found;
  };
  const locate = (path: string, isMade: boolean): string | undefined => {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    assertName(name, path, where);
    const parent = folder(slash === -1 ? '' : path.slice(0, slash), isMade);
    return parent === undefined ? undefined : join(parent, name);
  };
  return {
    place: (path) => {
      const absolute = locate(path, true);
      if (absolute === undefined) throw new Error(`no folder for ${path}`);
      return absolute;
    },
    find: (path) => locate(path, false),
    remove: (absolute) => {
      const found = statOf(absolute);
      if (found === undefined) return;
      if (!found.isFile()) {
        known.clear();
        known.set('', root);
      }
      rmSync(absolute, { recursive: found.isDirectory(), force: true });
    },
    children: (absolute) => readdirSync(absolute).map((name) => join(absolute, name)),
  };
}

/** What is at a path itself, not behind a link. */
export function statOf(absolute: string): Stats | undefined {
  return lstatSync(absolute, { throwIfNoEntry: false });
}

/** Folder by folder; a link's target is walked in place of the link, an absolute one from the root, `..` never above it. */
function walk(root: string, path: string, isMade: boolean, where: string): string | undefined {
  const ahead = path.split('/').reverse();
  const done: string[] = [];
  let links = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    assertName(part, path, where);
    const here = join(root, ...done, part);
    const found = statOf(here);
    if (found === undefined) {
      if (!isMade) return undefined;
      mkdirSync(here, newFolderMode);
      done.push(part);
    } else if (found.isSymbolicLink()) {
      links += 1;
      if (links > mostLinks) throw invalid(path, 'its folder is a loop of links', where);
      const target = readlinkSync(here);
      if (target.startsWith('/')) done.length = 0;
      ahead.push(...target.split('/').reverse());
    } else if (found.isDirectory()) done.push(part);
    else if (isMade) throw invalid(path, `\`${[...done, part].join('/')}\` is not a folder`, where);
    else return undefined;
  }
  return join(root, ...done);
}

function assertName(name: string, path: string, where: string): void {
  const isForeign = sep === '\\' && /[\\:]/.test(name);
  if (name === '' || name === '.' || name === '..' || name.includes('\0') || isForeign) {
    throw invalid(path, 'its name cannot be written here', where);
  }
}

export function invalid(path: string, reason: string, where: string): TareError {
  return new TareError({
    code: 'LAYER_ENTRY_INVALID',
    message: `the layer's entry ${JSON.stringify(path.slice(0, 300))} cannot be written: ${reason}`,
    where,
    hint: 'the image is damaged or hostile: take another version of it',
  });
}

/** The system's refusals of a path that an archive can cause, in words. */
export function refusalOf(error: unknown): string | undefined {
  switch (systemErrorCode(error)) {
    case 'ENAMETOOLONG':
      return 'its name is too long';
    case 'ELOOP':
      return 'its folder is a loop of links';
    case 'ENOTDIR':
      return 'its folder is not a folder';
    case 'EILSEQ':
    case 'EINVAL':
      return 'the file system does not take it';
    default:
      return undefined;
  }
}
