import { canonicalJson } from '../../base/order.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { baseInputs, describeChanges, systemInputs, type SystemQuestion, wheelInputs } from '../../lock/inputs.ts';
import type { InputSet, Lock, LockedTarget } from '../../lock/types.ts';
import type { ProjectFacts, PythonFact } from '../../project/facts.ts';
import { folderNameRule } from '../../project/manifest.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { nameDebian } from '../indexes/debian.ts';
import type { TargetWheels } from '../wheels/resolution.ts';
import type { LockSessionInputs } from './session.ts';

/** How a target stands to what is in the lock. Reasons say, for a person, what no longer holds. */
export interface Standing {
  readonly platform: string;
  readonly locked: LockedTarget | undefined;
  readonly inputs: { readonly base: InputSet; readonly wheels: InputSet; system: InputSet };
  readonly reasons: Record<'general' | 'base' | 'wheels' | 'system', readonly string[]>;
}

/** What no longer holds, without what merely follows from it. */
export function causesOf({ reasons: { general, base, wheels, system } }: Standing): readonly string[] {
  const follows = [...(base.length > 0 ? [baseChanged] : []), ...(wheels.length > 0 ? [wheelsChanged] : [])];
  return [...general, ...base, ...wheels, ...system.filter((one) => !follows.includes(one))];
}

/** What an upgrade that was asked for brings with it. */
export function isConsequence(reason: string): boolean {
  return reason === wheelsChanged || reason === baseChanged;
}

const wheelsChanged = 'the wheels changed';
const baseChanged = 'the packages of the base changed';

/** Compares what can be compared before anything is resolved. Under `frozen` nothing is. */
export async function standingOf(
  inputs: LockSessionInputs,
  lock: Lock | undefined,
  platform: string,
): Promise<Standing> {
  const { config, facts, project, wish } = inputs;
  const locked = lock?.targets.find((one) => one.platform === platform);
  const base = baseInputs({
    ...pythonOf(facts.python),
    ...baseName(config, platform),
    sources: ((await nameDebian(config, project.root)).extraSources ?? []).map(({ suite, components, key }) => ({
      suite,
      components,
      key,
    })),
  });
  const wheels = wheelsOf(inputs, locked);
  const isFree = locked === undefined || wish.mode === 'frozen';
  return {
    platform,
    locked,
    inputs: { base, wheels, system: {} },
    reasons: {
      general: wish.mode === 'frozen' ? [] : generalReasons(lock, locked, nameInLock(facts), platform),
      base: isFree ? [] : describeChanges('base', locked.inputs.base, base),
      wheels: isFree ? [] : describeChanges('wheels', locked.inputs.wheels, wheels),
      system: [],
    },
  };
}

/** What a lock calls the project; one that is named after its folder alone may lie in a folder of any name. */
export function nameInLock({ name }: Pick<ProjectFacts, 'name'>): string {
  return name.because.rule === folderNameRule ? '.' : name.value;
}

function generalReasons(
  lock: Lock | undefined,
  locked: LockedTarget | undefined,
  project: string,
  platform: string,
): readonly string[] {
  if (lock === undefined) return [];
  return [
    ...(lock.project === project ? [] : [`it is the lock of \`${lock.project}\`, and the project is \`${project}\``]),
    ...(locked === undefined ? [`${platform} is not in it`] : []),
  ];
}

function pythonOf(python: PythonFact | undefined): { readonly python?: string } {
  if (python === undefined) return {};
  const text = python.exact ?? python.minor ?? python.specifiers;
  return { python: `${text}${python.isFreeThreaded === true ? 't' : ''}` };
}

/** No path: the image is known by its digest, an archive by its name and hash. */
function baseName(
  config: ResolvedConfig,
  platform: string,
): { readonly base?: string; readonly archive?: readonly string[] } {
  const { base, standalone } = config;
  const { archive = '', sha256 } = standalone ?? {};
  const filename = /[^/]*\.tar\.(?:gz|zst)$/.exec(archive)?.[0];
  const hash = typeof sha256 === 'object' ? sha256[platform] : sha256;
  const known = [filename, hash].filter((one) => one !== undefined);
  return {
    ...(base === undefined ? {} : { base: /^(?:oci:|docker:\/\/)/.test(base) ? 'image' : base }),
    ...(known.length === 0 ? {} : { archive: known }),
  };
}

/** Where a file of the project may be a lock of its own, only what was true when the lock was made tells. */
function wheelsOf({ config, facts, dependencies }: LockSessionInputs, locked: LockedTarget | undefined): InputSet {
  const { file } = facts.lock;
  const place = file === undefined ? {} : { file };
  const { question, uvSettings: uv } = dependencies;
  const { extras, groups } = config;
  if (question === undefined || (locked !== undefined && locked.wheels === undefined)) {
    return wheelInputs({ ...place, extras, groups });
  }
  return wheelInputs({ ...place, dependencies: question, ...(uv === undefined ? {} : { uv }), extras, groups });
}

/** The inputs of wheels as they are recorded, once it is known who chose them. */
export function recordedWheelInputs(inputs: LockSessionInputs, wheels: TargetWheels): InputSet {
  const { file } = inputs.facts.lock;
  const { extras, groups } = inputs.config;
  const { question, uvSettings: uv } = inputs.dependencies;
  const isResolved = wheels.resolution.kind === 'resolved';
  return wheelInputs({
    ...(file === undefined ? {} : { file }),
    ...(isResolved ? { dependencies: question ?? '', ...(uv === undefined ? {} : { uv }) } : {}),
    extras,
    groups,
  });
}

/** Whether the locked wheels can be what the resolver would give on this base. */
export function wheelsStay(locked: LockedTarget, base: ResolvedBase): boolean {
  const { version, fullVersion, abi } = base.python;
  const { python } = locked;
  if (python.version !== version || python.fullVersion !== fullVersion || python.abi !== abi) return false;
  return locked.base.provider === 'image' ? isSameBase(locked, base) : locked.base.suite === base.base.suite;
}

/** Whether a base is the one of the lock, file by file. */
export function isSameBase({ base }: LockedTarget, { base: found }: ResolvedBase): boolean {
  if (base.provider === 'image' || found.provider === 'image') {
    return base.provider === found.provider && 'digest' in base && 'digest' in found && base.digest === found.digest;
  }
  const hashes = (packages: readonly { readonly sha256: string }[]) => canonicalJson(packages.map((one) => one.sha256));
  const archives = [base, found].map((one) => ('archive' in one ? one.archive.sha256 : ''));
  return base.suite === found.suite && hashes(base.packages) === hashes(found.packages) && archives[0] === archives[1];
}

/** What no longer holds of the system packages, once base and wheels are known. */
export function systemReasons(
  inputs: LockSessionInputs,
  standing: Standing,
  found: {
    readonly base: ResolvedBase;
    readonly wheels: Omit<TargetWheels, 'urls'>;
    readonly natives: readonly FileFacts[];
  },
): readonly string[] {
  const { config, facts, wish } = inputs;
  const { locked } = standing;
  const question: SystemQuestion = {
    policy: config.systemPolicy,
    packages: config.systemPackages,
    excluded: config.excludeSystemPackages,
    calls: facts.nativeCalls,
    natives: found.natives,
  };
  const hashes = found.wheels.wheels.map((one) => one.sha256);
  standing.inputs.system = systemInputs(question, hashes);
  if (locked === undefined || wish.mode === 'frozen') return [];
  const isOwnLock = locked.wheels === undefined;
  const changed = describeChanges('system', locked.inputs.system, standing.inputs.system);
  const told = changed.map((one) =>
    one === wheelsChanged && isOwnLock && facts.lock.file !== undefined
      ? `the wheels of \`${facts.lock.file}\` changed`
      : one,
  );
  const isUnlocked = isOwnLock && found.wheels.resolution.kind === 'resolved';
  return [
    ...(isUnlocked
      ? [`\`${facts.lock.file ?? ''}\` says less than it did: ${found.wheels.resolution.because.rule}`]
      : []),
    ...(isSameBase(locked, found.base)
      ? []
      : [locked.base.provider === 'image' ? 'the base image changed' : baseChanged]),
    ...told,
  ];
}
