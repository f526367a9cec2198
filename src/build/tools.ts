import type { Context } from '../base/context.ts';
import type { WorkerPool } from '../base/worker-pool.ts';
import type { LayerJob, LayerJobResult } from './layer-job.ts';
import type { CountedCache } from './recipe.ts';

/** What every step works with. */
export interface BuildTools {
  readonly context: Context;
  readonly cache: CountedCache;
  readonly pool: WorkerPool<LayerJob, LayerJobResult>;
}
