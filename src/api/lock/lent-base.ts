import { TareError } from '../../base/errors.ts';
import { openLentLayers } from '../../build/lent-layers.ts';
import { recipeKey } from '../../build/recipe.ts';
import { composedRecipe } from '../../build/steps/base-layers.ts';
import type { BuildTools } from '../../build/tools.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { Architecture } from '../../plan/target.ts';
import { readLayout } from '../../store/read-layout.ts';
import type { ResolvedBase } from '../base/resolution.ts';

/**
 * Lets the image in a layout lend its layers of Debian packages. Each must say that it was made from exactly the packages of the
 * base, in the way that this tare makes it. Throws `BASE_FROM_OTHER`.
 */
export async function lendLayers(
  { context, cache }: BuildTools,
  layout: string | undefined,
  bases: readonly ResolvedBase[],
  architectures: readonly Architecture[],
): Promise<void> {
  if (layout === undefined) return;
  const images = await Promise.all(architectures.map((one) => readLayout(layout, parsePlatform(one.platform))));
  const lent = openLentLayers(context, cache, images);
  for (const [at, resolved] of bases.entries()) {
    if ('image' in resolved) throw needsNone(layout);
    const { base, python } = resolved;
    const key = recipeKey(composedRecipe(base, base.provider === 'debian' ? python : undefined));
    if (!lent.has(key)) throw otherBase(layout, architectures[at]?.platform ?? '', lent.size);
  }
  cache.lent = lent;
}

function otherBase(layout: string, platform: string, known: number): TareError {
  return new TareError({
    code: 'BASE_FROM_OTHER',
    message: `the base of the image in \`${layout}\` was not made from the packages that are wanted for ${platform}`,
    where: layout,
    expected: 'an image that was built from the same lock, by the same version of tare',
    actual:
      known === 0
        ? 'an image whose layers do not say what they were made from'
        : 'other packages, or another version of tare',
    hint: 'give the layout of an image that was built from this `tare.lock`, or leave out `--base-from`',
  });
}

function needsNone(layout: string): TareError {
  return new TareError({
    code: 'BASE_FROM_OTHER',
    message: 'the base is an image already, which needs no other to lend its layers',
    where: layout,
    hint: 'leave out `--base-from`',
  });
}
