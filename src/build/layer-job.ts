import { isMainThread } from 'node:worker_threads';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { orderForGathering, writeLayer } from '../archive/layer-writer.ts';
import { serveJobs } from '../base/worker-pool.ts';
import type { Bundle, BundledFile } from '../bytecode/compile-bundle.ts';
import { composeBusybox } from '../debian/busybox.ts';
import { composeBase } from '../debian/compose.ts';
import { composeSystem } from '../debian/compose-system.ts';
import type { FetchedDeb } from '../debian/mirror.ts';
import { type PackageFacts, readPackageFacts } from '../debian/package-facts.ts';
import { type InstallScheme, installWheel } from '../python/install.ts';
import { type WheelFacts, wheelFacts } from '../python/wheel-facts.ts';
import type { ArchiveFile } from '../python-archive/archive-entries.ts';
import { composeArchive } from '../python-archive/compose-archive.ts';
import type { FileFacts } from '../root/file-facts.ts';
import { bytecodeIn, isKeptText, type LayerFacts } from '../root/layer-facts.ts';
import { createObserver } from '../root/observe.ts';
import { layTree } from '../root/tree.ts';
import {
  bundledBytecode,
  compileWheel,
  type LibraryBytecodeJob,
  libraryEntries,
  removeBundle,
  type WheelBytecodeJob,
} from './bytecode-job.ts';
import { openWheel } from './open-wheel.ts';
import type { LayerRecord } from './recipe.ts';

export interface WheelToWrite {
  readonly file: string;
  readonly filename: string;
  readonly bytecode?: { readonly bundle: string; readonly files: readonly BundledFile[]; readonly cacheTag: string };
}

/** Work for a worker thread: everything in it is plain data. `output` is where the blob is written. */
export type LayerJob =
  | {
      readonly kind: 'wheels';
      readonly output: string;
      readonly wheels: readonly WheelToWrite[];
      readonly scheme: InstallScheme;
    }
  | {
      readonly kind: 'base';
      readonly output: string;
      readonly debs: readonly FetchedDeb[];
      readonly suite: string;
      readonly architecture: string;
      /** Absent where the packages have no Python. */
      readonly python?: string;
    }
  | { readonly kind: 'archive'; readonly output: string; readonly archive: ArchiveFile; readonly needsLibrary: boolean }
  | {
      readonly kind: 'system';
      readonly output: string;
      readonly debs: readonly FetchedDeb[];
      readonly suite: string;
      readonly architecture: string;
      readonly policy: 'needed' | 'depends';
      /** What is in the base, layer by layer. */
      readonly base: readonly (readonly FileFacts[])[];
      /** The base's dpkg database, where it has one. */
      readonly baseStatus?: string;
      readonly baseTexts?: Readonly<Record<string, string>>;
      readonly loaderFolders?: readonly string[];
    }
  | { readonly kind: 'debug'; readonly output: string; readonly deb: FetchedDeb; readonly recordsPackages: boolean }
  | { readonly kind: 'entries'; readonly output: string; readonly entries: readonly LayerEntry[] };

export interface PackageJob {
  readonly kind: 'package';
  readonly file: string;
}

export type Job = LayerJob | LibraryBytecodeJob | WheelBytecodeJob | PackageJob;
export type JobResult = LayerJobResult | Bundle | PackageFacts;

export interface LayerJobResult {
  readonly layer: LayerRecord;
  readonly facts: LayerFacts;
  /** For wheels, in their order. */
  readonly installed: readonly InstalledFacts[];
  readonly warnings: readonly string[];
}

/** What later steps need to know of an installed wheel without the wheel. */
export interface InstalledFacts {
  readonly facts: WheelFacts;
  /** Console and gui scripts, which go to the environment layer. */
  readonly scripts: readonly { readonly path: string; readonly text: string }[];
  readonly warnings: readonly string[];
}

export async function runJob(job: Job): Promise<JobResult> {
  switch (job.kind) {
    case 'wheels':
      return writeWheels(job);
    case 'archive': {
      const written = await writeObserved(composeArchive(job.archive, job.needsLibrary), job.output);
      return { ...written, installed: [], warnings: [] };
    }
    case 'base':
      return { ...(await writeObserved(baseEntries(job), job.output)), installed: [], warnings: [] };
    case 'entries':
      return { ...(await writeObserved(job.entries, job.output)), installed: [], warnings: [] };
    case 'system': {
      const warnings: string[] = [];
      const written = await writeObserved(systemEntries(job, warnings), job.output);
      return { ...written, installed: [], warnings };
    }
    case 'debug':
      return { ...(await writeObserved(await composeBusybox(job.deb, job), job.output)), installed: [], warnings: [] };
    case 'library-bytecode':
      return writeLibraryBytecode(job);
    case 'wheel-bytecode':
      return compileWheel(job);
    case 'package':
      return readPackageFacts(job.file);
  }
}

async function writeLibraryBytecode(job: LibraryBytecodeJob): Promise<LayerJobResult> {
  const bundle = `${job.output}.bytecode`;
  try {
    const { entries, failures } = await libraryEntries(job, bundle);
    const written = await writeObserved(entries, job.output);
    const warnings = failures.map(
      ({ path, reason }) => `\`${path}\` cannot be compiled and stays a source (${reason})`,
    );
    return { ...written, installed: [], warnings };
  } finally {
    await removeBundle(bundle);
  }
}

/** Writes a layer and learns on the way what is in it. */
async function writeObserved(
  entries: Iterable<LayerEntry> | AsyncIterable<LayerEntry>,
  output: string,
): Promise<Pick<LayerJobResult, 'layer' | 'facts'>> {
  const observer = createObserver({ spool: `${output}.elf`, keep: isKeptText });
  let newest = 0;
  try {
    const written = await writeLayer(entries, output, {
      observe: (entry, size) => {
        newest = Math.max(newest, entry.mtime);
        return observer.sinkFor(entry, size);
      },
    });
    const files = observer.facts();
    return {
      layer: { ...written, newest, bytecode: bytecodeIn(files) },
      facts: { files, texts: textsOf(observer.kept()) },
    };
  } finally {
    observer.close();
  }
}

function textsOf(kept: ReadonlyMap<string, Uint8Array>): LayerFacts['texts'] {
  return Object.fromEntries([...kept].map(([path, bytes]) => [path, Buffer.from(bytes).toString('utf8')]));
}

async function writeWheels(job: Extract<LayerJob, { kind: 'wheels' }>): Promise<LayerJobResult> {
  const entries = new Map<string, LayerEntry>();
  const installed: InstalledFacts[] = [];
  let newest = 0;
  for (const { file, filename, bytecode } of job.wheels) {
    const compiled = bytecode === undefined ? [] : bundledBytecode(bytecode.bundle, bytecode.files, bytecode.cacheTag);
    const { wheel, one } = await openWheel(file, filename, (read) => ({
      wheel: read,
      one: installWheel(read, job.scheme, compiled),
    }));
    // Of two wheels in one layer the later wins; what the install order says is mended in the environment layer.
    for (const entry of one.entries) entries.set(entry.path, entry);
    newest = Math.max(newest, one.mtimeNewest);
    installed.push({
      facts: wheelFacts(wheel, one),
      scripts: one.scripts.flatMap((entry) =>
        entry.content?.kind === 'bytes'
          ? [{ path: entry.path, text: Buffer.from(entry.content.bytes).toString('utf8') }]
          : [],
      ),
      warnings: wheel.warnings.map((warning) => warning.message),
    });
  }
  const { layer, facts } = await writeObserved(orderForGathering([...entries.values()]), job.output);
  return { layer: { ...layer, newest }, facts, installed, warnings: [] };
}

function baseEntries({ debs, suite, architecture, python }: Extract<LayerJob, { kind: 'base' }>) {
  return composeBase(debs, { suite, architecture, ...(python === undefined ? {} : { python }) });
}

function systemEntries(job: Extract<LayerJob, { kind: 'system' }>, warnings: string[]) {
  const { debs, base, kind: _kind, output: _output, ...options } = job;
  const onFacts = (facts: { readonly warnings: readonly string[] }): void => void warnings.push(...facts.warnings);
  return composeSystem(debs, { ...options, base: layTree(base), onFacts });
}

if (!isMainThread) serveJobs(runJob);
