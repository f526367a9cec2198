import type { InstalledFacts } from '../../build/layer-job.ts';
import { optionalNeeds } from '../../plan/system/asked-needs.ts';
import { offerCalls, offerLighter } from '../../plan/system/offers.ts';
import { resolveSystem } from '../../plan/system/resolve-system.ts';
import type { SystemCatalogue, SystemRequest, SystemResolution } from '../../plan/system/types.ts';
import type { PlanWarning } from '../../plan/types.ts';
import type { NativeCall } from '../../project/detect/native-calls.ts';
import { parseRequirement } from '../../python/requirement.ts';
import { layTree } from '../../root/tree.ts';
import { knownWheels } from './request.ts';

export interface OfferInputs {
  readonly calls: readonly NativeCall[];
  readonly request: SystemRequest;
  readonly resolution: SystemResolution;
  readonly catalogue: SystemCatalogue | undefined;
  readonly installed: readonly InstalledFacts[];
}

/** What could be added or saved, for a person to decide. */
export async function systemOffers(inputs: OfferInputs): Promise<readonly PlanWarning[]> {
  const { calls, request, resolution, catalogue, installed } = inputs;
  const layers = [...request.layers, ...resolution.added.map((one) => one.files)];
  const tree = layTree(layers);
  // In any folder: drivers of ODBC, for one, are not where the loader looks.
  const names = new Set(layers.flat().map(({ path }) => path.slice(path.lastIndexOf('/') + 1)));
  const folders = {
    libraries: request.loaderFolders,
    programs: ['opt/venv/bin', 'usr/local/bin', 'usr/bin', 'usr/sbin'],
  };
  // What the virtual environment brings, which is made later.
  const scripts = installed.flatMap(({ facts }) => facts.consoleScripts.map((one) => one.name));
  const own = new Set(['python', 'python3', request.interpreter.replace(/^.*\//, ''), ...scripts]);
  const without = async (distribution: string) => {
    const required = request.roots.required.filter((root) => root.distribution !== distribution);
    return (await resolveSystem({ ...request, roots: { ...request.roots, required } }, catalogue)).added;
  };
  return [
    ...optionalNeeds(knownWheels(installed), (name) => names.has(name)),
    ...(await offerCalls(
      calls.filter((call) => !own.has(call.name)),
      tree,
      folders,
      catalogue,
    )),
    ...(await offerLighter(
      installed.map((one) => chosenOf(one, installed)),
      resolution.added,
      without,
    )),
  ];
}

function chosenOf({ facts }: InstalledFacts, all: readonly InstalledFacts[]) {
  const requiredBy = all
    .filter((other) => other.facts.requiresDist.some((text) => parseRequirement(text).name === facts.name))
    .map((other) => other.facts.name);
  return { name: facts.name, requiredBy };
}
