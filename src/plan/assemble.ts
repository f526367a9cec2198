import { TareError } from '../base/errors.ts';
import type { ResolvedSettings } from './settings.ts';
import type { EntryCandidate, ProjectFacts } from '../project/facts.ts';
import { resolveEntryPoint } from '../project/manifest.ts';
import type { Project } from '../project/project.ts';
import { planEnvironment, planUser } from './environment.ts';
import { planFiles } from './files.ts';
import { planLabels } from './labels.ts';
import { planLayers } from './layering.ts';
import { planProcesses } from './processes.ts';
import type { Plan, PlannedBase, PlannedProject, PlannedPython, PlannedWheel, Process, Target } from './types.ts';

export interface AssembleInputs {
  readonly project: Project;
  readonly facts: ProjectFacts;
  readonly config: ResolvedSettings;
  readonly targets: readonly TargetChoice[];
}

export interface TargetChoice {
  readonly platform: string;
  readonly base: { readonly base: PlannedBase; readonly python: PlannedPython };
  readonly wheels: { readonly wheels: readonly PlannedWheel[]; readonly resolution: Target['resolution'] };
}

/** Gathers every decision into the plan. Pure: all that was looked up comes in. */
export function assemblePlan(inputs: AssembleInputs): Plan {
  const { project, facts, config, targets } = inputs;
  const [first] = targets;
  if (first === undefined) throw new TareError({ code: 'PLATFORM_MISSING', message: 'no platform to build for' });
  const { prefix, version } = first.base.python;
  const distribution = facts.distribution === undefined ? {} : { distribution: facts.distribution };
  const files = planFiles({
    project,
    workdir: config.workdir,
    sitePackages: `${prefix}/lib/python${version}/site-packages`,
    ...distribution,
    folders: facts.folders,
  });
  const user = planUser(config.user);
  const entry = config.command === undefined ? resolveEntryPoint(facts) : undefined;
  const sizes = new Map(project.files.map((file) => [file.path, file.size]));
  return {
    schemaVersion: 1,
    project: planProject(facts),
    targets: targets.map(({ platform, base, wheels }): Target => {
      const layers = planLayers({
        base: base.base,
        systemPackages: [],
        wheels: wheels.wheels,
        groups: files.groups,
        sizeOf: (path) => sizes.get(path) ?? 0,
      });
      return { platform, ...base, wheels: wheels.wheels, resolution: wheels.resolution, systemPackages: [], layers };
    }),
    processes: processesOf(inputs, entry, first),
    files,
    user,
    env: planEnvironment({
      prefix,
      user,
      workdir: config.workdir,
      ...(facts.distribution === undefined ? { importRoot: entry?.importRoot ?? '' } : {}),
      configured: config.env,
    }),
    labels: planLabels(facts, config.labels),
    workdir: config.workdir,
    warnings: [...project.warnings, ...facts.warnings].map(({ code, message, hint }) => ({
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
  };
}

function planProject(facts: ProjectFacts): PlannedProject {
  const { distribution } = facts;
  return {
    name: facts.name.value,
    ...(facts.version === undefined ? {} : { version: facts.version.value }),
    because: facts.name.because,
    ...(distribution === undefined
      ? {}
      : {
          distribution: {
            name: distribution.name,
            version: distribution.version,
            packageRoot: distribution.packageRoot,
            packages: [...distribution.packages, ...distribution.modules],
            because: distribution.because,
          },
        }),
  };
}

function processesOf(
  inputs: AssembleInputs,
  entry: EntryCandidate | undefined,
  target: TargetChoice,
): Readonly<Record<string, Process>> {
  const { facts, config } = inputs;
  const { command } = config;
  return planProcesses({
    ...(entry === undefined ? {} : { entry }),
    port: facts.port.value,
    portBecause: facts.port.because,
    installed: new Set(target.wheels.wheels.map((wheel) => wheel.name)),
    ...(command === undefined
      ? {}
      : { command: { value: command, because: config.sources.command ?? { rule: 'configured' } } }),
    extra: config.processes,
    procfile: facts.processes,
  });
}
