import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { withDiskHint } from '../base/atomic-file.ts';
import { mapLimit } from '../base/concurrency.ts';
import { type Digest, digestFromHex, sha256 } from '../base/digest.ts';
import { sortedBy } from '../base/order.ts';
import { type CompileOptions, compileSources, type SourceFile } from './compile-process.ts';
import type { Compiler } from './compiler.ts';

/** Bytecode of many sources in one file, one behind the other, and where each is. */
export interface Bundle {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Sorted by path. */
  readonly files: readonly BundledFile[];
  /** Sources that stay sources, sorted by path. */
  readonly failures: readonly { readonly path: string; readonly reason: string }[];
}

export interface BundledFile {
  /** Of the source, absolute in the image. */
  readonly path: string;
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  readonly crc32: number;
  readonly sha256: Digest;
}

export interface BundleOptions extends CompileOptions {
  /** Processes at once. */
  readonly parallel: number;
}

/**
 * So many sources go through one process, whatever the machine: what a process has compiled before can show in the bytes
 * (python/cpython#129724), so its share must be the same everywhere.
 */
const sourcesOfProcess = 256;

/** Compiles sources, in the order of their paths, to a new file. Throws `COMPILER_FAILED`, `DISK_FULL`. */
export async function writeBundle(
  compiler: Compiler,
  sources: readonly SourceFile[],
  output: string,
  options: BundleOptions,
): Promise<Bundle> {
  const sorted = sortedBy(sources, (one) => one.path);
  const shares: SourceFile[][] = [];
  for (let at = 0; at < sorted.length; at += sourcesOfProcess) shares.push(sorted.slice(at, at + sourcesOfProcess));
  const writer = openWriter(output);
  const failures: { path: string; reason: string }[] = [];
  try {
    await mapLimit(shares, options.parallel, async (share) => {
      for await (const one of compileSources(compiler, share, options)) {
        if ('bytecode' in one) writer.append(one.path, one.bytecode);
        else failures.push({ path: one.path, reason: one.failure });
      }
    });
  } finally {
    writer.close();
  }
  return { ...writer.written(), failures: sortedBy(failures, (one) => one.path) };
}

function openWriter(output: string) {
  const descriptor = openSync(output, 'wx', 0o600);
  const whole = createHash('sha256');
  const files: BundledFile[] = [];
  let size = 0;
  return {
    append: (path: string, bytes: Uint8Array): void => {
      files.push({ path, offset: size, size: bytes.length, crc32: crc32(bytes), sha256: sha256(bytes) });
      whole.update(bytes);
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
      } catch (error) {
        throw withDiskHint(error, output);
      }
      size += bytes.length;
    },
    written: (): Omit<Bundle, 'failures'> => ({
      digest: digestFromHex(whole.digest('hex')),
      size,
      files: sortedBy(files, (one) => one.path),
    }),
    close: () => closeSync(descriptor),
  };
}
