import type { Context } from '../base/context.ts';
import { ownWorker } from '../base/own-files.ts';
import { createWorkerPool } from '../base/worker-pool.ts';
import type { Bundle } from '../bytecode/compile-bundle.ts';
import type { PackageFacts } from '../debian/package-facts.ts';
import type { Cache } from '../store/cache.ts';
import type { LibraryBytecodeJob, WheelBytecodeJob } from './bytecode-job.ts';
import type { Job, JobResult, LayerJob, LayerJobResult } from './layer-job.ts';
import type { CountedCache } from './recipe.ts';

/** Targets under way at the same time: where one waits, the threads work for another. */
export const targetsAtOnce = 2;

/** What every step works with. */
export interface BuildTools {
  readonly context: Context;
  readonly cache: CountedCache;
  /** Writes a layer in a thread of its own. */
  readonly writeLayer: (job: LayerJob | LibraryBytecodeJob) => Promise<LayerJobResult>;
  /** Compiles the modules of a wheel, from a thread of its own. */
  readonly compile: (job: WheelBytecodeJob) => Promise<Bundle>;
  /** Looks into a `.deb` in a thread of its own. */
  readonly readPackage: (file: string) => Promise<PackageFacts>;
}

/** Runs `work` with tools of its own; the threads, started when they are first needed, end with it. */
export async function withBuildTools<T>(
  context: Context,
  cache: Cache,
  work: (tools: BuildTools) => Promise<T>,
): Promise<T> {
  const counted: CountedCache = {
    ...cache,
    counters: { hits: 0, misses: 0 },
    asked: new Map(),
    sources: new Map(),
    taken: new Set(),
  };
  const pool = createWorkerPool<Job, JobResult>(jobModule(), context.workers, { signal: context.signal });
  try {
    return await work({
      context,
      cache: counted,
      writeLayer: async (job) => layerOf(await pool.run(job)),
      compile: async (job) => bundleOf(await pool.run(job)),
      readPackage: async (file) => packageOf(await pool.run({ kind: 'package', file })),
    });
  } finally {
    await pool.close();
  }
}

function layerOf(result: JobResult): LayerJobResult {
  if ('layer' in result) return result;
  throw new Error('a job for a layer gave something else');
}

function bundleOf(result: JobResult): Bundle {
  if ('failures' in result) return result;
  throw new Error('a job for bytecode gave something else');
}

function packageOf(result: JobResult): PackageFacts {
  if ('layer' in result || 'failures' in result) throw new Error('a job for a package gave something else');
  return result;
}

/** The sources run as they are in tests, where a worker cannot load them: the pool then runs jobs in this thread. */
function jobModule(): URL {
  return ownWorker('build', 'layer-job');
}
