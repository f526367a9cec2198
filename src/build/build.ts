import type { Context } from '../base/context.ts';
import { ownWorker } from '../base/own-files.ts';
import { createWorkerPool } from '../base/worker-pool.ts';
import type { Image } from '../oci/image.ts';
import type { PlannedLayer, Target } from '../plan/types.ts';
import type { Cache } from '../store/cache.ts';
import { earliestTime } from './content-time.ts';
import type { BuildInputs, TargetInputs } from './inputs.ts';
import type { LayerJob, LayerJobResult } from './layer-job.ts';
import type { CountedCache, LayerRecord } from './recipe.ts';
import { buildBaseLayer } from './steps/base-layer.ts';
import { assertClosed } from './steps/closed-set.ts';
import { buildEnvironmentLayer } from './steps/environment-layer.ts';
import { assembleImage, type BuiltLayer } from './steps/image.ts';
import { buildProjectLayers } from './steps/project-layers.ts';
import { buildWheelLayers } from './steps/wheel-layers.ts';
import type { BuildTools } from './tools.ts';

export type { LayerJob, LayerJobResult } from './layer-job.ts';

export interface BuiltTarget {
  readonly target: Target;
  readonly image: Image;
  readonly layers: readonly BuiltLayer[];
}

export interface DirectBuild {
  readonly targets: readonly BuiltTarget[];
  readonly counters: { readonly hits: number; readonly misses: number };
}

/** The direct build: a list of steps, each a pure function of its inputs with a place in the cache. */
export async function buildDirectly(context: Context, cache: Cache, inputs: BuildInputs): Promise<DirectBuild> {
  const counted: CountedCache = { ...cache, counters: { hits: 0, misses: 0 } };
  const pool = createWorkerPool<LayerJob, LayerJobResult>(layerJobModule(), context.workers, {
    signal: context.signal,
  });
  const tools: BuildTools = { context, cache: counted, pool };
  try {
    const project = await buildProjectLayers(tools, inputs, projectLayersOf(inputs));
    const targets: BuiltTarget[] = [];
    for (const [at, target] of inputs.plan.targets.entries()) {
      const targetInputs = inputs.targets[at];
      if (targetInputs === undefined) throw new Error(`no inputs for target ${target.platform}`);
      targets.push(await buildTarget(tools, inputs, target, targetInputs, project));
    }
    return { targets, counters: counted.counters };
  } finally {
    await pool.close();
  }
}

async function buildTarget(
  tools: BuildTools,
  inputs: BuildInputs,
  target: Target,
  targetInputs: TargetInputs,
  project: ReadonlyMap<PlannedLayer, LayerRecord>,
): Promise<BuiltTarget> {
  const [base, wheels] = await allOrFirstFailure([
    buildBaseLayer(tools, target, targetInputs),
    buildWheelLayers(tools, target, targetInputs),
  ]);
  assertClosed(target, wheels.installed);
  const mtime = inputs.sourceDateEpoch ?? earliestTime;
  const environment = await buildEnvironmentLayer(tools, {
    target,
    inputs: targetInputs,
    wheels,
    strict: inputs.strict,
    mtime,
  });
  const layers = target.layers.map((layer): BuiltLayer => {
    const record = recordOf(layer, { base, environment, wheels: wheels.records, project });
    if (record === undefined) throw new Error(`layer \`${layer.title}\` was planned but not built`);
    return { layer, record };
  });
  const newest = Math.max(base.newest, ...[...wheels.records.values()].map((record) => record.newest));
  const created = inputs.sourceDateEpoch ?? newest;
  return { target, layers, image: assembleImage({ plan: inputs.plan, target, layers, cache: tools.cache, created }) };
}

interface Records {
  readonly base: LayerRecord;
  readonly environment: LayerRecord;
  readonly wheels: ReadonlyMap<PlannedLayer, LayerRecord>;
  readonly project: ReadonlyMap<PlannedLayer, LayerRecord>;
}

function recordOf(layer: PlannedLayer, records: Records): LayerRecord | undefined {
  switch (layer.kind) {
    case 'base':
      return records.base;
    case 'system':
      return undefined;
    case 'wheels':
      return records.wheels.get(layer);
    case 'environment':
      return records.environment;
    case 'data':
    case 'application':
      return [...records.project].find(
        ([planned]) => planned.kind === layer.kind && planned.title === layer.title,
      )?.[1];
  }
}

/** Data and application are the same for every target: those of the first serve all. */
function projectLayersOf(inputs: BuildInputs): readonly PlannedLayer[] {
  const layers = inputs.plan.targets[0]?.layers ?? [];
  return layers.filter((layer) => layer.kind === 'data' || layer.kind === 'application');
}

/** Waits for both even when one fails, so that nothing goes on behind an error that was shown. */
async function allOrFirstFailure<A, B>(work: readonly [Promise<A>, Promise<B>]): Promise<readonly [A, B]> {
  const [first, second] = await Promise.allSettled(work);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

/** The sources run as they are in tests, where a worker cannot load them: the pool then runs jobs in this thread. */
export function layerJobModule(): URL {
  return ownWorker('build', 'layer-job');
}
