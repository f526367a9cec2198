import { chooseBaseMirrors, readBaseSources } from '../../base-image/base-sources.ts';
import { isTareError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/order.ts';
import { readBaseFiles, readOwnLayer } from '../../build/layer-files.ts';
import { buildBaseLayers } from '../../build/steps/base-layers.ts';
import { buildWheelLayers } from '../../build/steps/wheel-layers.ts';
import type { BuildTools } from '../../build/tools.ts';
import { type DebianMirrorConfig, resolveMirrors } from '../../debian/mirror-choice.ts';
import { loaderFolders } from '../../debian/root-layout.ts';
import type { LockedSystem, LockedSystemPackage } from '../../lock/types.ts';
import { isPure, planWheelLayers } from '../../plan/layering.ts';
import { optionalNeeds } from '../../plan/system/asked-needs.ts';
import { offerCalls } from '../../plan/system/offers.ts';
import type { PlannedSystem, PlannedSystemPackage, PlanWarning } from '../../plan/types.ts';
import { layTree } from '../../root/tree.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { readPackages } from '../system/catalogue.ts';
import { knownWheels, libraryPathOf } from '../system/request.ts';
import type { SystemWish, TargetSystem } from '../system/resolution.ts';
import { asPackage } from './locked-base.ts';
import type { PackagePins } from './pins.ts';

/** What a lock says of the Debian packages beside those of the base: it holds, or they stay where they can. */
export interface SystemLock {
  readonly held?: LockedSystem & Pick<PlannedSystem, 'policy' | 'because'>;
  readonly pins?: PackagePins;
}

/** Raised whenever the same files may be told otherwise. */
const factsVersion = 1;

interface SystemFindings {
  readonly libraryPath: readonly string[];
  readonly warnings: readonly PlanWarning[];
}

/** The Debian packages of a lock. What else is to be known of them and the wheels is read out of their files. */
export async function lockedSystem(
  tools: BuildTools,
  given: SystemWish,
  held: NonNullable<SystemLock['held']>,
): Promise<TargetSystem> {
  const { policy, because, packages, index } = held;
  const debs = packages.map((one) => asPackage(one, index?.date));
  const wish = { ...given, inputs: { ...given.inputs, debian: await mirrorsFor(tools, given.base) } };
  return {
    systemPackages: packages.map(plannedPackage),
    system: { policy, because, leftOut: [], open: [] },
    debs,
    ...(index === undefined ? {} : { index }),
    debian: wish.inputs.debian,
    ...(await findingsOf(tools, wish, debs)),
  };
}

function plannedPackage(one: LockedSystemPackage): PlannedSystemPackage {
  const { name, version, filename, sha256, size, unpackedSize, chain, reason } = one;
  return { name, version, filename, sha256, size, unpackedSize, chain, because: { rule: reason } };
}

/** As configured, else by the sources of a base image. */
async function mirrorsFor({ context }: BuildTools, base: ResolvedBase): Promise<DebianMirrorConfig> {
  if (!('image' in base) || base.base.suite === undefined) return base.debian;
  try {
    await resolveMirrors(context, base.debian);
    return base.debian;
  } catch (error) {
    const { mirror, securityMirror } = chooseBaseMirrors(readBaseSources(base.image), base.base.suite);
    if (!isTareError(error) || error.code !== 'DEBIAN_MIRROR_MISSING' || mirror === undefined) throw error;
    return { ...base.debian, mirror, ...(securityMirror === undefined ? {} : { securityMirror }) };
  }
}

async function findingsOf(tools: BuildTools, wish: SystemWish, debs: TargetSystem['debs']): Promise<SystemFindings> {
  const { base, wheels, calls } = wish;
  const isPlain = calls.length === 0 && wheels.wheels.every((wheel) => isPure(wheel.filename));
  if (isPlain && optionalNeeds(wheels.wheels).length === 0) return { libraryPath: [], warnings: [] };
  const key = canonicalJson({
    factsVersion,
    base: base.base.packages,
    python: base.python.version,
    wheels: wheels.wheels.map((wheel) => wheel.sha256),
    packages: debs.map((one) => one.sha256),
    calls,
  });
  const known = await tools.cache.readRecord('locked-system', key);
  const findings = isFindings(known) ? known : await readFindings(tools, wish, debs);
  if (findings !== known) await tools.cache.writeRecord('locked-system', key, findings);
  // Said once, but for what the application itself does.
  for (const { code, message, hint } of findings.warnings) {
    if (findings !== known || code === 'NATIVE_CALL') tools.context.log.warn(message, hint);
  }
  return findings;
}

function isFindings(value: unknown): value is SystemFindings {
  return typeof value === 'object' && value !== null && 'libraryPath' in value && 'warnings' in value;
}

/** What is told of files is not worth a build whose layers an image lends. */
async function filesOf(tools: BuildTools, { inputs }: SystemWish, debs: TargetSystem['debs']) {
  try {
    return await readPackages(tools, inputs.debian, debs);
  } catch (error) {
    if (tools.cache.lent === undefined || !isTareError(error) || error.code !== 'LOCKED_FILES_GONE') throw error;
    return [];
  }
}

async function readFindings(tools: BuildTools, wish: SystemWish, debs: TargetSystem['debs']): Promise<SystemFindings> {
  const { base, inputs, wheels: chosen } = wish;
  const target = { python: base.python, wheels: chosen.wheels };
  const [baseLayers, wheels] = await Promise.all([
    buildBaseLayers(tools, base, inputs),
    buildWheelLayers(tools, target, planWheelLayers(chosen.wheels), inputs),
  ]);
  const installed = [...wheels.installed.values()];
  const layers = [
    ...(await readBaseFiles(tools, baseLayers, inputs)),
    ...(await Promise.all([...wheels.records.values()].map(async (one) => (await readOwnLayer(tools, one)).files))),
    wish.natives,
    ...(await filesOf(tools, wish, debs)),
  ];
  const names = new Set(layers.flat().map(({ path }) => path.slice(path.lastIndexOf('/') + 1)));
  const folders = {
    libraries: 'image' in base ? base.image.loaderFolders : loaderFolders(base.base.architecture),
    programs: ['opt/venv/bin', 'usr/local/bin', 'usr/bin', 'usr/sbin'],
  };
  return {
    libraryPath: libraryPathOf(installed),
    warnings: [
      ...optionalNeeds(knownWheels(installed), (name) => names.has(name)),
      ...(await offerCalls(wish.calls, layTree(layers), folders, undefined)),
    ],
  };
}
