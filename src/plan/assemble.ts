import type { ResolvedSettings } from './settings.ts';
import type { EntryCandidate, ProjectFacts } from '../project/facts.ts';
import { resolveEntryPoint } from '../project/manifest.ts';
import type { Project } from '../project/project.ts';
import { planEnvironment, planUser } from './environment.ts';
import { planLabels } from './labels.ts';
import { planLayers } from './layering.ts';
import { planProcesses } from './processes.ts';
import type {
  Plan,
  PlannedFiles,
  PlannedBase,
  PlannedProject,
  PlannedPython,
  PlannedWheel,
  PlanWarning,
  Process,
  Target,
} from './types.ts';

export interface AssembleInputs {
  readonly project: Project;
  readonly facts: ProjectFacts;
  readonly config: ResolvedSettings;
  readonly targets: readonly TargetChoice[];
  /** The same for all targets. */
  readonly files: PlannedFiles;
  /** Of the virtual environment. */
  readonly prefix: string;
  /** The environment of the base image, where there is one. */
  readonly baseEnv?: readonly { readonly name: string; readonly value: string }[];
}

export interface TargetChoice {
  readonly platform: string;
  readonly base: { readonly base: PlannedBase; readonly python: PlannedPython };
  readonly wheels: { readonly wheels: readonly PlannedWheel[]; readonly resolution: Target['resolution'] };
  readonly system: Pick<Target, 'systemPackages' | 'system'> & { readonly libraryPath: readonly string[] };
  /** Signs that belong to this target. */
  readonly warnings: readonly PlanWarning[];
}

/** Gathers every decision into the plan. Pure: all that was looked up comes in. */
export function assemblePlan(inputs: AssembleInputs): Plan {
  const { project, facts, config, targets, files, prefix } = inputs;
  const user = planUser(config.user);
  const entry = config.command === undefined ? resolveEntryPoint(facts) : undefined;
  const sizes = new Map(project.files.map((file) => [file.path, file.size]));
  return {
    schemaVersion: 1,
    project: planProject(facts),
    targets: targets.map(({ platform, base, wheels, system }): Target => {
      const layers = planLayers({
        base: base.base,
        systemPackages: system.systemPackages,
        wheels: wheels.wheels,
        groups: files.groups,
        sizeOf: (path) => sizes.get(path) ?? 0,
      });
      return {
        platform,
        python: base.python,
        base: base.base,
        wheels: wheels.wheels,
        resolution: wheels.resolution,
        systemPackages: system.systemPackages,
        system: system.system,
        layers,
      };
    }),
    processes: processesOf(inputs, entry),
    files,
    user,
    env: planEnvironment({
      prefix,
      user,
      workdir: config.workdir,
      ...(facts.distribution === undefined ? { importRoot: entry?.importRoot ?? '' } : {}),
      configured: config.env,
      libraryPath: [...new Set(targets.flatMap((target) => target.system.libraryPath))],
      ...(inputs.baseEnv === undefined ? {} : { base: inputs.baseEnv }),
    }),
    labels: planLabels(facts, config.labels),
    workdir: config.workdir,
    warnings: withoutRepetition([
      ...project.warnings,
      ...facts.warnings,
      ...targets.flatMap((target) => target.warnings),
    ]),
  };
}

/** What differs by a few bytes from one target to the next is said once, with the bytes of the first. */
function withoutRepetition(warnings: readonly PlanWarning[]): readonly PlanWarning[] {
  const byText = new Map<string, PlanWarning>();
  for (const { code, message, hint } of warnings) {
    const text = `${code} ${message.replaceAll(/[\d.]+ [kMG]?B/g, '')}`;
    if (!byText.has(text)) byText.set(text, { code, message, ...(hint === undefined ? {} : { hint }) });
  }
  return [...byText.values()];
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

function processesOf(inputs: AssembleInputs, entry: EntryCandidate | undefined): Readonly<Record<string, Process>> {
  const { facts, config, targets } = inputs;
  const { command } = config;
  return planProcesses({
    ...(entry === undefined ? {} : { entry }),
    port: facts.port.value,
    portBecause: facts.port.because,
    installed: new Set(targets[0]?.wheels.wheels.map((wheel) => wheel.name)),
    extras: facts.extras,
    ...(command === undefined
      ? {}
      : { command: { value: command, because: config.sources.command ?? { rule: 'configured' } } }),
    extra: config.processes,
    procfile: facts.processes,
  });
}
