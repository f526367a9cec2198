import { TareError } from '../base/errors.ts';
import { multiarchNames } from '../root/multiarch.ts';

/** Folders of the root that are links into `usr` on a merged system (Debian Policy 10.1). */
const mergedFolders = new Set(['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libo32', 'libx32']);
/** Where a 64-bit loader lives in `lib64` by its ABI. */
const architecturesWithLib64 = new Set(['amd64', 'ppc64el', 's390x', 'loong64', 'mips64el']);

/** Where a path of a package ends up: through the links of the merged root, `/var/run` and `/var/lock`. */
export function canonicalPath(path: string): string {
  const slash = path.indexOf('/');
  const first = slash < 0 ? path : path.slice(0, slash);
  if (mergedFolders.has(first)) return `usr/${path}`;
  for (const [from, to] of movedFolders) {
    if (path === from || path.startsWith(`${from}/`)) return `${to}${path.slice(from.length)}`;
  }
  return path;
}

const movedFolders = [
  ['var/run', 'run'],
  ['var/lock', 'run/lock'],
] as const;

export interface RootLink {
  readonly path: string;
  readonly target: string;
}

/** The links that `canonicalPath` counts on. */
export function rootLinks(architecture: string): readonly RootLink[] {
  const folders = ['bin', 'lib', ...(architecturesWithLib64.has(architecture) ? ['lib64'] : []), 'sbin'];
  return [
    ...folders.map((name) => ({ path: name, target: `usr/${name}` })),
    { path: 'var/lock', target: '/run/lock' },
    { path: 'var/run', target: '/run' },
  ];
}

/** Debian's name for an architecture's library folders. Throws `DEBIAN_ARCHITECTURE_UNKNOWN`. */
export function multiarchName(architecture: string): string {
  const name = multiarchNames.get(architecture);
  if (name !== undefined) return name;
  throw new TareError({
    code: 'DEBIAN_ARCHITECTURE_UNKNOWN',
    message: `\`${architecture}\` is not an architecture that a Debian base is made for`,
    expected: [...multiarchNames.keys()].join(', '),
  });
}

/** Folders that the loader searches, in the order of ld.so.conf and then its own, as they are named in its cache. */
export function loaderFolders(architecture: string): readonly string[] {
  const name = multiarchName(architecture);
  return [
    'usr/local/lib',
    `usr/local/lib/${name}`,
    `usr/lib/${name}`,
    'usr/lib',
    ...(architecturesWithLib64.has(architecture) ? ['usr/lib64'] : []),
  ];
}

/** Whether a path is one of the folders that are links on a merged system. */
export function isMergedFolder(path: string): boolean {
  return mergedFolders.has(path);
}
