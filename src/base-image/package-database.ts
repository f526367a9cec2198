import { sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { canonicalJson, sortedBy } from '../base/order.ts';
import type { RootTree } from '../root/tree.ts';
import type { BaseImage, InstalledPackage, PackageDatabase } from './base-image.ts';
import { broken, parseStatus, type StatusFile } from './dpkg-status.ts';

const folder = 'var/lib/dpkg';

/** What is installed in a base: dpkg's database and what lies beside it in `status.d`. Throws `BASE_DATABASE_BROKEN`. */
export function readPackageDatabase(
  tree: RootTree,
  text: (path: string) => string | undefined,
  architecture: string,
): PackageDatabase {
  // dpkg writes a journal here and empties it when it is done.
  const [journal] = tree.children(`${folder}/updates`);
  if (journal !== undefined) throw broken(`${folder}/updates/${journal}`, 'was left while dpkg was at work');
  const files = statusFiles(tree, text);
  const packages = new Map<string, InstalledPackage>();
  for (const one of files.flatMap((file) => parseStatus(file, architecture))) {
    const key = `${one.name}:${one.architecture}`;
    if (!packages.has(key)) packages.set(key, one);
  }
  const foreign = foreignDatabases.find(([, path]) => tree.resolve(path) !== undefined)?.[0];
  const found = [...packages.values()];
  return {
    kind: found.some((one) => one.record === 'status') ? 'dpkg' : found.length > 0 ? 'status.d' : 'none',
    ...(foreign === undefined ? {} : { foreign }),
    packages: sortedBy(found, (one) => `${one.name}:${one.architecture}`),
    state: sha256(canonicalJson(files.map((file) => [file.path, file.text]))),
  };
}

function statusFiles(tree: RootTree, text: (path: string) => string | undefined): readonly StatusFile[] {
  const files: StatusFile[] = [];
  const add = (path: string, record: StatusFile['record']): void => {
    const content = text(path);
    if (content !== undefined) files.push({ path, text: content, record });
  };
  add(`${folder}/status`, 'status');
  for (const name of tree.children(`${folder}/status.d`)) add(`${folder}/status.d/${name}`, 'status.d');
  return files;
}

const foreignDatabases = [
  ['rpm', 'var/lib/rpm'],
  ['rpm', 'usr/lib/sysimage/rpm'],
  ['apk', 'lib/apk/db/installed'],
  ['apk', 'usr/lib/apk/db/installed'],
  ['pacman', 'var/lib/pacman/local'],
] as const;

/** Throws `BASE_DATABASE_MISSING` where it is not known what the base has, so that nothing can be added to it. */
export function assertDatabase(base: Pick<BaseImage, 'database' | 'osRelease'>, wanted: readonly string[]): void {
  const { kind, foreign } = base.database;
  if (kind !== 'none') return;
  const name = base.osRelease?.prettyName ?? 'an unknown distribution';
  throw new TareError({
    code: 'BASE_DATABASE_MISSING',
    message: `${wanted.map((one) => `\`${one}\``).join(', ')} cannot be added: the base has no database of Debian packages`,
    where: '/var/lib/dpkg',
    expected: '`/var/lib/dpkg/status`, or one file a package in `/var/lib/dpkg/status.d`',
    actual: foreign === undefined ? `${name}, without one` : `${name}, with packages of ${foreign}`,
    hint: 'take a base image that is made of Debian, such as `python:3.13-slim`, or put the packages into the base yourself',
  });
}
