import { mapLimit } from '../../base/concurrency.ts';
import { TareError } from '../../base/errors.ts';
import { downloadBlob } from '../../http/download.ts';
import type { PlannedLayer, PlannedPython, PlannedWheel } from '../../plan/types.ts';
import type { InstallScheme } from '../../python/install.ts';
import type { TargetInputs } from '../inputs.ts';
import type { InstalledFacts, LayerJobResult } from '../layer-job.ts';
import { type LayerRecord, type Recipe, recipeKey, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';

/** Raised whenever installing a wheel gives other entries or facts. */
const installVersion = 1;
const parallelDownloads = 6;

export interface WheelLayers {
  /** By the title of the plan's layer. */
  readonly records: ReadonlyMap<string, LayerRecord>;
  /** By wheel file name. */
  readonly installed: ReadonlyMap<string, InstalledFacts>;
}

/** What wheel layers depend on. */
export interface WheelTarget {
  readonly python: Pick<PlannedPython, 'prefix' | 'version'>;
  readonly wheels: readonly PlannedWheel[];
}

export function installScheme(target: Pick<WheelTarget, 'python'>): InstallScheme {
  return { prefix: target.python.prefix, pythonVersion: target.python.version, uid: 0, gid: 0 };
}

/** Every wheel layer of a target; wheels are downloaded only for layers that no cache has. */
export async function buildWheelLayers(
  tools: BuildTools,
  target: WheelTarget,
  layers: readonly PlannedLayer[],
  inputs: Pick<TargetInputs, 'wheelUrls'>,
): Promise<WheelLayers> {
  const byFilename = new Map(target.wheels.map((wheel) => [wheel.filename, wheel]));
  const records = new Map<string, LayerRecord>();
  const installed = new Map<string, InstalledFacts>();
  await mapLimit(layers, parallelDownloads, async (layer) => {
    const wheels = layer.contents.map((filename) => wheelNamed(byFilename, filename));
    const built = await buildOne(tools, target, inputs, wheels);
    records.set(layer.title, built.record);
    for (const [at, wheel] of wheels.entries()) {
      const facts = built.installed[at];
      if (facts === undefined) continue;
      installed.set(wheel.filename, facts);
      for (const warning of facts.warnings) tools.context.log.warn(`${wheel.filename}: ${warning}`);
    }
  });
  return { records, installed };
}

interface BuiltLayer {
  readonly record: LayerRecord;
  readonly installed: readonly InstalledFacts[];
}

async function buildOne(
  tools: BuildTools,
  target: WheelTarget,
  inputs: Pick<TargetInputs, 'wheelUrls'>,
  wheels: readonly PlannedWheel[],
): Promise<BuiltLayer> {
  const scheme = installScheme(target);
  const recipe: Recipe = {
    kind: 'wheels',
    installVersion,
    // Nothing but the minor version, the prefix and the wheels: so pure wheels are one blob for every platform.
    scheme,
    bytecode: 'none',
    wheels: wheels.map((wheel) => wheel.sha256),
  };
  const produce = async (output: string): Promise<LayerJobResult> => {
    const files = await Promise.all(wheels.map((wheel) => fetchWheel(tools, inputs, wheel)));
    const result = await tools.writeLayer({
      kind: 'wheels',
      output,
      scheme,
      wheels: wheels.map((wheel, at) => ({ file: files[at] ?? '', filename: wheel.filename })),
    });
    await tools.cache.writeRecord('wheel-layer-facts', recipeKey(recipe), result.installed);
    return result;
  };
  const record = await withRecipe(tools.cache, recipe, tools.context.signal, produce);
  const known = await tools.cache.readRecord('wheel-layer-facts', recipeKey(recipe));
  if (Array.isArray(known) && known.length === wheels.length) return { record, installed: known as InstalledFacts[] };
  // The facts are gone though the layer is there: make both again.
  const output = await tools.cache.temporary();
  const { layer, installed } = await produce(output);
  await tools.cache.adopt(output, layer.digest);
  return { record: layer, installed };
}

/** Path of a wheel in the cache, downloaded where it is not there. */
export async function fetchWheel(
  tools: BuildTools,
  inputs: Pick<TargetInputs, 'wheelUrls'>,
  wheel: PlannedWheel,
): Promise<string> {
  if (await tools.cache.has(wheel.sha256)) return tools.cache.blobPath(wheel.sha256);
  const source = inputs.wheelUrls.get(wheel.sha256);
  if (source === undefined) {
    throw new TareError({
      code: 'WHEEL_SOURCE_UNKNOWN',
      message: `nothing says where \`${wheel.filename}\` can be had`,
    });
  }
  return downloadBlob(
    tools.context,
    {
      ...source,
      digest: wheel.sha256,
      name: wheel.filename,
      ...(wheel.size === undefined ? {} : { size: wheel.size }),
    },
    tools.cache,
  );
}

function wheelNamed(byFilename: ReadonlyMap<string, PlannedWheel>, filename: string): PlannedWheel {
  const wheel = byFilename.get(filename);
  if (wheel === undefined) throw new Error(`the plan's layer names \`${filename}\`, which is not among its wheels`);
  return wheel;
}
