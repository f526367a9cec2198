import { mapLimit } from '../base/concurrency.ts';
import type { Image } from '../oci/image.ts';
import type { PlannedLayer, Target } from '../plan/types.ts';
import { earliestTime } from './content-time.ts';
import type { BuildInputs, TargetInputs } from './inputs.ts';
import type { LayerRecord } from './recipe.ts';
import { type BaseLayers, buildBaseLayers } from './steps/base-layers.ts';
import { buildCertificateLayer } from './steps/certificate-layer.ts';
import { assertClosed } from './steps/closed-set.ts';
import { buildDebugLayer } from './steps/debug-layer.ts';
import { buildEnvironmentLayer } from './steps/environment-layer.ts';
import { assembleImage, type BuiltLayer } from './steps/image.ts';
import { buildLibraryBytecode } from './steps/library-bytecode.ts';
import { buildProjectLayers } from './steps/project-layers.ts';
import { buildSystemLayer } from './steps/system-layer.ts';
import { buildWheelLayers } from './steps/wheel-layers.ts';
import { type BuildTools, targetsAtOnce } from './tools.ts';

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
  const project = buildProjectLayers(tools, inputs, projectLayersOf(inputs));
  // It may fail before the first target asks for it.
  project.catch(() => undefined);
  try {
    const targets = await mapLimit(inputs.plan.targets, targetsAtOnce, (target, at) => {
      const targetInputs = inputs.targets[at];
      if (targetInputs === undefined) throw new Error(`no inputs for target ${target.platform}`);
      return buildTarget(tools, inputs, target, targetInputs, project);
    });
    return { targets, counters: tools.cache.counters };
  } finally {
    // Nothing goes on behind an error that was shown.
    await Promise.allSettled([project]);
  }
}

async function buildTarget(
  tools: BuildTools,
  inputs: BuildInputs,
  target: Target,
  targetInputs: TargetInputs,
  project: Promise<ReadonlyMap<PlannedLayer, LayerRecord>>,
): Promise<BuiltTarget> {
  const wheelLayers = target.layers.filter((layer) => layer.kind === 'wheels');
  const [{ base, library }, wheels] = await allOrFirstFailure([
    buildBase(tools, target, targetInputs),
    buildWheelLayers(tools, target, wheelLayers, targetInputs),
  ]);
  assertClosed(target, wheels.installed);
  const system = await buildSystemLayer(tools, target, targetInputs, base);
  const environment = await buildEnvironmentLayer(tools, {
    target,
    inputs: targetInputs,
    user: inputs.plan.user,
    base,
    wheels,
    strict: inputs.strict,
    mtime: inputs.sourceDateEpoch ?? earliestTime,
  });
  const certificates = await buildCertificateLayer(tools, inputs, targetInputs, { base, system });
  const debug = await buildDebugLayer(tools, target, targetInputs);
  const layers = layersOf(target, {
    base,
    library,
    system,
    environment,
    certificates,
    debug,
    wheels: wheels.records,
    project: await project,
  });
  const newest = [
    ...base.map(({ record }) => record),
    ...wheels.records.values(),
    ...(system === undefined ? [] : [system]),
    ...(library === undefined ? [] : [library]),
  ];
  const created = inputs.sourceDateEpoch ?? Math.max(...newest.map((record) => record.newest));
  return { target, layers, image: assembleImage({ plan: inputs.plan, target, layers, cache: tools.cache, created }) };
}

/** The base and, where the plan has a layer for it, the bytecode of its standard library. */
async function buildBase(
  tools: BuildTools,
  target: Target,
  inputs: TargetInputs,
): Promise<Pick<Records, 'base' | 'library'>> {
  const base = await buildBaseLayers(tools, target, inputs);
  const compiler = await inputs.wheelCompiler.ready;
  if (compiler === undefined || !target.layers.some((layer) => layer.kind === 'bytecode')) {
    return { base, library: undefined };
  }
  return { base, library: await buildLibraryBytecode(tools, target, inputs, base, compiler) };
}

interface Records {
  readonly base: BaseLayers;
  readonly library: LayerRecord | undefined;
  readonly system: LayerRecord | undefined;
  readonly environment: LayerRecord;
  readonly certificates: LayerRecord | undefined;
  readonly debug: LayerRecord | undefined;
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
    case 'bytecode':
      return records.library;
    case 'system':
      return records.system;
    case 'wheels':
      return records.wheels.get(layer.title);
    case 'environment':
      return records.environment;
    case 'certificates':
      return records.certificates;
    case 'debug':
      return records.debug;
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
