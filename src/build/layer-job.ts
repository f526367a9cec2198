import { isMainThread } from 'node:worker_threads';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { orderForGathering, writeLayer } from '../archive/layer-writer.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { serveJobs } from '../base/worker-pool.ts';
import { composeBase } from '../debian/compose.ts';
import type { FetchedDeb } from '../debian/mirror.ts';
import { type InstalledWheel, type InstallScheme, installWheel } from '../python/install.ts';
import { readWheel, type Wheel } from '../python/wheel.ts';
import { type WheelFacts, wheelFacts } from '../python/wheel-facts.ts';
import type { LayerRecord } from './recipe.ts';

/** Work for a worker thread: everything in it is plain data. `output` is where the blob is written. */
export type LayerJob =
  | {
      readonly kind: 'wheels';
      readonly output: string;
      readonly wheels: readonly { readonly file: string; readonly filename: string }[];
      readonly scheme: InstallScheme;
    }
  | {
      readonly kind: 'base';
      readonly output: string;
      readonly debs: readonly FetchedDeb[];
      readonly suite: string;
      readonly architecture: string;
      readonly python: string;
    }
  | { readonly kind: 'entries'; readonly output: string; readonly entries: readonly LayerEntry[] };

export interface LayerJobResult {
  readonly layer: LayerRecord;
  /** For wheels, in their order. */
  readonly installed: readonly InstalledFacts[];
}

/** What later steps need to know of an installed wheel without the wheel. */
export interface InstalledFacts {
  readonly facts: WheelFacts;
  /** Console and gui scripts, which go to the environment layer. */
  readonly scripts: readonly { readonly path: string; readonly text: string }[];
  readonly warnings: readonly string[];
}

export async function runJob(job: LayerJob): Promise<LayerJobResult> {
  switch (job.kind) {
    case 'wheels':
      return writeWheels(job);
    case 'base': {
      const { newest, written } = await writeBase(job);
      return { layer: { ...written, newest }, installed: [] };
    }
    case 'entries': {
      const written = await writeLayer(job.entries, job.output);
      return { layer: { ...written, newest: newestOf(job.entries) }, installed: [] };
    }
  }
}

async function writeWheels(job: Extract<LayerJob, { kind: 'wheels' }>): Promise<LayerJobResult> {
  const entries = new Map<string, LayerEntry>();
  const installed: InstalledFacts[] = [];
  let newest = 0;
  for (const { file, filename } of job.wheels) {
    const { wheel, one } = await openWheel(file, filename, job.scheme);
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
  const written = await writeLayer(orderForGathering([...entries.values()]), job.output);
  return { layer: { ...written, newest }, installed };
}

/** Reads a wheel of the cache, which has no name there but its hash: errors speak of the wheel. */
async function openWheel(
  file: string,
  filename: string,
  scheme: InstallScheme,
): Promise<{ wheel: Wheel; one: InstalledWheel }> {
  try {
    const wheel = await readWheel(file, filename);
    return { wheel, one: installWheel(wheel, scheme) };
  } catch (error) {
    if (!isTareError(error)) throw error;
    const { code, message, where = file, expected, actual, hint, transient, cause } = error;
    const place = where.includes(file)
      ? where.replaceAll(file, filename)
      : where.includes(filename)
        ? where
        : `${filename}: ${where}`;
    throw new TareError({
      code,
      message: message.replaceAll(file, filename),
      where: place,
      hint: hint ?? `use another version of this package, or tell its maintainers`,
      transient,
      ...(expected === undefined ? {} : { expected }),
      ...(actual === undefined ? {} : { actual }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

async function writeBase(job: Extract<LayerJob, { kind: 'base' }>) {
  let newest = 0;
  async function* counted(): AsyncGenerator<LayerEntry> {
    const { suite, architecture, python } = job;
    for await (const entry of composeBase(job.debs, { suite, architecture, python })) {
      newest = Math.max(newest, entry.mtime);
      yield entry;
    }
  }
  const written = await writeLayer(counted(), job.output);
  return { newest, written };
}

function newestOf(entries: readonly LayerEntry[]): number {
  return entries.reduce((newest, entry) => Math.max(newest, entry.mtime), 0);
}

if (!isMainThread) serveJobs(runJob);
