import { mapLimit } from '../../base/concurrency.ts';
import type { BuildTools } from '../../build/tools.ts';
import { areFilesAlone } from '../../debian/files-alone.ts';
import type { Prepared } from '../plan/prepare.ts';
import { readFactsOf } from '../system/catalogue.ts';

/**
 * Whether an image can have the Debian packages of the plan and no more: what the base lacks is known, dependencies are followed as far
 * as something loads (`docs/decisions/0008`), and the packages are libraries and data of which no script has to run.
 */
export async function hasExactPackages({ inputs }: Prepared, tools: BuildTools): Promise<boolean> {
  const isOfBase = inputs.plan.targets.every(
    ({ base, system }) => base.provider === 'image' && system.policy === 'needed',
  );
  if (!isOfBase) return false;
  const targets = await mapLimit(inputs.targets, 1, async ({ systemDebs, debian, baseImage }) =>
    areFilesAlone(await readFactsOf(tools, debian, systemDebs), baseImage?.text('var/lib/dpkg/triggers/File')),
  );
  return targets.every(Boolean);
}
