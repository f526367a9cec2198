import { fetchDebs } from '../../debian/mirror.ts';
import type { Target } from '../../plan/types.ts';
import type { TargetInputs } from '../inputs.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';

/** Raised whenever `composeBase` gives other entries for the same packages. */
const composeVersion = 2;

/** The composed Debian core: packages downloaded and unpacked only where no cache has the layer. */
export async function buildBaseLayer(
  tools: BuildTools,
  target: Pick<Target, 'base' | 'python'>,
  inputs: Pick<TargetInputs, 'debs' | 'debian'>,
): Promise<LayerRecord> {
  const { base, python } = target;
  const recipe: Recipe = {
    kind: 'base',
    composeVersion,
    suite: base.suite,
    architecture: base.architecture,
    python: python.version,
    packages: base.packages.map((one) => one.sha256),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const debs = await fetchDebs(tools.context, inputs.debs, tools.cache, inputs.debian);
    const task = tools.context.progress.start(`composing Debian ${base.suite} ${base.architecture}`);
    const result = await tools.pool.run({
      kind: 'base',
      output,
      debs,
      suite: base.suite,
      architecture: base.architecture,
      python: python.version,
    });
    task.done();
    return result.layer;
  });
}
