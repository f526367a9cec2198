import type { Image } from '../oci/image.ts';
import type { PlannedLayer, Target } from '../plan/types.ts';
import { earliestTime } from './content-time.ts';
import type { BuildInputs, TargetInputs } from './inputs.ts';
import type { LayerRecord } from './recipe.ts';
import { type BaseLayers, buildBaseLayers } from './steps/base-layers.ts';
import { assertClosed } from './steps/closed-set.ts';
import { buildEnvironmentLayer } from './steps/environment-layer.ts';
import { assembleImage, type BuiltLayer } from './steps/image.ts';
import { buildProjectLayers } from './steps/project-layers.ts';
import { buildSystemLayer } from './steps/system-layer.ts';
import { buildWheelLayers } from './steps/wheel-layers.ts';
import type { BuildTools } from './tools.ts';

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
export async function buildDirectly(tools: BuildTools, inputs: BuildInputs): Promise<DirectBuild> {
  const project = await buildProjectLayers(tools, inputs, projectLayersOf(inputs));
  const targets: BuiltTarget[] = [];
  for (const [at, target] of inputs.plan.targets.entries()) {
    const targetInputs = inputs.targets[at];
    if (targetInputs === undefined) throw new Error(`no inputs for target ${target.platform}`);
    targets.push(await buildTarget(tools, inputs, target, targetInputs, project));
  }
  return { targets, counters: tools.cache.counters };
}

async function buildTarget(
  tools: BuildTools,
  inputs: BuildInputs,
  target: Target,
  targetInputs: TargetInputs,
  project: ReadonlyMap<PlannedLayer, LayerRecord>,
): Promise<BuiltTarget> {
  const wheelLayers = target.layers.filter((layer) => layer.kind === 'wheels');
  const [base, wheels] = await allOrFirstFailure([
    buildBaseLayers(tools, target, targetInputs),
    buildWheelLayers(tools, target, wheelLayers, targetInputs),
  ]);
  assertClosed(target, wheels.installed);
  const system = await buildSystemLayer(tools, target, targetInputs, base);
  const environment = await buildEnvironmentLayer(tools, {
    target,
    inputs: targetInputs,
    user: inputs.plan.user,
    wheels,
    strict: inputs.strict,
    mtime: inputs.sourceDateEpoch ?? earliestTime,
  });
  const layers = layersOf(target, { base, system, environment, wheels: wheels.records, project });
  const newest = [
    ...base.map(({ record }) => record),
    ...wheels.records.values(),
    ...(system === undefined ? [] : [system]),
  ];
  const created = inputs.sourceDateEpoch ?? Math.max(...newest.map((record) => record.newest));
  return { target, layers, image: assembleImage({ plan: inputs.plan, target, layers, cache: tools.cache, created }) };
}

interface Records {
  readonly base: BaseLayers;
  readonly system: LayerRecord | undefined;
  readonly environment: LayerRecord;
  readonly wheels: ReadonlyMap<string, LayerRecord>;
  readonly project: ReadonlyMap<PlannedLayer, LayerRecord>;
}

function layersOf(target: Target, records: Records): readonly BuiltLayer[] {
  const baseLayers = target.layers.filter((layer) => layer.kind === 'base');
  return target.layers.map((layer): BuiltLayer => {
    const base = records.base[baseLayers.indexOf(layer)];
    const record = base?.record ?? recordOf(layer, records);
    if (record === undefined) throw new Error(`layer \`${layer.title}\` was planned but not built`);
    return { layer, record, ...(base?.blob === undefined ? {} : { blob: base.blob }) };
  });
}

function recordOf(layer: PlannedLayer, records: Records): LayerRecord | undefined {
  switch (layer.kind) {
    case 'base':
      return undefined;
    case 'system':
      return records.system;
    case 'wheels':
      return records.wheels.get(layer.title);
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
