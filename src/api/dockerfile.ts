import { basename, resolve } from 'node:path';
import type { Because } from '../base/because.ts';
import type { Context } from '../base/context.ts';
import { isTareError } from '../base/errors.ts';
import { type BuildTools, withBuildTools } from '../build/tools.ts';
import { noOutput } from '../config/resolve.ts';
import type { InlineConfig } from '../config/schema.ts';
import { chooseVariant } from '../dockerfile/choose-variant.ts';
import { isFittingIgnore } from '../dockerfile/dockerignore.ts';
import { makeFrame } from '../dockerfile/frame.ts';
import { readFlags, readMark, withoutMark } from '../dockerfile/mark.ts';
import { renderDockerfile } from '../dockerfile/render.ts';
import type {
  BaseReference,
  BuilderFeature,
  DockerfileInputs,
  DockerfileOptions,
  RenderedDockerfile,
  Variant,
} from '../dockerfile/types.ts';
import type { Plan } from '../plan/types.ts';
import { openCache } from '../store/cache.ts';
import type { MeteredContext } from './context.ts';
import { askedOf } from './dockerfile/asked.ts';
import { type BaseOptions, type DockerfileBases, resolveBases } from './dockerfile/bases.ts';
import { hasExactPackages } from './dockerfile/exact-packages.ts';
import { asBefore, pinsOf, readExisting, writeOwn } from './dockerfile/existing.ts';
import { buildFilesOf, certificateFilesOf, lockSourceOf, projectIndexes } from './dockerfile/inputs.ts';
import type { LockWish } from './lock/session.ts';
import { type Prepared, prepare } from './plan/prepare.ts';
import { readProject } from './project/opened.ts';

export { readUsualDockerfile } from './dockerfile/existing.ts';

export interface DockerfileWish {
  /** @default the one that fits the project and the builder */
  readonly variant?: Variant;
  readonly comments?: DockerfileOptions['comments'];
  /** `COPY --link`. @default true */
  readonly link?: boolean;
  /** What the builder that is at hand cannot do. @default nothing: a BuildKit of 2022 or later */
  readonly lacks?: readonly BuilderFeature[];
  /** A base that cannot be pinned is an error. */
  readonly pin?: boolean;
  /** Where the digest of the base is known and the image cannot be had, that is an error. @default the plan is made for a small Debian */
  readonly needsBase?: boolean;
  /** Text of the Dockerfile that is there: its digests stay, and its platforms where nothing else names them. */
  readonly before?: string;
  readonly lock?: LockWish;
}

/** A Dockerfile of a project, nothing written. */
export interface DockerfileResult extends RenderedDockerfile {
  /** Why this variant. */
  readonly because: Because;
  readonly base: BaseReference;
  readonly plan: Plan;
  readonly inputs: DockerfileInputs;
  /** Absolute. */
  readonly root: string;
  /** What the image is called. */
  readonly name: string;
  /** The `.dockerignore` that the project has. */
  readonly ownIgnore?: string;
}

/** The plan of the application in `directory` as a Dockerfile. Throws `TareError`. */
export async function dockerfile(
  directory: string,
  inline: InlineConfig,
  wish: DockerfileWish,
  context: MeteredContext,
): Promise<DockerfileResult> {
  return withBuildTools(context, openCache(context.cacheDir), async (tools) => {
    const quiet = { ...context, log: { ...context.log, warn: () => undefined } };
    const { config, facts } = await readProject(directory, inline, quiet);
    const options: BaseOptions = {
      pin: wish.pin ?? false,
      isFull: (wish.variant ?? chooseVariant('plan', wish.lacks).variant) === 'plain',
      known: context.refresh ? new Map() : pinsOf(wish.before),
    };
    const marked = readFlags(wish.before ?? '')?.platforms ?? [];
    const platforms = config.platforms === undefined && marked.length > 0 ? { platforms: marked } : {};
    const bases = await resolveBases(context, tools.cache, config, facts, options);
    const prepared = await prepareOn(bases, wish, context, (base) => {
      const own = { ...inline, ...platforms, output: noOutput, ...(base === undefined ? {} : { base }) };
      return prepare(directory, own, tools, wish.lock, { isCompiledInImage: true });
    });
    return render(prepared, bases, { ...wish, asked: askedOf(inline) }, tools);
  });
}

/** The plan for the image itself; where its files cannot be had, for a composed Debian of the same suite. */
async function prepareOn(
  { planBase, base }: DockerfileBases,
  { needsBase = false }: DockerfileWish,
  { log, signal }: Context,
  work: (base: string | undefined) => Promise<Prepared>,
): Promise<Prepared> {
  if (planBase === undefined) return work(undefined);
  try {
    return await work(planBase);
  } catch (error) {
    signal.throwIfAborted();
    if (needsBase || !isTareError(error) || !isOfRegistry(error.code)) throw error;
    log.warn(
      `what \`${base.name}\` holds is not known (${error.message})`,
      'Debian packages are those that a small Debian of the same suite lacks, which may be more than the image does',
    );
    return work(undefined);
  }
}

function isOfRegistry(code: string): boolean {
  return /^(?:REGISTRY_|HTTP_|IMAGE_NOT_FOUND|OFFLINE_MISSING|BLOB_|LOGIN_)/.test(code);
}

async function render(
  prepared: Prepared,
  bases: DockerfileBases,
  wish: DockerfileWish & Required<Pick<DockerfileOptions, 'asked'>>,
  tools: BuildTools,
): Promise<DockerfileResult> {
  const { context } = tools;
  const { plan, project } = prepared.inputs;
  const source = await lockSourceOf(prepared, context);
  const best = chooseVariant(source.kind, wish.lacks);
  const variant = wish.variant ?? best.variant;
  const because = variant === best.variant ? best.because : { rule: 'asked for' };
  // pip does not read the lock of uv.
  const lock = source.kind === 'uv' && variant !== 'uv' ? ({ kind: 'plan' } as const) : source;
  const wantsCompilers =
    variant === 'plain' || plan.targets.some(({ wheels }) => wheels.some((one) => one.built !== undefined));
  const inputs: DockerfileInputs = {
    plan,
    base: bases.base,
    fullBase: wantsCompilers ? await bases.fullBase() : bases.base,
    lock,
    indexes: await projectIndexes(prepared, context),
    buildFiles: plan.project.distribution === undefined ? [] : await buildFilesOf(project),
    certificateFiles: certificateFilesOf(prepared),
    ...((await hasExactPackages(prepared, tools)) ? { exactPackages: true } : {}),
    // The same whether it was asked for or found: the file must not differ.
    ...(variant === chooseVariant(source.kind).variant ? { because: chooseVariant(source.kind).because.rule } : {}),
  };
  const link = wish.link ?? !(wish.lacks ?? []).includes('link');
  const rendered = renderDockerfile(inputs, {
    variant,
    link,
    asked: wish.asked,
    ...(wish.comments === undefined ? {} : { comments: wish.comments }),
  });
  const ownIgnore = await project.readText('.dockerignore');
  return {
    ...rendered,
    because,
    base: variant === 'plain' ? inputs.fullBase : inputs.base,
    plan,
    inputs,
    root: project.root,
    name: prepared.config.tag ?? `${plan.project.name}:latest`,
    ...(ownIgnore === undefined ? {} : { ownIgnore }),
  };
}

/** What became of the files. */
export interface WrittenDockerfile {
  readonly result: DockerfileResult;
  /** Absolute paths of those that changed. */
  readonly written: readonly string[];
}

/** Name of the ignore file that BuildKit, podman and buildah read for a Dockerfile before any other. */
export function ignoreFileOf(file: string): string {
  return `${file}.dockerignore`;
}

/** Writes the Dockerfile and its ignore file, asked for as those that are there were. Throws `DOCKERFILE_FOREIGN` for a file that tare did not write, unless forced. */
export async function writeDockerfile(
  directory: string,
  inline: InlineConfig,
  wish: DockerfileWish & { readonly file: string; readonly force: boolean },
  context: MeteredContext,
): Promise<WrittenDockerfile> {
  const before = await readExisting(wish.file);
  const again = asBefore(before, inline, wish);
  const result = await dockerfile(directory, again.inline, again.wish, context);
  const files = [
    [resolve(wish.file), result.text],
    [resolve(ignoreFileOf(wish.file)), result.dockerignore],
  ] as const;
  const written: string[] = [];
  for (const [path, text] of files) if (await writeOwn(path, text, wish.force)) written.push(path);
  return { result, written };
}

/** What of the files that are there is not as it would be written. */
export interface StaleDockerfile {
  readonly file: string;
  readonly reason: string;
  /** Absent where there is nothing to compare. */
  readonly texts?: { readonly before: string; readonly after: string };
}

/**
 * Compares the files that are there with what would be written, asked for as they were; nothing is written. Throws what the registry says
 * where the base of the file cannot be had: without it another file would be written.
 */
export async function checkDockerfile(
  directory: string,
  inline: InlineConfig,
  wish: DockerfileWish & { readonly file: string },
  context: MeteredContext,
): Promise<{ readonly result: DockerfileResult; readonly stale: readonly StaleDockerfile[] }> {
  const before = await readExisting(wish.file);
  const again = asBefore(before, inline, wish);
  const result = await dockerfile(directory, again.inline, { ...again.wish, needsBase: true }, context);
  const ignore = await readExisting(ignoreFileOf(wish.file));
  return { result, stale: [...staleText(wish.file, before, result.text), ...staleIgnore(wish.file, ignore, result)] };
}

function staleText(file: string, before: string | undefined, after: string): readonly StaleDockerfile[] {
  if (before === after) return [];
  if (before === undefined) return [{ file, reason: 'it does not exist' }];
  const reason = {
    own: 'the project has changed since',
    edited: 'it was changed by hand',
    foreign: 'tare did not write it',
  };
  const texts = { before: withoutMark(before), after: withoutMark(after) };
  return [{ file, reason: reason[readMark(before)], texts }];
}

/** Which files lie about differs from machine to machine: the ignore file is stale where it gives another image. */
function staleIgnore(file: string, ignore: string | undefined, result: DockerfileResult): readonly StaleDockerfile[] {
  const path = ignoreFileOf(file);
  if (ignore === undefined) return [{ file: path, reason: 'it does not exist' }];
  const frame = makeFrame(result.inputs, { variant: result.variant });
  if (isFittingIgnore(frame, ignore)) return [];
  return [
    {
      file: path,
      reason: `it does not let in exactly what ${basename(file)} copies`,
      texts: { before: withoutMark(ignore), after: withoutMark(result.dockerignore) },
    },
  ];
}
