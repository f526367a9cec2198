import { relative, join, basename } from 'node:path';
import { exportCommit } from '../../engine/git-source.ts';
import { downloadBlob } from '../../http/download.ts';
import type { SourceToBuild } from '../../plan/wheels.ts';
import { subfolder, unpackSource } from '../../wheel-build/unpack-source.ts';
import { headersFor } from '../wheels/target.ts';
import type { BuildWish } from './types.ts';

export interface FetchedSource {
  /** The project's folder, relative to the room. */
  readonly path: string;
  /** Seconds since the epoch. */
  readonly date: number;
  /** Of a commit whose version no lock says: by its last tag. */
  readonly version?: string;
}

/** Puts a source into a room, below `source`. */
export async function fetchSource(wish: BuildWish, wanted: SourceToBuild, room: string): Promise<FetchedSource> {
  const { source } = wanted;
  const { context, cache } = wish.tools;
  const folder = join(room, 'source');
  if (source.kind === 'git') {
    const exported = await exportCommit(context, source, folder, { describe: wanted.version === undefined });
    const project = await subfolder(folder, source.subdirectory, nameOf(wanted));
    return { path: relative(room, project), ...exported };
  }
  const { filename, sha256, url, size } = source;
  cache.sources.set(sha256, 'index');
  const file = await downloadBlob(
    context,
    { url, digest: sha256, name: filename, ...(size === undefined ? {} : { size }), ...headersFor(wish.resolver, url) },
    cache,
  );
  const unpacked = await unpackSource(file, filename, folder, { signal: context.signal });
  const project = await subfolder(unpacked.folder, source.subdirectory, filename);
  return { path: relative(room, project), date: unpacked.newest };
}

/** For people, without an address: `docopt-0.6.2.tar.gz`, `flask.git`. */
export function titleOf({ source }: SourceToBuild): string {
  return source.kind === 'archive'
    ? source.filename
    : basename(source.url.replace(/[?#].*$/, '').replace(/\/\.git\/*$/, '')) || 'repository';
}

/** For people: `docopt 0.6.2`. */
export function nameOf({ name, version }: SourceToBuild): string {
  return version === undefined ? name : `${name} ${version}`;
}
