import { rm } from 'node:fs/promises';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { inflateSlice } from '../archive/slice-inflate.ts';
import { openSourceFiles, type SourceFiles } from '../archive/source-files.ts';
import { readTar } from '../archive/tar-reader.ts';
import { decodeZstd } from '../archive/zstd.ts';
import { sortedBy } from '../base/order.ts';
import { type Bundle, type BundledFile, writeBundle } from '../bytecode/compile-bundle.ts';
import { largestSource, type SourceFile } from '../bytecode/compile-process.ts';
import type { Compiler } from '../bytecode/compiler.ts';
import { cachedPath, isSource } from '../bytecode/paths.ts';
import { type LayerSource, readLayer } from '../oci/layer-stream.ts';
import { type InstalledBytecode, type InstallScheme, installWheel } from '../python/install.ts';
import { parentDirectories } from './entries.ts';
import { openWheel } from './open-wheel.ts';

/** Compiles the modules of one wheel, as it will be installed, to a bundle at `output`. */
export interface WheelBytecodeJob {
  readonly kind: 'wheel-bytecode';
  readonly output: string;
  readonly file: string;
  readonly filename: string;
  readonly scheme: InstallScheme;
  readonly compiler: Compiler;
  /** Processes at once. */
  readonly parallel: number;
}

/** Bytecode of modules that are in the layers of a base, as a layer of its own. */
export interface LibraryBytecodeJob {
  readonly kind: 'library-bytecode';
  readonly output: string;
  /** Bottom to top. */
  readonly layers: readonly LayerSource[];
  /** Paths as in `LayerEntry`. */
  readonly sources: readonly string[];
  readonly compiler: Compiler;
  readonly cacheTag: string;
  readonly parallel: number;
}

export async function compileWheel(job: WheelBytecodeJob): Promise<Bundle> {
  const { entries } = await openWheel(job.file, job.filename, (wheel) => installWheel(wheel, job.scheme));
  const files = openSourceFiles();
  try {
    const modules = entries.filter(
      ({ path, type }) => type === 'file' && isSource(path) && /\/site-packages\//.test(path),
    );
    const [small, large] = bySize(modules);
    const sources = small.map((entry): SourceFile => ({ path: `/${entry.path}`, read: () => readEntry(files, entry) }));
    const bundle = await writeBundle(job.compiler, sources, job.output, { parallel: job.parallel });
    return { ...bundle, failures: [...bundle.failures, ...large.map(({ path }) => tooLarge(`/${path}`))] };
  } finally {
    files.close();
  }
}

function bySize(entries: readonly LayerEntry[]): readonly [LayerEntry[], LayerEntry[]] {
  const isLarge = ({ content }: LayerEntry): boolean =>
    content !== undefined && content.kind !== 'bytes' && content.size > largestSource;
  return [entries.filter((entry) => !isLarge(entry)), entries.filter(isLarge)];
}

function tooLarge(path: string): Bundle['failures'][number] {
  return { path, reason: `it is larger than ${largestSource / 1024 / 1024} MiB` };
}

function readEntry(files: SourceFiles, { path, content }: LayerEntry): Uint8Array {
  if (content?.kind === 'bytes') return content.bytes;
  if (content?.kind !== 'zip') throw new Error(`${path} is no member of a wheel`);
  const packed = files.view(content.file, content.offset, content.compressedSize);
  return content.method === 'stored' ? Buffer.from(packed) : inflateSlice(content, path, packed);
}

/** What a bundle brings to the layer that it goes into. */
export function bundledBytecode(bundle: string, files: readonly BundledFile[], cacheTag: string): InstalledBytecode[] {
  return files.map(({ path, offset, size, crc32, sha256 }) => ({
    source: path.slice(1),
    path: cachedPath(path.slice(1), cacheTag),
    size,
    sha256,
    content: { kind: 'zip', method: 'stored', file: bundle, offset, compressedSize: size, size, crc32, sha256 },
  }));
}

/** The entries of a layer with bytecode of a base's modules. The caller removes `bundle` when they are written. */
export async function libraryEntries(
  job: LibraryBytecodeJob,
  bundle: string,
): Promise<{ readonly entries: readonly LayerEntry[]; readonly failures: Bundle['failures'] }> {
  const found = await readModules(job);
  const sources = [...found].map(([path, { bytes }]): SourceFile => ({ path: `/${path}`, read: () => bytes }));
  const { files, failures } = await writeBundle(job.compiler, sources, bundle, { parallel: job.parallel });
  const newest = Math.max(0, ...[...found.values()].map((one) => one.mtime));
  const entries = bundledBytecode(bundle, files, job.cacheTag).map(({ path, source, content }): LayerEntry => {
    const mtime = found.get(source)?.mtime ?? newest;
    return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime, content };
  });
  const folders = parentDirectories(
    entries.map(({ path }) => path),
    newest,
  );
  return { entries: sortedBy([...folders, ...entries], ({ path }) => path), failures };
}

async function readModules(
  job: LibraryBytecodeJob,
): Promise<ReadonlyMap<string, { readonly bytes: Uint8Array; readonly mtime: number }>> {
  const wanted = new Set(job.sources);
  const found = new Map<string, { readonly bytes: Uint8Array; readonly mtime: number }>();
  for (const layer of job.layers) {
    const where = `layer ${layer.digest}`;
    for await (const entry of readTar(readLayer(layer, { decodeZstd }), where, { withoutDevices: true })) {
      if (entry.type !== 'file' || !wanted.has(entry.path) || entry.size > largestSource) continue;
      const pieces: Uint8Array[] = [];
      for await (const piece of entry.body) pieces.push(Uint8Array.from(piece));
      found.set(entry.path, { bytes: Buffer.concat(pieces), mtime: entry.mtime });
    }
  }
  return found;
}

/** Leaves nothing behind. */
export async function removeBundle(bundle: string): Promise<void> {
  await rm(bundle, { force: true });
}
