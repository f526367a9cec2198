import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LayerEntry } from '../../archive/layer-entry.ts';
import { renderTarHeader, tarPadding } from '../../archive/tar-header.ts';
import { sortedBy } from '../../base/order.ts';
import { parseDockerignore } from '../../project/patterns.ts';
import type { BuildRequest } from './types.ts';

/** In the context of the old builder, beside the application's own files: no name that one of these has. */
export const packedDockerfile = '.tare.dockerfile';

const endOfArchive = new Uint8Array(1024);

/**
 * The context as a tar archive: the files that the ignore file lets in, the Dockerfile as `packedDockerfile`, and an ignore file that
 * takes these two out of what `COPY` sees. The builder from before BuildKit reads both only inside the context.
 */
export function packContext(request: BuildRequest, signal: AbortSignal): Readable {
  return Readable.from(contextBytes(request, signal), { objectMode: false });
}

async function* contextBytes(request: BuildRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* textMember(packedDockerfile, request.dockerfile);
  yield* textMember('.dockerignore', `${packedDockerfile}\n.dockerignore\n`);
  for await (const path of listContext(request.directory, request.ignorefile)) {
    signal.throwIfAborted();
    yield* fileMember(request.directory, path);
  }
  yield endOfArchive;
}

function* textMember(path: string, text: string): Generator<Uint8Array> {
  const bytes = Buffer.from(text, 'utf8');
  yield renderTarHeader({ ...owner, type: 'file', path, mode: 0o644, mtime: 0 }, bytes.length);
  yield bytes;
  yield new Uint8Array(tarPadding(bytes.length));
}

const owner = { uid: 0, gid: 0 } as const;

async function* fileMember(directory: string, path: string): AsyncGenerator<Uint8Array> {
  const file = join(directory, path);
  const facts = await lstat(file);
  const common = { ...owner, path, mode: facts.mode & 0o7777, mtime: Math.floor(facts.mtimeMs / 1000) };
  if (facts.isSymbolicLink()) {
    const entry: LayerEntry = { ...common, type: 'symlink', linkTarget: await readlink(file) };
    yield renderTarHeader(entry, 0);
  } else if (facts.isFile()) {
    yield renderTarHeader({ ...common, type: 'file' }, facts.size);
    // A file that grows while it is read would spoil the archive.
    if (facts.size > 0) yield* createReadStream(file, { end: facts.size - 1 });
    yield new Uint8Array(tarPadding(facts.size));
  }
}

/** Paths of files and links below a folder that the patterns of a `.dockerignore` let in, in order. */
export async function* listContext(directory: string, ignorefile: string, folder = ''): AsyncGenerator<string> {
  const isIgnored = parseDockerignore(ignorefile);
  const returning = ignorefile.split('\n').flatMap((line) => /^\s*!\s*(.+?)\s*$/.exec(line)?.[1] ?? []);
  yield* walk({ directory, isIgnored, returning }, folder);
}

interface Walk {
  readonly directory: string;
  readonly isIgnored: (path: string) => boolean;
  /** The patterns that bring files back. */
  readonly returning: readonly string[];
}

async function* walk(state: Walk, folder: string): AsyncGenerator<string> {
  const entries = await readdir(join(state.directory, folder), { withFileTypes: true });
  for (const entry of sortedBy(entries, (one) => one.name)) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const isIgnored = state.isIgnored(path);
    if (entry.isDirectory()) {
      if (!isIgnored || state.returning.some((pattern) => mayReach(pattern, path))) yield* walk(state, path);
    } else if (!isIgnored && path !== packedDockerfile && path !== '.dockerignore') {
      yield path;
    }
  }
}

/** Whether a pattern may match something below a folder. */
function mayReach(pattern: string, folder: string): boolean {
  const wanted = pattern.replace(/^\.?\/+/, '').split('/');
  for (const [at, part] of folder.split('/').entries()) {
    const own = wanted[at];
    // What is below a folder that was brought back is brought back with it.
    if (own === undefined || own === '**') return true;
    if (!/[*?[\\]/.test(own) && own !== part) return false;
  }
  return true;
}
