import { stat } from 'node:fs/promises';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import type { BuildInputs, TargetInputs } from '../build/inputs.ts';
import type { BuildTools } from '../build/tools.ts';
import { readFileConfig } from '../config/file.ts';
import { type ResolvedConfig, resolveConfig } from '../config/resolve.ts';
import type { InlineConfig } from '../config/schema.ts';
import { downloadBlob } from '../http/download.ts';
import { hostPlatform, renderPlatform } from '../oci/platform.ts';
import { assemblePlan, type TargetChoice } from '../plan/assemble.ts';
import { type Dependencies, readDependencies } from '../plan/lock.ts';
import { parseArchitecture, targetMarkerEnvironment } from '../plan/target.ts';
import { planFiles } from '../plan/files.ts';
import type { PlannedFiles, PlannedWheel } from '../plan/types.ts';
import { sitePackagesOf } from '../plan/python.ts';
import { readProjectNatives } from './project-natives.ts';
import type { ProjectFacts } from '../project/facts.ts';
import { parseRequirement } from '../python/requirement.ts';
import { detectProject } from '../project/manifest.ts';
import { openProject, type Project } from '../project/project.ts';
import type { Cache } from '../store/cache.ts';
import { chooseDebianPython, type ResolvedBase, resolveBase } from './base.ts';
import { composedPython } from './composed-python.ts';
import { resolveDebian } from './debian.ts';
import type { Context } from '../base/context.ts';
import { openResolver, type Resolver } from './resolver.ts';
import { resolveTargetSystem, type TargetSystem } from './system.ts';
import { resolveTargetWheels, type TargetWheels } from './wheels.ts';

export interface Prepared {
  readonly inputs: BuildInputs;
  readonly config: ResolvedConfig;
  readonly facts: ProjectFacts;
  readonly cache: Cache;
}

/** Project, configuration, base and wheels, decided and gathered into a plan. Nothing is built. */
export async function prepare(directory: string, inline: InlineConfig, tools: BuildTools): Promise<Prepared> {
  const { context, cache } = tools;
  const sourceDateEpoch = readSourceDateEpoch(context.env);
  const { project, config, facts } = await readProject(directory, inline, context);
  const platforms = config.platforms ?? [renderPlatform(hostPlatform(context.host)).replace(/^[^/]+/, 'linux')];
  const architectures = [...new Set(platforms)].map(parseArchitecture);
  const dependencies = await readDependencies(project, facts, context.env);
  const wish = { config, python: facts.python, project: project.root };
  const bases = await Promise.all(architectures.map((one) => resolveBase(context, cache, wish, one)));
  const resolver = await openResolver({
    context,
    project,
    cache,
    ...(config.mirror === undefined ? {} : { mirror: config.mirror }),
    indexes: dependencies.indexes,
    composedPython: () => composedPythonFor(tools, config, facts, project.root),
  });
  const [first] = bases;
  if (first === undefined) throw new TareError({ code: 'PLATFORM_MISSING', message: 'no platform to build for' });
  const files = filesOf(project, facts, config, first);
  const natives = readProjectNatives(project, files.groups);
  const resolved: ResolvedTarget[] = [];
  for (const [at, architecture] of architectures.entries()) {
    const base = bases[at] as ResolvedBase;
    const one = { context, cache, project, dependencies, resolver };
    const wheels = await wheelsFor(one, config, architecture.platform, base);
    const inputs = targetInputs(base, wheels, resolver, facts);
    const system = await resolveTargetSystem(tools, {
      config,
      base,
      wheels,
      inputs,
      platform: architecture.platform,
      workdir: config.workdir,
      calls: facts.nativeCalls,
      natives,
    });
    resolved.push({ base, platform: architecture.platform, wheels, system, warnings: system.warnings, inputs });
  }
  const baseEnv = 'image' in first ? { baseEnv: first.image.config.env } : {};
  const { prefix } = first.python;
  const plan = assemblePlan({ project, facts, config, targets: resolved, files, prefix, ...baseEnv });
  return {
    config,
    facts,
    cache,
    inputs: {
      plan,
      project,
      ...(facts.distribution === undefined ? {} : { distribution: facts.distribution }),
      targets: resolved.map(({ inputs, system }) => ({ ...inputs, systemDebs: system.debs })),
      ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
      strict: config.strict,
    },
  };
}

async function readProject(directory: string, inline: InlineConfig, context: Context) {
  const bare = await openProject(directory);
  const config = resolveConfig(await readFileConfig(bare), context.env, inline);
  const chooses = config.include.length > 0 || config.exclude.length > 0;
  const project = chooses ? await openProject(directory, { include: config.include, exclude: config.exclude }) : bare;
  const { entrypoint, name, version, python, port } = config;
  const facts = await detectProject(project, {
    extras: config.extras,
    groups: config.groups,
    ...(entrypoint === undefined ? {} : { entryPoint: entrypoint }),
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(python === undefined ? {} : { python }),
    ...(port === undefined ? {} : { port }),
  });
  for (const warning of [...project.warnings, ...facts.warnings]) context.log.warn(warning.message, warning.hint);
  return { project, config, facts };
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
  const chosen = chooseDebianPython(facts.python);
  const { debian } = parseArchitecture(renderPlatform(hostPlatform(tools.context.host)).replace(/^[^/]+/, 'linux'));
  return composedPython(tools, await resolveDebian(tools.context, config, project, chosen.suite, debian), chosen);
}

interface ResolvedTarget extends TargetChoice {
  readonly base: ResolvedBase;
  readonly wheels: TargetWheels;
  readonly system: TargetSystem;
  readonly inputs: Omit<TargetInputs, 'systemDebs'>;
}

interface WheelTools {
  readonly context: Context;
  readonly cache: Cache;
  readonly project: Project;
  readonly dependencies: Dependencies;
  readonly resolver: Resolver;
}

async function wheelsFor(
  tools: WheelTools,
  config: ResolvedConfig,
  platform: string,
  base: ResolvedBase,
): Promise<TargetWheels> {
  const { python } = base;
  const { machine } = parseArchitecture(platform);
  const [major = 2, minor = 0] = base.base.glibc.split('.').map(Number);
  const wheels = await resolveTargetWheels({
    ...tools,
    selection: {
      environment: targetMarkerEnvironment(platform, python.version, python.fullVersion),
      extras: config.extras,
      groups: config.groups,
    },
    target: { python: python.version, glibc: { major, minor }, architecture: machine },
  });
  return {
    ...wheels,
    wheels: await Promise.all(wheels.wheels.map((wheel) => withSize(tools, wheel, wheels.urls[wheel.sha256]))),
  };
}

/** Layering needs sizes: where neither lock nor index says one, the wheel is fetched now rather than later. */
async function withSize(tools: WheelTools, wheel: PlannedWheel, url: string | undefined): Promise<PlannedWheel> {
  if (wheel.size !== undefined || url === undefined) return wheel;
  const known = await tools.cache.readRecord('blob-size', wheel.sha256);
  if (typeof known === 'number') return { ...wheel, size: known };
  const source = { url, digest: wheel.sha256, name: wheel.filename, ...headersFor(tools.resolver, url) };
  const file = await downloadBlob(tools.context, source, tools.cache);
  const { size } = await stat(file);
  await tools.cache.writeRecord('blob-size', wheel.sha256, size);
  return { ...wheel, size };
}

function headersFor(resolver: Resolver, url: string): { headers?: Readonly<Record<string, string>> } {
  const credentials = resolver.config.credentials(url);
  if (credentials === undefined) return {};
  const token = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return { headers: { authorization: `Basic ${token}` } };
}

function targetInputs(
  base: ResolvedBase,
  wheels: TargetWheels,
  resolver: Resolver,
  facts: ProjectFacts,
): Omit<TargetInputs, 'systemDebs'> {
  const urls = Object.entries(wheels.urls).map(
    ([digest, url]) => [digest as Digest, { url, ...headersFor(resolver, url) }] as const,
  );
  return {
    debs: base.debs,
    ...('image' in base ? { baseImage: base.image } : {}),
    debian: base.debian,
    wheelUrls: new Map(urls),
    requested: facts.dependencies.map((fact) => parseRequirement(fact.value, fact.because.file)),
  };
}

/** Seconds since the epoch (reproducible-builds.org, SOURCE_DATE_EPOCH). */
function readSourceDateEpoch(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new TareError({
    code: 'SOURCE_DATE_EPOCH_INVALID',
    message: `SOURCE_DATE_EPOCH is \`${text}\``,
    expected: 'whole seconds since 1970-01-01 UTC',
    hint: 'for example `SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)`',
  });
}
