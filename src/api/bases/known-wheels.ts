import type { BaseImage } from '../../base-image/base-image.ts';
import { isTareError } from '../../base/errors.ts';
import { readOwnLayer } from '../../build/layer-files.ts';
import type { InstalledFacts } from '../../build/layer-job.ts';
import { buildWheelLayers } from '../../build/steps/wheel-layers.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { InlineConfig } from '../../config/schema.ts';
import type { DebPackage } from '../../debian/package.ts';
import type { BaseRow } from '../../plan/bases-report.ts';
import { planWheelLayers } from '../../plan/layering.ts';
import { resolveSystem } from '../../plan/system/resolve-system.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import { imageAsBase } from '../base/image.ts';
import { openBaseSuite } from '../indexes/debian.ts';
import { openPreparation, type Preparation } from '../plan/preparation.ts';
import { type ResolvedTarget, resolveTargets } from '../plan/targets.ts';
import { openCatalogue } from '../system/catalogue.ts';
import { libraryPathOf, systemRequest } from '../system/request.ts';
import { quietly, type Survey } from './survey.ts';

/** What an earlier plan or build found in the wheels of the project. */
export interface KnownWheels {
  /** Of the base that a build would take. */
  readonly own: ResolvedTarget;
  readonly tools: BuildTools;
  readonly opened: Preparation;
  readonly wheelFiles: readonly (readonly FileFacts[])[];
  readonly installed: readonly InstalledFacts[];
}

/** Undefined where the project was not planned yet: then nothing is fetched or made for a comparison. */
export async function readKnownWheels(
  { tools, architecture }: Survey,
  directory: string,
  inline: InlineConfig,
): Promise<KnownWheels | undefined> {
  const offline: BuildTools = { ...tools, context: { ...quietly(tools.context), offline: true, refresh: false } };
  try {
    const wish = { ...inline, platforms: [architecture.platform], buildWheels: 'never' as const };
    const opened = await openPreparation(directory, wish, offline);
    const [own] = await resolveTargets(offline, opened);
    if (own === undefined) return undefined;
    const target = { python: own.base.python, wheels: own.wheels.wheels };
    const made = await buildWheelLayers(offline, target, planWheelLayers(own.wheels.wheels), own.inputs);
    const layers = [...made.records.values()];
    return {
      own,
      opened,
      tools: offline,
      wheelFiles: await Promise.all(layers.map(async (record) => (await readOwnLayer(offline, record)).files)),
      installed: [...made.installed.values()],
    };
  } catch (error) {
    tools.context.signal.throwIfAborted();
    if (!isTareError(error)) throw error;
    return undefined;
  }
}

/** What a build would add to the base that it takes. */
export function ownAdditions({ own }: KnownWheels): Pick<BaseRow, 'toAdd'> {
  return { toAdd: additionsOf(own.system.debs) };
}

/** What a build would add to an image, as far as that is known without fetching anything. */
export async function imageAdditions(
  survey: Survey,
  { own, tools, opened, wheelFiles, installed }: KnownWheels,
  image: BaseImage,
): Promise<Pick<BaseRow, 'toAdd'>> {
  const { config, wish, architecture } = survey;
  try {
    const base = await imageAsBase(tools.context, wish, architecture, image, { rule: 'compared' });
    // Wheels for another Python are other wheels.
    if (base.python.version !== own.base.python.version || base.python.abi !== own.base.python.abi) return {};
    const request = systemRequest({
      config,
      base,
      wheels: own.wheels,
      inputs: own.inputs,
      platform: architecture.platform,
      workdir: config.workdir,
      calls: opened.facts.nativeCalls,
      natives: opened.natives,
      baseFiles: image.layerFiles,
      wheelFiles,
      installed,
      libraryPath: libraryPathOf(installed),
    });
    const { suite } = base.base;
    const found = suite === undefined ? undefined : await openBaseSuite(tools.context, base.debian, image, suite);
    const catalogue = found === undefined ? undefined : openCatalogue(tools, found.debian, found.index);
    const { added } = await resolveSystem(request, catalogue);
    return { toAdd: additionsOf(added.map(({ deb }) => deb)) };
  } catch (error) {
    survey.tools.context.signal.throwIfAborted();
    if (!isTareError(error)) throw error;
    return {};
  }
}

function additionsOf(debs: readonly DebPackage[]): NonNullable<BaseRow['toAdd']> {
  return {
    packages: debs.map(({ name }) => name).sort(),
    size: debs.reduce((total, { size }) => total + size, 0),
  };
}
