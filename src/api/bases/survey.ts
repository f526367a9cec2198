import type { Context } from '../../base/context.ts';
import { isTareError } from '../../base/errors.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import type { InlineConfig } from '../../config/schema.ts';
import type { BaseRow, WheelFit } from '../../plan/bases-report.ts';
import { type Dependencies, readDependencies } from '../../plan/lock.ts';
import { type Architecture, parseArchitecture, targetMarkerEnvironment } from '../../plan/target.ts';
import { compareWheels } from '../../plan/wheel-fit.ts';
import type { WheelLookup } from '../../plan/wheels.ts';
import type { ProjectFacts } from '../../project/facts.ts';
import type { Project } from '../../project/project.ts';
import type { LockedDistribution } from '../../python/locked.ts';
import type { TagTarget } from '../../python/tags.ts';
import { type BaseWish, chooseAnyDebianPython } from '../base/resolution.ts';
import { resolveDebian } from '../indexes/debian.ts';
import { openResolver, type Resolver } from '../indexes/resolver.ts';
import { readProject } from '../project/opened.ts';
import { composedPython } from '../python/composed.ts';
import { wheelLookup } from '../wheels/places.ts';
import { resolveTargetWheels } from '../wheels/resolution.ts';

/** What all bases are compared by. */
export interface Survey {
  readonly tools: BuildTools;
  readonly project: Project;
  readonly config: ResolvedConfig;
  readonly facts: ProjectFacts;
  readonly architecture: Architecture;
  readonly wish: BaseWish;
  /** Which wheels of the project fit; rejects where nobody knows what the project needs. */
  readonly compare: (target: TagTarget, fullVersion: string | undefined) => Promise<WheelFit>;
}

interface Opened extends Pick<Survey, 'tools' | 'project' | 'config' | 'facts' | 'architecture'> {
  readonly dependencies: Dependencies;
  readonly resolver: Resolver;
}

/** Reads the project, and what it says of its dependencies. */
export async function openSurvey(
  directory: string,
  inline: InlineConfig,
  tools: BuildTools,
  platform: string,
): Promise<Survey> {
  const { context, cache } = tools;
  const { project, config, facts } = await readProject(directory, inline, context);
  const architecture = parseArchitecture(platform);
  const dependencies = await readDependencies(project, facts, context.env);
  const resolver = await openResolver({
    context,
    project,
    cache,
    ...(config.mirror === undefined ? {} : { mirror: config.mirror }),
    indexes: dependencies.indexes,
    composedPython: async () => {
      const chosen = chooseAnyDebianPython(facts.python);
      const debian = await resolveDebian(context, config, project.root, chosen.suite, architecture.debian);
      return composedPython(tools, debian, chosen);
    },
  });
  const opened = { tools, project, config, facts, architecture, dependencies, resolver };
  const lookup = wheelLookup({ resolver, project });
  const lists = new Map<string, Promise<readonly LockedDistribution[]>>();
  return {
    ...opened,
    wish: { config, python: facts.python, project: project.root, roots: new Map() },
    compare: async (target, fullVersion) => compareOnce(opened, lookup, lists, target, fullVersion),
  };
}

/** What the project needs is asked once for each Python. */
async function compareOnce(
  opened: Opened,
  lookup: WheelLookup,
  lists: Map<string, Promise<readonly LockedDistribution[]>>,
  target: TagTarget,
  fullVersion: string | undefined,
): Promise<WheelFit> {
  const list = lists.get(target.python) ?? listDistributions(opened, target, fullVersion);
  lists.set(target.python, list);
  return compareWheels(await list, target, lookup);
}

/** As the lock has them, else as a resolver chooses them for glibc. */
async function listDistributions(
  opened: Opened,
  target: TagTarget,
  fullVersion: string | undefined,
): Promise<readonly LockedDistribution[]> {
  const { config, architecture, dependencies } = opened;
  const environment = targetMarkerEnvironment(architecture.platform, target.python, fullVersion);
  const selection = { environment, extras: config.extras, groups: config.groups };
  const source = dependencies.select(selection);
  if (source.kind !== 'unresolved') return source.distributions;
  const { musl: _musl, ...glibc } = target;
  const inputs = { ...opened.tools, ...opened, selection, target: glibc };
  const { wheels } = await resolveTargetWheels(inputs);
  return wheels.map(({ name, version, because }) => ({
    name: name as LockedDistribution['name'],
    version,
    files: [],
    hashes: [],
    source: { kind: 'index' },
    extras: [],
    because,
  }));
}

/** The same comparison as a part of a row: what is not known stays open. */
export async function fitOf(
  survey: Survey,
  target: TagTarget | undefined,
  fullVersion: string | undefined,
): Promise<Pick<BaseRow, 'wheels'>> {
  if (target === undefined) return {};
  try {
    return { wheels: await survey.compare(target, fullVersion) };
  } catch (error) {
    survey.tools.context.signal.throwIfAborted();
    if (!isTareError(error)) throw error;
    return {};
  }
}

/** Says nothing: what is worth saying is said elsewhere. */
export function quietly<C extends Pick<Context, 'log'>>(context: C): C {
  const nothing = (): void => undefined;
  return { ...context, log: { warn: nothing, info: nothing, debug: context.log.debug } };
}
