import { fetchDebs } from '../../debian/mirror.ts';
import type { Target } from '../../plan/types.ts';
import type { TargetInputs } from '../inputs.ts';
import { type LayerRecord, noteSources, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';

/** Raised whenever `composeBusybox` gives other entries for the same package. */
const debugVersion = 1;

/** The debug tools; undefined where none are wanted. */
export async function buildDebugLayer(
  tools: BuildTools,
  { base }: Target,
  { debug, baseImage }: TargetInputs,
): Promise<LayerRecord | undefined> {
  if (debug === undefined) return undefined;
  const recordsPackages = baseImage === undefined || baseImage.database.kind === 'status.d';
  const recipe: Recipe = { kind: 'debug', debugVersion, package: debug.deb.sha256, recordsPackages };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const debs = await fetchDebs(tools.context, [debug.deb], tools.cache, debug.debian);
    noteSources(tools.cache, debs);
    const [deb] = debs;
    if (deb === undefined) throw new Error(`nothing was fetched for ${debug.deb.name}`);
    const task = tools.context.progress.start(`adding debug tools ${base.architecture}`);
    const result = await tools.writeLayer({ kind: 'debug', output, deb, recordsPackages });
    task.done();
    return result;
  });
}
