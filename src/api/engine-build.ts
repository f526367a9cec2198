import { join } from 'node:path';
import { withDiskHint } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { noOutput, type ResolvedConfig } from '../config/resolve.ts';
import type { InlineConfig } from '../config/schema.ts';
import { withCacheMark } from '../dockerfile/cache-mark.ts';
import type { BuilderFeature, Variant } from '../dockerfile/types.ts';
import { assertBuildable, assertFeature } from '../engine/builders/assert-capable.ts';
import { buildImage } from '../engine/builders/build-image.ts';
import { chooseBuilder } from '../engine/builders/choose.ts';
import type { Builder, BuilderName, BuildOutcome, BuildOutput, BuildRequest } from '../engine/builders/types.ts';
import { withRunRoom } from '../engine/run-room.ts';
import type { Image } from '../oci/image.ts';
import { parseArchitecture } from '../plan/target.ts';
import type { Project } from '../project/project.ts';
import { readLayoutImages } from '../store/layout-platforms.ts';
import { parseOutput, renderOutput, writeOutput } from '../store/output.ts';
import type { MeteredContext } from './context.ts';
import { dockerfile, type DockerfileResult, readUsualDockerfile } from './dockerfile.ts';
import { type EngineBuildReport, platformReports } from './dockerfile/engine-report.ts';
import { composeSecrets } from './dockerfile/secrets.ts';
import { type LoadEngineName, loadImages, openLoadEngine } from './load.ts';
import type { LockWish } from './lock/session.ts';
import { readProject, readSourceDateEpoch } from './project/opened.ts';
import { assertPushTag } from './push.ts';
import { createStopwatch } from './stopwatch.ts';
import { assertCodes } from './verify.ts';

export type { BuilderName } from '../engine/builders/types.ts';

export interface EngineBuildOptions {
  readonly engine: BuilderName | 'auto';
  /** A builder of buildx by name, or the address of a BuildKit. */
  readonly builder?: string;
  /** @default the one that fits the project and the engine */
  readonly variant?: Variant;
  readonly push?: boolean;
  /** Into the engine's own store, or into that of the one named. */
  readonly load?: { readonly engine?: LoadEngineName };
  readonly insecure?: boolean;
  readonly noCache?: boolean;
  /** Cache mounts are those of builds with the same mark, none of another build's. */
  readonly cacheMark?: string;
  /** As the engine's own options have them. */
  readonly cacheFrom?: readonly string[];
  readonly cacheTo?: readonly string[];
  readonly lock?: LockWish;
  /** Each line that the engine says, without credentials. */
  readonly onLine?: (line: string) => void;
}

export interface EngineBuildResult {
  readonly report: EngineBuildReport;
  readonly dockerfile: DockerfileResult;
}

/**
 * Builds the Dockerfile of the application in `directory` with an engine that is there. Nothing is written into the directory but the
 * output. Throws `TareError`: `BUILDER_MISSING`, `BUILDER_TOO_OLD`, `PLATFORM_NOT_BUILDABLE`, `ENGINE_BUILD_FAILED`,
 * `ENGINE_EXPORT_FAILED`, `IMAGE_UNSOUND`, and what planning throws.
 */
export async function buildWithEngine(
  directory: string,
  inline: InlineConfig,
  options: EngineBuildOptions,
  context: MeteredContext,
): Promise<EngineBuildResult> {
  const watch = createStopwatch();
  if (options.push === true) await assertPushTag(directory, inline, context);
  const builder = await watch.measure('engine', () => chooseBuilder(context, options.engine, options.builder));
  const quiet = { ...context, log: { ...context.log, warn: () => undefined } };
  const { config, project } = await readProject(directory, inline, quiet);
  assertCodes(config.allow);
  await assertPlatforms(context, builder, config.platforms ?? []);
  const written = await watch.measure('plan', () => renderFor(project, inline, options, builder, context));
  const ways = waysOut(options, builder, config, written.inputs.plan.targets.length > 1);
  const request = await composeRequest({ context, options, config, project, written });
  return withRunRoom(context, async (room) => {
    const dir = join(room, 'layout');
    const outputs = ways.ofEngine.map((kind): BuildOutput => (kind === 'layout' ? { kind, dir } : { kind }));
    const hear = options.onLine ?? context.log.debug;
    const outcome = await watch.measure('build', () =>
      buildImage(context, builder, { ...request, outputs }, room, hear),
    );
    const images = ways.ofEngine.includes('layout') ? await readLayoutImages(dir) : [];
    const platforms = await watch.measure('verify', () => platformReports(context, images, config.allow));
    const output = ways.isWritten ? await writeImages(context, images, config, project, written.name) : undefined;
    const load = ways.isLoadedAfter ? await openLoadEngine(context, loadEngineOf(options, builder)) : undefined;
    const loaded = load === undefined ? undefined : await loadImages(images, written.name, load, context);
    const report = reportOf({ builder, written, options, platforms, outcome, output, loadedBy: loaded?.engine });
    return { dockerfile: written, report: { ...report, timings: watch.milliseconds() } };
  });
}

/** Before planning, which may fetch a lot. */
async function assertPlatforms(context: Context, builder: Builder, given: readonly string[]): Promise<void> {
  const platforms = [...new Set(given.map((one) => parseArchitecture(one).platform))];
  if (platforms.length > 1) assertFeature(builder, 'platforms');
  for (const platform of platforms) await assertBuildable(context, builder, platform);
}

interface ReportSource {
  readonly builder: Builder;
  readonly written: DockerfileResult;
  readonly options: EngineBuildOptions;
  readonly platforms: EngineBuildReport['platforms'];
  readonly outcome: BuildOutcome;
  readonly output: WrittenImages | undefined;
  /** Where it is not the builder itself. */
  readonly loadedBy: string | undefined;
}

function reportOf(source: ReportSource): Omit<EngineBuildReport, 'timings'> {
  const { builder, written, options, platforms, outcome, output, loadedBy } = source;
  const digest = output?.digest ?? outcome.digest;
  const reference = written.name;
  return {
    engine: { name: builder.name, version: builder.version, title: builder.title },
    variant: written.variant,
    because: written.because,
    base: written.base,
    ...(digest === undefined ? {} : { digest }),
    ...(outcome.imageId === undefined ? {} : { imageId: outcome.imageId }),
    output: output?.place ?? noOutput,
    platforms,
    ...(options.push === true ? { pushed: { reference } } : {}),
    ...(options.load === undefined ? {} : { loaded: { engine: loadedBy ?? builder.name, reference } }),
  };
}

/** The Dockerfile for what the builder can do. Images that a Dockerfile of tare's own in the project has pinned stay. */
async function renderFor(
  project: Project,
  inline: InlineConfig,
  options: EngineBuildOptions,
  builder: Builder,
  context: MeteredContext,
): Promise<DockerfileResult> {
  const features: readonly BuilderFeature[] = ['mounts', 'link'];
  const before = await readUsualDockerfile(project.root);
  return dockerfile(
    project.root,
    inline,
    {
      lacks: features.filter((feature) => builder.lacks[feature] !== undefined),
      ...(options.variant === undefined ? {} : { variant: options.variant }),
      ...(options.lock === undefined ? {} : { lock: options.lock }),
      ...(before === undefined ? {} : { before }),
    },
    context,
  );
}

interface WaysOut {
  readonly ofEngine: readonly BuildOutput['kind'][];
  /** The image is written to where the configuration says. */
  readonly isWritten: boolean;
  /** Into an engine that is not the one that builds. */
  readonly isLoadedAfter: boolean;
}

/** What is pushed or loaded need not be written here as well, unless somebody says where. */
function waysOut(
  { push, load }: EngineBuildOptions,
  builder: Builder,
  config: ResolvedConfig,
  isSeveral: boolean,
): WaysOut {
  const isNamed = config.output !== noOutput && config.origins.output?.rule !== 'the default';
  const isWritten = isNamed || (push !== true && load === undefined);
  const own = builder.name === 'buildah' ? 'podman' : builder.name === 'buildx' ? 'docker' : builder.name;
  const isOther = load?.engine !== undefined && load.engine !== own;
  // BuildKit gives docker no list of images: of several platforms, docker gets its own.
  const isList = isSeveral && builder.name === 'buildx';
  const isLoadedAfter = load !== undefined && (isOther || isList || builder.lacks.load !== undefined);
  return {
    isWritten,
    isLoadedAfter,
    ofEngine: [
      ...(isWritten || isLoadedAfter ? (['layout'] as const) : []),
      ...(push === true ? (['push'] as const) : []),
      ...(load !== undefined && !isLoadedAfter ? (['load'] as const) : []),
    ],
  };
}

/** Where an image is loaded that its builder does not keep itself. */
function loadEngineOf({ load }: EngineBuildOptions, builder: Builder): LoadEngineName | undefined {
  return load?.engine ?? (builder.name === 'buildx' ? 'docker' : undefined);
}

interface RequestSource {
  readonly context: MeteredContext;
  readonly options: EngineBuildOptions;
  readonly config: ResolvedConfig;
  readonly project: Project;
  readonly written: DockerfileResult;
}

async function composeRequest(source: RequestSource): Promise<Omit<BuildRequest, 'outputs'>> {
  const { context, options, config, project, written } = source;
  const { lock, indexes, plan } = written.inputs;
  const suite = plan.targets[0]?.base.suite;
  const epoch = readSourceDateEpoch(context.env);
  const proxies = proxiesOf(context.env);
  const secrets = await composeSecrets(context, written.secrets, {
    config,
    project,
    lock,
    indexes: indexes.map(({ url }) => url),
    ...(suite === undefined ? {} : { suite }),
  });
  return {
    dockerfile: options.cacheMark === undefined ? written.text : withCacheMark(written.text, options.cacheMark),
    ignorefile: written.dockerignore,
    directory: project.root,
    platforms: plan.targets.map(({ platform }) => platform),
    tag: written.name,
    secrets,
    proxies,
    hostNetwork: [...Object.values(proxies), ...secrets.map(({ content }) => content)].some(namesLoopback),
    cacheFrom: options.cacheFrom ?? [],
    cacheTo: options.cacheTo ?? [],
    ...(epoch === undefined ? {} : { epoch }),
    noCache: options.noCache ?? false,
    insecure: options.insecure ?? false,
    needs: written.needs,
  };
}

/** As the environment has them, in both spellings, as programs read either. */
function proxiesOf(env: MeteredContext['env']): Readonly<Record<string, string>> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name] ?? env[name.toUpperCase()];
      return value === undefined || value === ''
        ? []
        : [
            [name, value],
            [name.toUpperCase(), value],
          ];
    }),
  );
}

/** A mirror or a proxy on this machine is elsewhere for a step that has a network of its own. */
function namesLoopback(text: string): boolean {
  return /:\/\/(?:[^\s/@]*@)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/\s]|$)/.test(text);
}

interface WrittenImages {
  readonly digest: string;
  /** `oci:…` */
  readonly place: string;
}

async function writeImages(
  context: MeteredContext,
  images: readonly Image[],
  config: ResolvedConfig,
  project: Project,
  refName: string,
): Promise<WrittenImages> {
  const place = parseOutput(config.output, project.root);
  const { digest } = await writeOutput(place, images, { refName, signal: context.signal }).catch((error: unknown) => {
    throw withDiskHint(error, place.path);
  });
  return { digest, place: renderOutput(place) };
}
