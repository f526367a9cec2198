import type { Because } from '../../base/because.ts';
import { readLayerRecord, recipeKey } from '../../build/recipe.ts';
import { composedRecipe } from '../../build/steps/base-layers.ts';
import type { DebPackage } from '../../debian/package.ts';
import { upstreamVersion } from '../../debian/version.ts';
import type { BaseCandidate } from '../../plan/base-candidates.ts';
import type { BaseRow } from '../../plan/bases-report.ts';
import { resolveComposedBase } from '../base/resolution.ts';
import { resolveDebian } from '../indexes/debian.ts';
import { fitOf, type Survey } from './survey.ts';

/** A composed Debian beside other bases: its sizes as they are where it was made before, else by its packages. */
export async function debianRow(
  survey: Survey,
  { label, suite, python }: Extract<BaseCandidate, { kind: 'debian' }>,
  because: Because,
): Promise<BaseRow> {
  const { tools, config, project, architecture } = survey;
  const { context, cache } = tools;
  const debian = await resolveDebian(context, config, project.root, suite, architecture.debian);
  const found = await resolveComposedBase(context, cache, debian, { python, suite, because }, architecture);
  const { base, debs } = found;
  const made = await readLayerRecord(cache, recipeKey(composedRecipe(base, found.python)));
  const sum = (of: (deb: (typeof debs)[number]) => number): number => debs.reduce((total, deb) => total + of(deb), 0);
  const [major = 2, minor = 0] = base.glibc.split('.').map(Number);
  const target = { python, glibc: { major, minor }, architecture: architecture.machine };
  const { fullVersion } = found.python;
  return {
    base: label,
    state: 'compared',
    python: fullVersion ?? python,
    os: `Debian GNU/Linux ${releaseOf(debs)}(${suite})`,
    libc: `glibc ${base.glibc}`,
    packed: made?.size ?? sum((deb) => deb.size),
    unpacked: made?.unpackedSize ?? sum((deb) => deb.installedSize),
    ...(made === undefined ? { isEstimate: true } : {}),
    ...(found.index?.date === undefined ? {} : { created: found.index.date }),
    ...(await fitOf(survey, target, fullVersion)),
  };
}

/** `13 `: as its os-release(5) will say; the package that brings it counts as the release does. */
function releaseOf(debs: readonly DebPackage[]): string {
  const version = debs.find(({ name }) => name === 'base-files')?.version;
  const [number] = version === undefined ? [] : (/^\d+/.exec(upstreamVersion(version)) ?? []);
  return number === undefined ? '' : `${number} `;
}
