import { assertDatabase } from '../../base-image/package-database.ts';
import { TareError } from '../../base/errors.ts';
import type { BaseImage } from '../../base-image/base-image.ts';
import { isBaseText } from '../../debian/compose-system.ts';
import { fetchDebs } from '../../debian/mirror.ts';
import type { PlannedBase, Target } from '../../plan/types.ts';
import type { TargetInputs } from '../inputs.ts';
import { readBaseFiles } from '../layer-files.ts';
import { type LayerRecord, noteSources, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';
import type { BaseLayers } from './base-layers.ts';

/** Raised whenever `composeSystem` gives other entries for the same packages. */
const systemVersion = 2;

/** The Debian packages beside those of the base; undefined where there are none. */
export async function buildSystemLayer(
  tools: BuildTools,
  target: { readonly base: PlannedBase; readonly system: Pick<Target['system'], 'policy'> },
  inputs: Pick<TargetInputs, 'systemDebs' | 'debian' | 'baseImage'>,
  base: BaseLayers,
): Promise<LayerRecord | undefined> {
  if (inputs.systemDebs.length === 0) return undefined;
  const recipe: Recipe = {
    kind: 'system',
    systemVersion,
    base: base.map(({ record }) => record.diffId),
    packageState: stateOf(target.base),
    policy: target.system.policy,
    packages: inputs.systemDebs.map((one) => one.sha256),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const debs = await fetchDebs(tools.context, inputs.systemDebs, tools.cache, inputs.debian);
    noteSources(tools.cache, debs);
    const task = tools.context.progress.start(`adding system libraries ${target.base.architecture}`);
    const { baseImage } = inputs;
    if (baseImage !== undefined) {
      assertDatabase(
        baseImage,
        inputs.systemDebs.map((one) => one.name),
      );
    }
    const status = baseImage?.database.kind === 'dpkg' ? baseImage.text('var/lib/dpkg/status') : undefined;
    const result = await tools.writeLayer({
      kind: 'system',
      output,
      debs,
      suite: suiteOf(target.base),
      architecture: target.base.architecture,
      policy: target.system.policy,
      base: await readBaseFiles(tools, base, inputs),
      ...(status === undefined ? {} : { baseStatus: status }),
      ...(baseImage === undefined ? {} : { loaderFolders: baseImage.loaderFolders, baseTexts: textsOf(baseImage) }),
    });
    for (const warning of result.warnings) tools.context.log.warn(warning);
    task.done();
    return result;
  });
}

/** What is to be added to, as scripts of packages would. */
function textsOf({ tree, text }: BaseImage): Readonly<Record<string, string>> {
  const paths = tree.entries().flatMap(({ path }) => (isBaseText(path) ? [path] : []));
  return Object.fromEntries(paths.flatMap((path) => [[path, text(path) ?? ''] as const]));
}

function stateOf(base: PlannedBase): string {
  return base.provider === 'image' ? base.packageState : 'composed';
}

function suiteOf(base: PlannedBase): string {
  if (base.suite !== undefined) return base.suite;
  throw new TareError({
    code: 'BASE_SUITE_UNKNOWN',
    message: `Debian packages cannot be added to the base \`${base.provider === 'image' ? base.title : ''}\``,
    hint: 'use a base made from Debian, or one that has these libraries',
  });
}
