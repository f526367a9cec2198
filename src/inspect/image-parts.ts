import type { FileFacts } from '../root/file-facts.ts';

/** The bytes of an image's files by what they are. Each file counts once, by the first that fits. */
export interface ImageParts {
  /** In layers of the base; 0 where it is not known which these are. */
  readonly base: number;
  /** `.pyc` files above the base. */
  readonly bytecode: number;
  /** Files of Python distributions, in folders of `sys.path` or as wheels, and of the environment around them. */
  readonly packages: number;
  readonly application: number;
  /** Everything else. */
  readonly system: number;
}

export type ImagePart = keyof ImageParts;

export interface PartFolders {
  readonly baseLayers: number;
  /** Folders of `sys.path` that distributions are in. */
  readonly sites: readonly string[];
  /** Prefixes of virtual environments. */
  readonly environments: readonly string[];
  /** Where the application is: the working folder, PYTHONPATH. */
  readonly applicationFolders: readonly string[];
}

/** Top folders of the Filesystem Hierarchy Standard that no application is in. */
const systemFolders = new Set([
  'bin',
  'boot',
  'dev',
  'etc',
  'lib',
  'lib32',
  'lib64',
  'libx32',
  'media',
  'mnt',
  'proc',
  'root',
  'run',
  'sbin',
  'sys',
  'tmp',
  'usr',
  'var',
]);

export function partsOf(files: readonly FileFacts[], folders: PartFolders): ImageParts {
  const sums: Record<ImagePart, number> = { base: 0, system: 0, packages: 0, application: 0, bytecode: 0 };
  for (const file of files) sums[partOf(file, folders)] += file.size;
  return sums;
}

function partOf({ path, layer = 0 }: FileFacts, folders: PartFolders): ImagePart {
  if (layer < folders.baseLayers) return 'base';
  if (path.endsWith('.pyc')) return 'bytecode';
  if (path.endsWith('.whl') || isInside(path, folders.sites)) return 'packages';
  if (isInside(path, folders.applicationFolders)) return 'application';
  if (isInside(path, folders.environments)) return 'packages';
  return systemFolders.has(path.split('/', 1)[0] ?? '') ? 'system' : 'application';
}

function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}
