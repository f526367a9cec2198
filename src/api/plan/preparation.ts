import { TareError } from '../../base/errors.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import type { InlineConfig } from '../../config/schema.ts';
import { hostPlatform, renderPlatform } from '../../oci/platform.ts';
import { planFiles } from '../../plan/files.ts';
import { readDependencies } from '../../plan/lock.ts';
import { sitePackagesOf } from '../../plan/python.ts';
import { type Architecture, parseArchitecture } from '../../plan/target.ts';
import type { PlannedFiles } from '../../plan/types.ts';
import type { ProjectFacts } from '../../project/facts.ts';
import type { Project } from '../../project/project.ts';
import { chooseAnyDebianPython, type ResolvedBase, resolveBase } from '../base/resolution.ts';
import { resolveDebian } from '../indexes/debian.ts';
import { openResolver } from '../indexes/resolver.ts';
import { lendLayers } from '../lock/lent-base.ts';
import { type LockWish, openLockSession } from '../lock/session.ts';
import { readProjectNatives } from '../project/natives.ts';
import { readProject } from '../project/opened.ts';
import { composedPython } from '../python/composed.ts';
import { assertSamePython } from '../python/same-python.ts';
import { basesThatFit, type PythonTrial } from '../python/which-python.ts';
import { createWheelBuilder } from '../wheel-build/builder.ts';
import { readPermission } from '../wheel-build/permission.ts';
import type { WheelBuilder } from '../wheel-build/types.ts';
import { assertWheels, wheelsFor } from '../wheels/target.ts';

/** Project, configuration and bases, and what a lock of the image says of the rest. */
export async function openPreparation(
  directory: string,
  inline: InlineConfig,
  tools: BuildTools,
  lockWish: LockWish = { mode: 'auto' },
) {
  const { context, cache } = tools;
  const { project, config, facts } = await readProject(directory, inline, context);
  const dependencies = await readDependencies(project, facts, context.env);
  const host = renderPlatform(hostPlatform(context.host)).replace(/^[^/]+/, 'linux');
  const lock = await openLockSession({
    context,
    project,
    config,
    facts,
    dependencies,
    wish: lockWish,
    hostPlatform: host,
  });
  const architectures = lock.platforms.map(parseArchitecture);
  const wish = { config, python: facts.python, project: project.root, lock: lock.base, roots: new Map() };
  const resolver = await openResolver({
    context,
    project,
    cache,
    ...(config.mirror === undefined ? {} : { mirror: config.mirror }),
    indexes: dependencies.indexes,
    composedPython: () => composedPythonFor(tools, config, facts, project.root),
  });
  const shared = { context, cache, project, dependencies, resolver };
  const permission = readPermission(context, config, resolver.buildRules);
  const twin = (one: Architecture) => resolveBase(context, cache, wish, one);
  const building = { tools, config, project, resolver, permission, twin };
  const wheelWish = (architecture: Architecture, base: ResolvedBase, builder?: WheelBuilder) => {
    const { platform } = architecture;
    return {
      config,
      platform,
      base,
      locked: lock.wheels(platform, base),
      ...(builder === undefined ? {} : { builder }),
    };
  };
  const wheelsOf = (architecture: Architecture, base: ResolvedBase, builder?: WheelBuilder) =>
    wheelsFor(shared, wheelWish(architecture, base, builder));
  const bare = onceFor((architecture: Architecture, base: ResolvedBase) => wheelsOf(architecture, base));
  const wheels = onceFor((architecture: Architecture, base: ResolvedBase) =>
    wheelsOf(architecture, base, createWheelBuilder(building, { base, architecture })),
  );
  const choosable = (architecture: Architecture, base: ResolvedBase) =>
    assertWheels(shared, wheelWish(architecture, base, createWheelBuilder(building, { base, architecture })));
  const trial: PythonTrial = {
    platforms: architectures.map((one) => one.platform),
    bases: (out) =>
      Promise.all(architectures.map((one) => resolveBase(context, cache, { ...wish, ruledOut: out }, one))),
    wheels: async (found) => {
      for (const [at, one] of architectures.entries()) await bare(one, found[at] as ResolvedBase);
    },
  };
  const { bases, ruledOut } = await basesThatFit(wish, trial, config.buildWheels !== 'never');
  assertSamePython(bases, architectures);
  await lendLayers(tools, lockWish.baseFrom, bases, architectures);
  const [first] = bases;
  if (first === undefined) throw new TareError({ code: 'PLATFORM_MISSING', message: 'no platform to build for' });
  const files = filesOf(project, facts, config, first);
  const natives = readProjectNatives(project, files.groups);
  const settled = { ...wish, ruledOut };
  const opened = { project, config, facts, architectures, wish: settled, lock, bases, first, resolver, files, natives };
  return { ...opened, choosable, wheels };
}

export type Preparation = Awaited<ReturnType<typeof openPreparation>>;

/** The wheels of a base are asked for once. */
function onceFor<T>(work: (architecture: Architecture, base: ResolvedBase) => Promise<T>): typeof work {
  const known = new Map<ResolvedBase, Promise<T>>();
  return (architecture, base) => {
    const found = known.get(base) ?? work(architecture, base);
    known.set(base, found);
    return found;
  };
}

/** The same for all targets: their Python and its place are. */
function filesOf(
  project: Project,
  facts: ProjectFacts,
  { workdir }: ResolvedConfig,
  { python }: ResolvedBase,
): PlannedFiles {
  return planFiles({
    project,
    workdir,
    sitePackages: sitePackagesOf(python),
    ...(facts.distribution === undefined ? {} : { distribution: facts.distribution }),
    folders: facts.folders,
  });
}

async function composedPythonFor(
  tools: BuildTools,
  config: ResolvedConfig,
  facts: ProjectFacts,
  project: string,
): Promise<string> {
  const chosen = chooseAnyDebianPython(facts.python);
  const { debian } = parseArchitecture(renderPlatform(hostPlatform(tools.context.host)).replace(/^[^/]+/, 'linux'));
  return composedPython(tools, await resolveDebian(tools.context, config, project, chosen.suite, debian), chosen);
}
