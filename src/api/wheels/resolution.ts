import type { Because } from '../../base/because.ts';
import { mapLimit } from '../../base/concurrency.ts';
import type { Context } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { rebuildError, transferError, type TransferredError } from '../../base/error-transfer.ts';
import { isTareError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/order.ts';
import { findOpenRequirements } from '../../plan/closed-set.ts';
import type { Dependencies, DependencySource, LockSelection } from '../../plan/lock.ts';
import type { PlannedWheel, Target } from '../../plan/types.ts';
import type { WheelSource } from '../../plan/wheels.ts';
import type { Project } from '../../project/project.ts';
import type { IndexClient } from '../../python/index-client.ts';
import type { LockedDistribution } from '../../python/locked.ts';
import { parseMetadata } from '../../python/metadata.ts';
import type { TagTarget } from '../../python/tags.ts';
import { readWheel } from '../../python/wheel.ts';
import type { Cache } from '../../store/cache.ts';
import type { Resolver } from '../indexes/resolver.ts';
import { lockedWheels, type WheelLock } from '../lock/locked-wheels.ts';
import { chooseOrBuild } from '../wheel-build/choose.ts';
import { resolveOrBuild } from '../wheel-build/resolve-or-build.ts';
import type { WheelBuilder } from '../wheel-build/types.ts';

/** The wheels of a target and where they can be had. Plain JSON: it is kept in the cache. */
export interface TargetWheels {
  readonly resolution: Target['resolution'];
  readonly wheels: readonly PlannedWheel[];
  readonly urls: Readonly<Record<string, string>>;
  /** Where a resolver chose them: `0.11.32`, the version of uv. */
  readonly uv?: string;
}

export interface WheelInputs {
  readonly context: Context;
  readonly cache: Cache;
  readonly project: Project;
  readonly dependencies: Dependencies;
  readonly resolver: Resolver;
  readonly selection: LockSelection;
  readonly target: TagTarget;
  /** Builds what has no wheel; absent where nothing is to be built. */
  readonly builder?: WheelBuilder;
  /** Without a builder: what had no wheel before is not asked for again, as it is built in another call. */
  readonly remembersRefusals?: boolean;
  /** Names the base and the settings that a wheel that is built depends on. */
  readonly buildPlace?: string;
  /** What a lock of the image says: it holds, or its versions are preferred to newer ones. */
  readonly locked?: WheelLock;
}

/** Raised whenever the same inputs may choose other wheels. */
const resolutionVersion = 2;

/** The wheels of a target: from the cache where nothing that the answer depends on has changed. */
export async function resolveTargetWheels(inputs: WheelInputs): Promise<TargetWheels> {
  if (inputs.locked?.held !== undefined) return lockedWheels(inputs, inputs.locked.held);
  const known = await knownTargetWheels(inputs);
  if (known !== undefined) return known;
  const key = keyOf(inputs);
  const task = inputs.context.progress.start(`resolving for ${inputs.target.architecture}`);
  const fresh = await resolveFresh(inputs).catch((error: unknown) => {
    task.done('not with wheels alone');
    return refuse(inputs, key, error);
  });
  const isBuilt = fresh.wheels.some((one) => one.built !== undefined);
  await inputs.cache.writeRecord('resolution', isBuilt ? builtKey(inputs, key) : key, fresh);
  task.done(`${fresh.wheels.length} wheels`);
  return fresh;
}

/** What was chosen before, where nothing that the answer depends on has changed. */
export async function knownTargetWheels(inputs: WheelInputs): Promise<TargetWheels | undefined> {
  return inputs.context.refresh ? undefined : readKnown(inputs, keyOf(inputs));
}

function keyOf({ dependencies, selection, target, resolver, locked }: WheelInputs): string {
  const { config, isMirrored } = resolver;
  const preferred = locked?.preferred ?? [];
  return canonicalJson({
    resolutionVersion,
    fingerprint: dependencies.fingerprint,
    selection,
    target,
    isMirrored,
    preferred: preferred.map(({ name, version }) => [name, version]),
    indexes: [config.indexUrl ?? 'default', config.extraIndexUrls, config.findLinks, config.noIndex],
  });
}

/** What was chosen before: all wheels of indexes, or some of them built in this place, and these still there. */
async function readKnown(inputs: WheelInputs, key: string): Promise<TargetWheels | undefined> {
  const { cache, builder } = inputs;
  const known = await cache.readRecord('resolution', key);
  if (isTargetWheels(known)) return known;
  if (builder === undefined) {
    const refused = inputs.remembersRefusals === true ? await cache.readRecord('resolution-refused', key) : undefined;
    if (isTransferredError(refused)) throw rebuildError(refused);
    return undefined;
  }
  const built = await cache.readRecord('resolution', builtKey(inputs, key));
  if (!isTargetWheels(built)) return undefined;
  const own = built.wheels.filter((one) => one.built !== undefined);
  const there = await Promise.all(own.map((one) => cache.has(one.sha256, one.size)));
  return there.every(Boolean) && own.every((one) => builder.permission.isAllowed(one.name)) ? built : undefined;
}

const lacking = new Set(['WHEEL_NOT_FOUND', 'SDIST_ONLY', 'SOURCE_NOT_A_WHEEL', 'RESOLVE_IMPOSSIBLE']);

/** What has no wheel is built in another call; that it has none is remembered as long as an answer would be. */
async function refuse({ builder, cache }: WheelInputs, key: string, error: unknown): Promise<never> {
  if (builder === undefined && isTareError(error) && lacking.has(error.code)) {
    await cache.writeRecord('resolution-refused', key, transferError(error));
  }
  throw error;
}

function isTransferredError(value: unknown): value is TransferredError {
  return typeof value === 'object' && value !== null && 'tare' in value && 'message' in value;
}

function builtKey({ buildPlace }: WheelInputs, key: string): string {
  return canonicalJson({ key, buildPlace: buildPlace ?? '' });
}

function isTargetWheels(value: unknown): value is TargetWheels {
  return typeof value === 'object' && value !== null && 'wheels' in value && 'urls' in value && 'resolution' in value;
}

async function resolveFresh(inputs: WheelInputs): Promise<TargetWheels> {
  const source = inputs.dependencies.select(inputs.selection);
  switch (source.kind) {
    case 'locked':
      return finish({ kind: 'lock', because: source.because }, await chooseOrBuild(inputs, source.distributions));
    case 'pinned': {
      const sources = await chooseOrBuild(inputs, source.distributions);
      const open = await findOpen(inputs, source.distributions, sources);
      if (open === undefined) return finish({ kind: 'requirements', because: source.because }, sources);
      return resolveWithResolver(inputs, source, { ...source.because, rule: open });
    }
    case 'unresolved':
      return resolveWithResolver(inputs, source, source.because);
  }
}

async function resolveWithResolver(
  inputs: WheelInputs,
  source: Extract<DependencySource, { requirements: string }>,
  because: Because,
): Promise<TargetWheels> {
  const name = await inputs.resolver.name();
  const rule = `${because.rule}; resolved by ${name}`;
  const sources = await resolveOrBuild(inputs, source, { ...because, rule });
  const found = finish({ kind: 'resolved', because: { ...because, rule } }, sources);
  return { ...found, uv: name.replace(/^uv /, '') };
}

/** Why a pinned set is not closed, as a rule; undefined where it is, as far as the index says. */
async function findOpen(
  inputs: WheelInputs,
  distributions: readonly LockedDistribution[],
  sources: readonly WheelSource[],
): Promise<string | undefined> {
  const client = await inputs.resolver.client();
  const extras = new Map(distributions.map((one) => [one.name as string, one.extras as readonly string[]]));
  const known = await mapLimit(sources, 16, async (source) => ({
    name: source.wheel.name,
    extras: extras.get(source.wheel.name) ?? [],
    requiresDist: await requiresDistOf(inputs.cache, client, source),
  }));
  const [first] = findOpenRequirements(known, inputs.selection.environment);
  return first === undefined
    ? undefined
    : `\`${first.neededBy}\` needs \`${first.name}\`, which the file does not have, so it is no lock`;
}

async function requiresDistOf(
  cache: Cache,
  client: IndexClient,
  source: WheelSource,
): Promise<readonly string[] | undefined> {
  const known = await cache.readRecord('requires-dist', source.wheel.sha256);
  if (Array.isArray(known)) return known.filter((one): one is string => typeof one === 'string');
  if (source.wheel.built !== undefined) {
    return (await readWheel(cache.blobPath(source.wheel.sha256), source.wheel.filename)).metadata.requiresDist;
  }
  const text = source.indexFile === undefined ? undefined : await client.metadata(source.indexFile);
  if (text === undefined) return undefined;
  const { requiresDist } = parseMetadata(text, `METADATA of ${source.wheel.filename}`);
  await cache.writeRecord('requires-dist', source.wheel.sha256, requiresDist);
  return requiresDist;
}

function finish(resolution: Target['resolution'], sources: readonly WheelSource[]): TargetWheels {
  const urls: Record<Digest, string> = {};
  for (const { wheel, url } of sources) if (wheel.built === undefined) urls[wheel.sha256] = url;
  return { resolution, wheels: sources.map((source) => source.wheel), urls };
}
