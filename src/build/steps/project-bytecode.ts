import { readFile } from 'node:fs/promises';
import { mapLimit } from '../../base/concurrency.ts';
import { canonicalJson } from '../../base/order.ts';
import { type CompiledSource, compileSources, largestSource, type SourceFile } from '../../bytecode/compile-process.ts';
import { cachedPath, isSource, sourcelessPath } from '../../bytecode/paths.ts';
import type { LayerEntry } from '../../archive/layer-entry.ts';
import { bytecodeRecipe, type TargetCompiler } from '../target-compiler.ts';
import type { BuildTools } from '../tools.ts';
import type { KeyedEntry } from './project-layers.ts';

export interface ProjectModules {
  readonly entries: readonly KeyedEntry[];
  readonly compiler: TargetCompiler;
  /** Whether a module stays as text, by its path in the image. */
  readonly isKept: (path: string) => boolean;
}

/**
 * The application's files with bytecode: beside a module that stays (PEP 3147, `__pycache__`), else in its place. A module that does not
 * compile stays as it is. Each is compiled apart and remembered by its content, so that an edit compiles one file.
 */
export async function compileProject(tools: BuildTools, modules: ProjectModules): Promise<readonly KeyedEntry[]> {
  const { entries, compiler, isKept } = modules;
  const compiled = await compileModules(tools, compiler, entries.filter(isModule));
  const all = entries.flatMap((one): KeyedEntry[] => {
    const bytes = compiled.get(one.entry.path);
    if (bytes === undefined) return [one];
    const { path } = one.entry;
    if (isKept(path)) return [one, bytecodeEntry(one.entry, cachedPath(path, compiler.cacheTag), bytes)];
    return [bytecodeEntry(one.entry, sourcelessPath(path), bytes)];
  });
  // Bytecode that lies in the project for the same place is older than its source.
  const own = new Set(all.filter((one) => one.digest === undefined).map((one) => one.entry.path));
  return all.filter((one) => one.digest === undefined || !own.has(one.entry.path));
}

export function isModule({ entry, digest }: KeyedEntry): boolean {
  return entry.type === 'file' && digest !== undefined && isSource(entry.path) && sizeOf(entry) <= largestSource;
}

function sizeOf({ content }: LayerEntry): number {
  if (content === undefined) return 0;
  return content.kind === 'bytes' ? content.bytes.length : content.size;
}

function bytecodeEntry({ uid, gid, mtime }: LayerEntry, path: string, bytes: Uint8Array): KeyedEntry {
  return { entry: { path, type: 'file', mode: 0o644, uid, gid, mtime, content: { kind: 'bytes', bytes } } };
}

/** Bytecode by the path of its source. */
async function compileModules(
  tools: BuildTools,
  compiler: TargetCompiler,
  modules: readonly KeyedEntry[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const known = await mapLimit(modules, 16, async (one) => readKnown(tools, keyOf(one, compiler)));
  const missing = modules.filter((one, at) => {
    const value = known[at];
    if (value?.bytecode !== undefined) found.set(one.entry.path, Buffer.from(value.bytecode, 'base64'));
    return value === undefined;
  });
  if (missing.length === 0) return found;
  const ready = await compiler.start();
  const task = tools.context.progress.start('compiling the application');
  const lanes = Math.max(1, Math.min(tools.context.workers, Math.ceil(missing.length / 8)));
  const shares = Array.from({ length: lanes }, (_, lane) => missing.filter((_one, at) => at % lanes === lane));
  const options = { signal: tools.context.signal, isolated: true };
  try {
    await mapLimit(shares, lanes, async (share) => {
      let at = 0;
      for await (const result of compileSources(ready, share.map(sourceOf), options)) {
        await remember(tools, keyOf(share[at++] as KeyedEntry, compiler), result);
        if ('bytecode' in result) found.set(result.path.slice(1), result.bytecode);
      }
    });
  } finally {
    task.done();
  }
  return found;
}

function sourceOf({ entry: { path, content } }: KeyedEntry): SourceFile {
  return {
    path: `/${path}`,
    read: () => {
      if (content?.kind === 'bytes') return content.bytes;
      if (content?.kind === 'disk') return readFile(content.file);
      throw new Error(`${path} has no content`);
    },
  };
}

function keyOf({ entry, digest }: KeyedEntry, compiler: TargetCompiler): string {
  return canonicalJson({ source: digest, path: entry.path, bytecode: bytecodeRecipe(compiler) });
}

/** Base64, or nothing where the source cannot be compiled. */
async function readKnown({ cache }: BuildTools, key: string): Promise<{ readonly bytecode?: string } | undefined> {
  const value = await cache.readRecord('source-bytecode', key);
  if (typeof value !== 'object' || value === null) return undefined;
  const { bytecode } = value as { readonly bytecode?: unknown };
  if (bytecode !== undefined && typeof bytecode !== 'string') return undefined;
  return bytecode === undefined ? {} : { bytecode };
}

async function remember({ cache, context }: BuildTools, key: string, result: CompiledSource): Promise<void> {
  if ('bytecode' in result) {
    await cache.writeRecord('source-bytecode', key, { bytecode: Buffer.from(result.bytecode).toString('base64') });
    return;
  }
  context.log.warn(`\`${result.path}\` cannot be compiled and stays a source (${result.failure})`);
  await cache.writeRecord('source-bytecode', key, {});
}
