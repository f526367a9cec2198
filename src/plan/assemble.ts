import type { ResolvedSettings } from './settings.ts';
import type { EntryCandidate, ProjectFacts } from '../project/facts.ts';
import { sourcesNamedBy } from '../project/detect/source-needs.ts';
import { resolveEntryPoint } from '../project/manifest.ts';
import type { Project } from '../project/project.ts';
import { type BytecodeChoice, planBytecode, warnWithoutCompiler } from './bytecode.ts';
import { debugFolder, type EnvironmentInputs, planEnvironment, warnOfReplaced } from './environment.ts';
import { planLabels } from './labels.ts';
import { planLayers } from './layering.ts';
import { planProcesses } from './processes.ts';
import { planHealthcheck, planStopSignal } from './running.ts';
import { linkedSources, planSources } from './sources.ts';
import { planUser } from './user.ts';
import type {
  Plan,
  PlannedFiles,
  PlannedBase,
  PlannedCertificates,
  PlannedDebug,
  PlannedProject,
  PlannedPython,
  PlannedUser,
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
  /** passwd(5) of the base image, where there is one. */
  readonly baseAccounts?: string;
  readonly certificates?: { readonly planned: PlannedCertificates; readonly warnings: readonly PlanWarning[] };
  /** A builder compiles in the image itself, whatever can be started here. */
  readonly isCompiledInImage?: boolean;
}

export interface TargetChoice {
  readonly platform: string;
  readonly base: { readonly base: PlannedBase; readonly python: PlannedPython };
  readonly wheels: { readonly wheels: readonly PlannedWheel[]; readonly resolution: Target['resolution'] };
  readonly system: Pick<Target, 'systemPackages' | 'system'> & { readonly libraryPath: readonly string[] };
  readonly bytecode: BytecodeChoice;
  readonly debug?: PlannedDebug;
  /** Signs that belong to this target. */
  readonly warnings: readonly PlanWarning[];
}

/** Gathers every decision into the plan. Pure: all that was looked up comes in. */
export function assemblePlan(inputs: AssembleInputs): Plan {
  const { project, facts, config, targets, files } = inputs;
  const user = planUser(config.user, inputs.baseAccounts);
  const certificates = inputs.certificates?.planned;
  const entry = config.command === undefined ? resolveEntryPoint(facts) : undefined;
  const processes = processesOf(inputs, entry);
  const { warnings: sourceWarnings, ...sources } = planSources({
    settings: config,
    files,
    needs: sourceNeeds(inputs, processes),
  });
  const stopSignal = planStopSignal(processes);
  const healthcheck = planHealthcheck(processes, facts.health);
  const compiler = targets[0]?.bytecode.compiler;
  const environment = environmentInputs(inputs, user, entry);
  const sizes = new Map(project.files.map((file) => [file.path, file.size]));
  return {
    schemaVersion: 1,
    project: planProject(facts),
    targets: targets.map(({ platform, base, wheels, system, bytecode, debug }): Target => {
      const layers = planLayers({
        base: base.base,
        systemPackages: system.systemPackages,
        wheels: wheels.wheels,
        groups: files.groups,
        sizeOf: (path) => sizes.get(path) ?? 0,
        compilesLibrary: config.bytecode === 'all' && bytecode.compiler !== undefined && bytecode.hasBareLibrary,
        ...(certificates === undefined ? {} : { certificates }),
        ...(debug === undefined ? {} : { debug }),
      });
      return {
        platform,
        python: base.python,
        base: base.base,
        ...(bytecode.compiler === undefined ? {} : { compiler: bytecode.compiler }),
        wheels: wheels.wheels,
        resolution: wheels.resolution,
        systemPackages: system.systemPackages,
        system: system.system,
        ...(debug === undefined ? {} : { debug }),
        layers,
      };
    }),
    processes,
    files,
    user,
    env: planEnvironment(environment),
    labels: planLabels(facts, config.labels, compiler?.magic, config),
    workdir: config.workdir,
    bytecode: planBytecode(config),
    sources,
    ...(certificates === undefined ? {} : { certificates }),
    ...(config.readOnly === true
      ? { readOnly: { writable: ['/tmp'], because: config.origins.readOnly ?? { rule: 'configured' } } }
      : {}),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
    warnings: withoutRepetition([
      ...project.warnings,
      ...facts.warnings,
      ...sourceWarnings,
      ...warnOfReplaced(environment),
      ...(inputs.certificates?.warnings ?? []),
      ...targets.flatMap((target) => target.warnings),
      ...targets.flatMap(({ platform, bytecode }) =>
        warnWithoutCompiler(config, platform, inputs.isCompiledInImage === true ? {} : bytecode),
      ),
    ]),
  };
}

function environmentInputs(
  inputs: AssembleInputs,
  user: PlannedUser,
  entry: EntryCandidate | undefined,
): EnvironmentInputs {
  const { facts, config, targets, prefix, baseEnv, certificates } = inputs;
  return {
    prefix,
    user,
    workdir: config.workdir,
    ...(facts.distribution === undefined ? { importRoot: entry?.importRoot ?? '' } : {}),
    configured: config.env,
    ...(config.envOrigins === undefined ? {} : { origins: config.envOrigins }),
    hasBytecode:
      targets.some((target) => target.bytecode.compiler !== undefined) ||
      (inputs.isCompiledInImage === true && config.bytecode !== 'none'),
    libraryPath: [...new Set(targets.flatMap((target) => target.system.libraryPath))],
    ...(baseEnv === undefined ? {} : { base: baseEnv }),
    distributions: new Set(targets.flatMap(({ wheels }) => wheels.wheels.map((wheel) => wheel.name))),
    readOnly: config.readOnly === true,
    ...(certificates === undefined ? {} : { bundle: certificates.planned.bundle }),
    ...(config.debug === true ? { debugFolder } : {}),
  };
}

/** What the sources say, and what a command names. */
function sourceNeeds({ project, facts, config }: AssembleInputs, processes: Readonly<Record<string, Process>>) {
  if (config.sources === 'keep') return [];
  const named = Object.values(processes).flatMap(({ command }) =>
    sourcesNamedBy(
      command,
      project.files.map((file) => file.path),
    ).map((path) => ({ path, because: { rule: `\`${command.join(' ')}\` names it` } })),
  );
  return [...facts.sourceNeeds, ...named, ...linkedSources(project.files)];
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
      : { command: { value: command, because: config.origins.command ?? { rule: 'configured' } } }),
    extra: config.processes,
    procfile: facts.processes,
  });
}
