import type { TargetInputs } from '../../build/inputs.ts';
import type { DebPackage } from '../../debian/package.ts';
import type {
  IndexState,
  LockedBase,
  LockInputs,
  LockedPackage,
  LockedPython,
  LockedSystem,
  LockedTarget,
  LockedWheel,
} from '../../lock/types.ts';
import type { PlannedWheel } from '../../plan/types.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import type { TargetSystem } from '../system/resolution.ts';
import type { TargetWheels } from '../wheels/resolution.ts';

/** What was resolved for a target, or taken from a lock. */
export interface ResolvedTarget {
  readonly platform: string;
  readonly base: ResolvedBase;
  readonly wheels: TargetWheels;
  readonly system: TargetSystem;
  /** What building it takes; the package of the debug tools is among it. */
  readonly inputs: Pick<TargetInputs, 'debug'>;
}

/** The entry of a target in the lock. */
export function recordTarget(
  target: ResolvedTarget,
  inputs: LockInputs,
  before: LockedTarget | undefined,
): LockedTarget {
  const debug = target.inputs.debug?.deb;
  const { platform, base, wheels, system } = target;
  const isResolved = wheels.resolution.kind === 'resolved';
  return {
    platform,
    python: pythonOf(base),
    base: baseOf(base),
    system: systemOf(system),
    ...(isResolved ? { wheels: wheels.wheels.map(wheelOf) } : {}),
    // Images with and without these tools share a lock.
    ...(debug === undefined ? debugOf(before) : { debug: packageOf(debug, undefined) }),
    inputs,
  };
}

function debugOf(before: LockedTarget | undefined): Pick<LockedTarget, 'debug'> {
  return before?.debug === undefined ? {} : { debug: before.debug };
}

function pythonOf({ python: { version, fullVersion, abi } }: ResolvedBase): LockedPython {
  return { version, ...(fullVersion === undefined ? {} : { fullVersion }), abi };
}

function baseOf(resolved: ResolvedBase): LockedBase {
  if ('image' in resolved) {
    const { digest, title } = resolved.base;
    return { provider: 'image', digest, title };
  }
  const { base, debs, index } = resolved;
  const root = { suite: base.suite, ...stateOf(index), packages: debs.map((one) => packageOf(one, index)) };
  if (base.provider === 'debian') return { provider: 'debian', ...root };
  const { filename, sha256, size } = base.archive;
  return { provider: 'standalone', ...root, archive: { filename, sha256, ...(size === undefined ? {} : { size }) } };
}

function systemOf({ systemPackages, debs, index }: TargetSystem): LockedSystem {
  if (debs.length === 0) return { packages: [] };
  const planned = new Map(systemPackages.map((one) => [one.name, one]));
  return {
    ...stateOf(index),
    packages: debs.map((one) => {
      const { unpackedSize = 0, chain = [], because } = planned.get(one.name) ?? {};
      return { ...packageOf(one, index), unpackedSize, chain, reason: because?.rule ?? '' };
    }),
  };
}

function stateOf(index: IndexState | undefined): { readonly index?: IndexState } {
  return index === undefined ? {} : { index };
}

/** Of a package that stayed while others moved the date of its own index is kept. */
function packageOf({ url: _url, indexDate, ...one }: DebPackage, index: IndexState | undefined): LockedPackage {
  return { ...one, ...(indexDate === undefined || indexDate === index?.date ? {} : { indexDate }) };
}

function wheelOf({ name, version, filename, sha256, size, built }: PlannedWheel): LockedWheel {
  const wheel = { name, version, filename, sha256, ...(size === undefined ? {} : { size }) };
  if (built === undefined) return wheel;
  const { because: _because, ...rest } = built;
  return { ...wheel, built: rest };
}
