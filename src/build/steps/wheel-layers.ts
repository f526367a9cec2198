import { mapLimit } from '../../base/concurrency.ts';
import { TareError } from '../../base/errors.ts';
import { downloadBlob } from '../../http/download.ts';
import { isFreeThreadedAbi } from '../../plan/python.ts';
import type { PlannedLayer, PlannedPython, PlannedWheel } from '../../plan/types.ts';
import type { InstallScheme } from '../../python/install.ts';
import type { TargetInputs } from '../inputs.ts';
import { bytecodeRecipe, type TargetCompiler } from '../target-compiler.ts';
import { type CompiledWheel, compileProgress, compileWheelOnce } from './wheel-bytecode.ts';
import type { InstalledFacts, LayerJobResult } from '../layer-job.ts';
import { type LayerRecord, type Recipe, recipeKey, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';

/** Raised whenever installing a wheel gives other entries or facts. */
const installVersion = 2;
const parallelDownloads = 6;

export interface WheelLayers {
  /** By the title of the plan's layer. */
  readonly records: ReadonlyMap<string, LayerRecord>;
  /** By wheel file name. */
  readonly installed: ReadonlyMap<string, InstalledFacts>;
}

/** What wheel layers depend on. */
export interface WheelTarget {
  readonly python: Pick<PlannedPython, 'prefix' | 'version' | 'abi'>;
  readonly wheels: readonly PlannedWheel[];
}

export function installScheme(target: Pick<WheelTarget, 'python'>): InstallScheme {
  const { prefix, version, abi } = target.python;
  const threads = isFreeThreadedAbi(abi) ? { isFreeThreaded: true } : {};
  return { prefix, pythonVersion: version, ...threads, uid: 0, gid: 0 };
}

/** What wheel layers are made with. */
export interface WheelInputs extends Pick<TargetInputs, 'wheelUrls'> {
  /** Compiles them; undefined where only the application is compiled, or nothing. */
  readonly wheelCompiler: TargetInputs['wheelCompiler'];
}

/** Every wheel layer of a target; wheels are downloaded only for layers that no cache has. */
export async function buildWheelLayers(
  tools: BuildTools,
  target: WheelTarget,
  layers: readonly PlannedLayer[],
  inputs: WheelInputs,
): Promise<WheelLayers> {
  const fetch = once((wheel: PlannedWheel) => fetchWheel(tools, inputs, wheel));
  // Nothing was built here yet, as it seems: downloads need not wait for the compiler. What fails shows when it is needed.
  const ahead = inputs.wheelCompiler.isKnown ? [] : target.wheels;
  const fetching = mapLimit(ahead, parallelDownloads, fetch).catch(() => undefined);
  const compiler = await inputs.wheelCompiler.ready;
  const progress = compileProgress(tools.context);
  const byFilename = new Map(target.wheels.map((wheel) => [wheel.filename, wheel]));
  const records = new Map<string, LayerRecord>();
  const installed = new Map<string, InstalledFacts>();
  await mapLimit(layers, parallelDownloads, async (layer) => {
    const wheels = layer.contents.map((filename) => wheelNamed(byFilename, filename));
    const built = await buildOne(tools, target, { fetch, compiler, progress }, wheels);
    records.set(layer.title, built.record);
    for (const [at, wheel] of wheels.entries()) {
      const facts = built.installed[at];
      if (facts === undefined) continue;
      installed.set(wheel.filename, facts);
      for (const warning of facts.warnings) tools.context.log.warn(`${wheel.filename}: ${warning}`);
    }
  });
  await fetching;
  return { records, installed };
}

type Fetch = (wheel: PlannedWheel) => Promise<string>;

/** Each wheel is asked for once, whoever wants it. */
function once(fetch: Fetch): Fetch {
  const asked = new Map<string, Promise<string>>();
  return (wheel) => {
    const known = asked.get(wheel.sha256) ?? fetch(wheel);
    asked.set(wheel.sha256, known);
    return known;
  };
}

interface WheelMeans {
  readonly fetch: Fetch;
  readonly compiler: TargetCompiler | undefined;
  readonly progress: () => () => void;
}

interface BuiltLayer {
  readonly record: LayerRecord;
  readonly installed: readonly InstalledFacts[];
}

async function buildOne(
  tools: BuildTools,
  target: WheelTarget,
  { fetch, compiler, progress }: WheelMeans,
  wheels: readonly PlannedWheel[],
): Promise<BuiltLayer> {
  const scheme = installScheme(target);
  const recipe: Recipe = {
    kind: 'wheels',
    installVersion,
    // Nothing but the Python, the prefix and the wheels: so pure wheels are one blob for every platform.
    scheme,
    bytecode: bytecodeRecipe(compiler),
    wheels: wheels.map((wheel) => wheel.sha256),
  };
  const produce = async (output: string): Promise<LayerJobResult> => {
    const prepared = await Promise.all(
      wheels.map(async (wheel) => {
        const file = await fetch(wheel);
        if (compiler === undefined) return { file, wheel };
        const isShared = wheels.length > 1;
        return {
          file,
          wheel,
          compiled: await compileWheelOnce(tools, { wheel, file, scheme, compiler, isShared, progress }),
        };
      }),
    );
    const result = await writeWheels(tools, output, scheme, prepared);
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

interface PreparedWheel {
  readonly wheel: PlannedWheel;
  readonly file: string;
  readonly compiled?: CompiledWheel;
}

async function writeWheels(
  tools: BuildTools,
  output: string,
  scheme: InstallScheme,
  prepared: readonly PreparedWheel[],
): Promise<LayerJobResult> {
  try {
    return await tools.writeLayer({
      kind: 'wheels',
      output,
      scheme,
      wheels: prepared.map(({ file, wheel: { filename }, compiled }) => ({
        file,
        filename,
        ...(compiled === undefined ? {} : { bytecode: compiled.bytecode }),
      })),
    });
  } finally {
    for (const { compiled } of prepared) await compiled?.release();
  }
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
  tools.cache.sources.set(wheel.sha256, 'index');
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
