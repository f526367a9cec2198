import { posix } from 'node:path';
import { parseDigest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import type { LockedDistribution, LockedFile, LockedSource } from './locked.ts';
import { parsePackageName } from './package-name.ts';
import { filenameOfLocation } from './requirement-location.ts';
import type { UvLock, UvPackage } from './uv-lock.ts';
import type { UvFile, UvSource } from './uv-lock-schema.ts';
import { isSdistFilename } from './wheel-choice.ts';

/** The distribution that a `[[package]]` describes. */
export function lockedFromUv(lock: UvLock, entry: UvPackage, extras: ReadonlySet<string>): LockedDistribution {
  const { table, line } = entry;
  const where = line === undefined ? lock.where : `${lock.where}:${line}`;
  const files = [
    ...table.wheels.map((wheel) => lockedFile(wheel, table.source, where)),
    ...(table.sdist === undefined ? [] : sdistOf(table.sdist, table.source, where)),
  ];
  return {
    name: parsePackageName(table.name, where),
    version: table.version ?? '',
    files,
    hashes: files.map((file) => file.sha256).filter((hash) => hash !== undefined),
    source: sourceOf(table.source, where),
    extras: sortedBy(
      [...extras].map((extra) => parsePackageName(extra, where)),
      (extra) => extra,
    ),
    because: { file: lock.where, ...(line === undefined ? {} : { line }), rule: 'locked by this entry' },
    ...(table.source.subdirectory === undefined ? {} : { subdirectory: table.source.subdirectory }),
    ...(table.source.registry === undefined ? {} : { index: table.source.registry }),
  };
}

/** A source distribution of an address, path or repository may have neither a name nor a hash of its own. */
function sdistOf(file: UvFile, source: UvSource, where: string): readonly LockedFile[] {
  const named = file.filename ?? file.path ?? file.url ?? source.url ?? source.path;
  return named === undefined || !isSdistFilename(filenameOfLocation(named)) ? [] : [lockedFile(file, source, where)];
}

function lockedFile(file: UvFile, source: UvSource, where: string): LockedFile {
  const url = file.url ?? source.url;
  const path = file.path === undefined ? source.path : fromRegistry(source.registry, file.path);
  const filename = file.filename ?? filenameOfLocation(file.path ?? url ?? source.path ?? '');
  if (filename === '' || /[\\/]/.test(filename)) {
    throw new TareError({
      code: 'LOCK_INVALID',
      message: 'a file has no name',
      where,
      hint: 'lock again with `uv lock`',
    });
  }
  return {
    filename,
    ...(file.hash === undefined ? {} : hashOf(file.hash, filename, where)),
    ...(file.size === undefined ? {} : { size: file.size }),
    ...(url === undefined ? {} : { url }),
    ...(path === undefined ? {} : { path }),
    kind: filename.endsWith('.whl') ? 'wheel' : 'sdist',
  };
}

/** Files of a local folder (`--find-links`) are named relative to that folder. */
function fromRegistry(registry: string | undefined, path: string): string {
  return registry === undefined || /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(registry) || posix.isAbsolute(path)
    ? path
    : posix.join(registry, path);
}

function hashOf(hash: string, filename: string, where: string): Pick<LockedFile, 'sha256'> {
  if (hash.startsWith('sha256:')) return { sha256: parseDigest(hash, where) };
  // An index may know a file by another algorithm only: of an sdist nobody asks.
  if (!filename.endsWith('.whl')) return {};
  throw new TareError({
    code: 'LOCK_HASH_MISSING',
    message: `\`${filename}\` has no SHA-256 hash in the lock`,
    where,
    actual: hash.slice(0, 20),
    hint: 'lock again with an index that gives SHA-256 hashes',
  });
}

function sourceOf(source: UvSource, where: string): LockedSource {
  if (source.registry !== undefined) return { kind: 'index' };
  if (source.git !== undefined) return gitSource(source.git);
  if (source.url !== undefined) return { kind: 'url', url: source.url };
  if (source.path !== undefined) return { kind: 'path', path: source.path };
  const path = source.editable ?? source.directory ?? source.virtual;
  if (path !== undefined) return { kind: 'directory', path, editable: source.editable !== undefined };
  throw new TareError({
    code: 'LOCK_INVALID',
    message: 'a package has a source of a kind that is not known',
    where,
    hint: 'update tare, or lock again with `uv lock`',
  });
}

/** `https://host/repository?subdirectory=x&rev=main#COMMIT`. */
function gitSource(git: string): LockedSource {
  const [before = '', commit] = git.split('#', 2);
  const [url = '', query = ''] = before.split('?', 2);
  const subdirectory = new URLSearchParams(query).get('subdirectory');
  return {
    kind: 'git',
    url,
    ...(commit === undefined ? {} : { commit }),
    ...(subdirectory === null ? {} : { subdirectory }),
  };
}
