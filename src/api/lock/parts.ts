import type { DebPackage } from '../../debian/package.ts';
import { lockFile } from '../../lock/types.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { policyOf } from '../system/resolution.ts';
import { assertFits, assertFrozenBase, debugMissing } from './errors.ts';
import { asPackage, type BaseLock } from './locked-base.ts';
import type { SystemLock } from './locked-system.ts';
import type { WheelLock } from './locked-wheels.ts';
import type { LockSessionInputs, LockWish } from './session.ts';
import { type Standing, wheelsStay } from './standing.ts';

function isReleased(packages: readonly { readonly name: string }[], released: ReadonlySet<string>): boolean {
  return packages.some((one) => released.has(one.name));
}

/** What a lock says of a base: it holds, or its packages stay but for those that are to move. */
export function baseLock(standing: Standing | undefined, released: ReadonlySet<string>): BaseLock | undefined {
  const locked = standing?.locked;
  if (standing === undefined || locked === undefined) return undefined;
  const { base, python } = locked;
  if (base.provider === 'image') return standing.reasons.base.length === 0 ? { held: { base, python } } : undefined;
  if (standing.reasons.base.length === 0 && !isReleased(base.packages, released)) return { held: { base, python } };
  const packages = base.packages.map((one) => asPackage(one, base.index?.date));
  return { pins: { suite: base.suite, packages, released } };
}

/** What a lock says of the wheels on a base. */
export function wheelLock(
  mode: LockWish['mode'],
  standing: Standing | undefined,
  base: ResolvedBase,
  released: ReadonlySet<string>,
): WheelLock | undefined {
  const locked = standing?.locked;
  if (standing === undefined || locked === undefined) return undefined;
  if (mode === 'frozen') assertFrozenBase(locked, base);
  const { wheels } = locked;
  if (wheels === undefined) return undefined;
  const stays = mode === 'frozen' || (standing.reasons.wheels.length === 0 && wheelsStay(locked, base));
  if (stays && !isReleased(wheels, released)) return { held: wheels };
  return { preferred: wheels.filter((one) => !released.has(one.name)) };
}

/** The package of the debug tools, where they are wanted and the lock has it. */
export function debugLock(
  { config, wish }: LockSessionInputs,
  standing: Standing,
  base: ResolvedBase,
  released: ReadonlySet<string>,
): DebPackage | undefined {
  const { locked } = standing;
  if (!config.debug || locked === undefined) return undefined;
  const { debug } = locked;
  const isOfSuite = locked.base.provider === 'image' || locked.base.suite === base.base.suite;
  if (debug !== undefined && isOfSuite && !released.has(debug.name)) return asPackage(debug, undefined);
  standing.reasons.general = [...standing.reasons.general, debugMissing];
  if (wish.mode !== 'auto' && wish.mode !== 'write') assertFits([standing]);
  return undefined;
}

/** What a lock says of the Debian packages beside those of the base. */
export function systemLock(
  { config, wish }: LockSessionInputs,
  { locked, reasons }: Standing,
  released: ReadonlySet<string>,
): SystemLock | undefined {
  if (locked === undefined) return undefined;
  const { system, base, inputs } = locked;
  if (wish.mode === 'frozen') {
    const policy = inputs.system['policy'] === 'depends' ? 'depends' : 'needed';
    return { held: { ...system, policy, because: { file: lockFile, rule: 'the lock of the image' } } };
  }
  if (reasons.system.length === 0 && !isReleased(system.packages, released)) {
    return { held: { ...system, ...policyOf(config) } };
  }
  if (base.provider === 'image') return undefined;
  const packages = system.packages.map((one) => asPackage(one, system.index?.date));
  return { pins: { suite: base.suite, packages, released } };
}
