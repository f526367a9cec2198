import { suiteOf } from '../../base-image/os-release.ts';
import type { Because } from '../../base/because.ts';
import { canonicalJson } from '../../base/order.ts';
import type { TargetInputs } from '../../build/inputs.ts';
import { readBaseFiles, readOwnLayer } from '../../build/layer-files.ts';
import { buildBaseLayers } from '../../build/steps/base-layers.ts';
import { buildWheelLayers } from '../../build/steps/wheel-layers.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { type DebianMirrorConfig, openSuite } from '../../debian/mirror.ts';
import type { DebPackage, SuiteIndex } from '../../debian/package.ts';
import type { IndexState } from '../../lock/types.ts';
import { isPure, planWheelLayers } from '../../plan/layering.ts';
import { askedNeeds, optionalNeeds } from '../../plan/system/asked-needs.ts';
import { assertNamedPackages, type NamedPackages } from '../../plan/system/named-packages.ts';
import { assertNewEnough } from '../../plan/system/outdated-base.ts';
import { planSystem, type SystemPlan } from '../../plan/system/plan-system.ts';
import { resolveSystem } from '../../plan/system/resolve-system.ts';
import type { PlanWarning } from '../../plan/types.ts';
import type { NativeCall } from '../../project/detect/native-calls.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { openBaseSuite } from '../indexes/debian.ts';
import { lockedSystem, type SystemLock } from '../lock/locked-system.ts';
import { stateOf, withPins } from '../lock/pins.ts';
import type { TargetWheels } from '../wheels/resolution.ts';
import { openCatalogue } from './catalogue.ts';
import { systemOffers } from './offers.ts';
import { installedPackages, libraryPathOf, systemRequest } from './request.ts';

export interface TargetSystem extends SystemPlan {
  readonly debs: readonly DebPackage[];
  /** For `LD_LIBRARY_PATH`, absolute. */
  readonly libraryPath: readonly string[];
  readonly warnings: readonly PlanWarning[];
  /** The state of the suite's index that they were chosen by. */
  readonly index?: IndexState;
  /** Where its packages come from, where that is not where those of the base do. */
  readonly debian?: DebianMirrorConfig;
}

export interface SystemWish {
  readonly config: ResolvedConfig;
  readonly base: ResolvedBase;
  readonly wheels: TargetWheels;
  readonly inputs: Pick<TargetInputs, 'debs' | 'debian' | 'baseImage' | 'archive' | 'wheelUrls' | 'wheelCompiler'>;
  readonly platform: string;
  /** ELF files of the application, and the folder that its modules are found in. */
  readonly natives: readonly FileFacts[];
  readonly workdir: string;
  /** What the application's sources load and run by name. */
  readonly calls: readonly NativeCall[];
  /** What a lock of the image says of them. */
  readonly locked?: SystemLock;
}

/** Raised whenever the same inputs may give other packages. */
const resolutionVersion = 7;

/** The Debian packages that a target lacks: remembered where nothing that the answer depends on has changed. */
export async function resolveTargetSystem(tools: BuildTools, wish: SystemWish): Promise<TargetSystem> {
  const { config, wheels, base, locked } = wish;
  if (locked?.held !== undefined) return lockedSystem(tools, wish, locked.held);
  const asked = askedNeeds(config.systemPackages, config.origins.systemPackages, wheels.wheels);
  const optional = optionalNeeds(wheels.wheels);
  if (
    base.base.provider !== 'standalone' &&
    asked.length + wish.calls.length + wish.natives.length === 0 &&
    wheels.wheels.every((wheel) => isPure(wheel.filename))
  ) {
    return { ...planSystem(policyOf(config), undefined), debs: [], libraryPath: [], warnings: optional };
  }
  // Without a suite nothing can be added: clearer before the work than at its end.
  if (asked.length > 0 && 'image' in base) suiteOf(base.image);
  const { index, debian } = await openIndex(tools, base);
  if (index === undefined) return resolveOnce(tools, wish, undefined, debian);
  return withPins(tools.context, index, locked?.pins, async (one) => ({
    ...(await resolveOnce(tools, wish, one, debian)),
    index: stateOf(index),
  }));
}

/** Remembered where nothing that the answer depends on has changed. */
async function resolveOnce(
  tools: BuildTools,
  wish: SystemWish,
  index: SuiteIndex | undefined,
  debian: DebianMirrorConfig,
): Promise<TargetSystem> {
  const { config, wheels, base } = wish;
  if (index !== undefined) assertNamedPackages(namedPackages(wish), index);
  const key = canonicalJson({
    resolutionVersion,
    platform: wish.platform,
    python: base.python,
    base: base.base.provider === 'image' ? base.base.digest : base.base.packages.map((one) => one.sha256),
    ...(base.base.provider === 'standalone' ? { archive: base.base.archive.sha256 } : {}),
    wheels: wheels.wheels.map((wheel) => wheel.sha256),
    suite: index?.digest ?? 'none',
    policy: config.systemPolicy,
    excluded: config.excludeSystemPackages,
    asked: askedNeeds(config.systemPackages, config.origins.systemPackages, wheels.wheels),
    optional: optionalNeeds(wheels.wheels),
    calls: wish.calls,
    natives: wish.natives,
    workdir: wish.workdir,
    debian,
  });
  const known = tools.context.refresh ? undefined : await tools.cache.readRecord('system', key);
  if (isTargetSystem(known)) {
    // Said once, but for what the application itself does: that is never passed over in silence.
    warn(
      tools,
      known.warnings.filter((one) => one.code === 'NATIVE_CALL'),
    );
    return known;
  }
  const fresh = await resolveFresh(tools, { ...wish, inputs: { ...wish.inputs, debian } }, index);
  await tools.cache.writeRecord('system', key, fresh);
  warn(tools, fresh.warnings);
  return fresh;
}

function namedPackages({ config, base }: SystemWish): NamedPackages {
  const { file, line, rule } = config.origins.systemPackages ?? { rule: 'configured' };
  return {
    names: config.systemPackages,
    where: file === undefined ? rule : [file, line].filter((part) => part !== undefined).join(':'),
    installed: installedPackages(base),
    excluded: config.excludeSystemPackages,
  };
}

function warn({ context }: BuildTools, warnings: readonly PlanWarning[]): void {
  for (const { message, hint } of warnings) context.log.warn(message, hint);
}

/** The suite of the base; none where it is no Debian. */
async function openIndex(
  { context }: BuildTools,
  resolved: ResolvedBase,
): Promise<{ readonly index: SuiteIndex | undefined; readonly debian: DebianMirrorConfig }> {
  const { base, debian } = resolved;
  if (base.suite === undefined) return { index: undefined, debian };
  if ('image' in resolved) return openBaseSuite(context, debian, resolved.image, base.suite);
  return { index: await openSuite(context, debian, base.suite, base.architecture), debian };
}

function isTargetSystem(value: unknown): value is TargetSystem {
  return typeof value === 'object' && value !== null && 'debs' in value && 'libraryPath' in value;
}

async function resolveFresh(tools: BuildTools, wish: SystemWish, index: SuiteIndex | undefined): Promise<TargetSystem> {
  const target = { python: wish.base.python, wheels: wish.wheels.wheels };
  const [base, wheels] = await Promise.all([
    buildBaseLayers(tools, wish.base, wish.inputs),
    buildWheelLayers(tools, target, planWheelLayers(wish.wheels.wheels), wish.inputs),
  ]);
  const [baseFiles, wheelFiles] = await Promise.all([
    readBaseFiles(tools, base, wish.inputs),
    Promise.all([...wheels.records.values()].map(async (record) => (await readOwnLayer(tools, record)).files)),
  ]);
  const task = tools.context.progress.start(`working out system libraries for ${wish.base.base.architecture}`);
  const installed = [...wheels.installed.values()];
  const libraryPath = libraryPathOf(installed);
  const request = systemRequest({ ...wish, baseFiles, wheelFiles, installed, libraryPath });
  const catalogue = index === undefined ? undefined : openCatalogue(tools, wish.inputs.debian, index);
  const resolution = await resolveSystem(request, catalogue);
  assertNewEnough(resolution.added, request);
  const plan = planSystem(policyOf(wish.config), resolution);
  const warnings = await systemOffers({ calls: wish.calls, request, resolution, catalogue, installed });
  task.done(plan.systemPackages.length === 1 ? '1 package' : `${plan.systemPackages.length} packages`);
  return { ...plan, debs: resolution.added.map((one) => one.deb), libraryPath, warnings };
}

export function policyOf(config: ResolvedConfig): { readonly policy: 'needed' | 'depends'; readonly because: Because } {
  return { policy: config.systemPolicy, because: config.origins.systemPolicy ?? { rule: 'the default' } };
}
