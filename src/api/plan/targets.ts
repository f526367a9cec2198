import { mapLimit } from '../../base/concurrency.ts';
import type { Digest } from '../../base/digest.ts';
import type { TargetInputs } from '../../build/inputs.ts';
import { type BuildTools, targetsAtOnce } from '../../build/tools.ts';
import { isForeign } from '../../engine/platform-support.ts';
import type { TargetChoice } from '../../plan/assemble.ts';
import type { ProjectFacts } from '../../project/facts.ts';
import { parseRequirement } from '../../python/requirement.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import type { Resolver } from '../indexes/resolver.ts';
import type { SystemLock } from '../lock/locked-system.ts';
import { baseInputs, bytecodeChoice, chooseCompilers, compilerInputs, noChosenCompiler } from '../python/compilers.ts';
import { resolveTargetSystem, type TargetSystem } from '../system/resolution.ts';
import type { TargetWheels } from '../wheels/resolution.ts';
import { headersFor } from '../wheels/target.ts';
import type { Preparation } from './preparation.ts';
import { resolveDebug } from './variants.ts';

export interface ResolvedTarget extends TargetChoice {
  readonly base: ResolvedBase;
  readonly wheels: TargetWheels;
  readonly system: TargetSystem;
  readonly inputs: Omit<TargetInputs, 'systemDebs'>;
}

/** The wheels and Debian packages of every target. */
export async function resolveTargets(tools: BuildTools, opened: Preparation): Promise<readonly ResolvedTarget[]> {
  const { context } = tools;
  const { project, config, facts, architectures, wish, lock, bases, resolver, natives } = opened;
  // What has no wheel for one of them is said before anything is fetched.
  const places = architectures.map((one, at) => [one, bases[at] as ResolvedBase] as const);
  if (places.length > 1) for (const [one, base] of places) await opened.choosable(one, base);
  // Those that this machine may not be able to build for come first.
  const isOwn = ([one]: (typeof places)[number]) => !isForeign(context, one.platform);
  for (const [one, base] of [...places.filter((place) => !isOwn(place)), ...places.filter(isOwn)]) {
    await opened.wheels(one, base);
  }
  const compilers = await chooseCompilers(tools, wish, architectures, bases);
  return mapLimit(architectures, targetsAtOnce, async (architecture, at) => {
    const base = bases[at] as ResolvedBase;
    const wheels = await opened.wheels(architecture, base);
    const chosen = compilers[at] ?? noChosenCompiler;
    const inputs = { ...targetInputs(base, wheels, resolver, facts), ...compilerInputs(config, chosen) };
    const system = await resolveTargetSystem(tools, {
      config,
      base,
      wheels,
      inputs,
      platform: architecture.platform,
      workdir: config.workdir,
      calls: facts.nativeCalls,
      natives,
      ...lockedOf(lock.system(architecture.platform, { base, wheels, natives })),
    });
    const bytecode = await bytecodeChoice(base, chosen);
    const debug = await resolveDebug(context, config, project.root, base, lock.debug(architecture.platform, base));
    const { platform } = architecture;
    return {
      base,
      platform,
      wheels,
      system,
      bytecode,
      ...(debug === undefined ? {} : { debug: debug.planned }),
      warnings: system.warnings,
      inputs: { ...inputs, ...(debug === undefined ? {} : { debug: debug.inputs }) },
    };
  });
}

function lockedOf(locked: SystemLock | undefined): { readonly locked?: SystemLock } {
  return locked === undefined ? {} : { locked };
}

function targetInputs(
  base: ResolvedBase,
  wheels: TargetWheels,
  resolver: Resolver,
  facts: ProjectFacts,
): Omit<TargetInputs, 'systemDebs' | 'compiler' | 'wheelCompiler'> {
  const urls = Object.entries(wheels.urls).map(
    ([digest, url]) => [digest as Digest, { url, ...headersFor(resolver, url) }] as const,
  );
  return {
    ...baseInputs(base),
    wheelUrls: new Map(urls),
    requested: facts.dependencies.map((fact) => parseRequirement(fact.value, fact.because.file)),
  };
}
