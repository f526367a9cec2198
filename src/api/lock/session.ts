import { join } from 'node:path';
import { readTextIfThere, writeFileAtomically } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { isTareError } from '../../base/errors.ts';
import { readVersion } from '../../base/own-version.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import type { DebPackage } from '../../debian/package.ts';
import { compareLocks, type LockDifference, lockedNames } from '../../lock/compare.ts';
import { parseLock } from '../../lock/parse.ts';
import { renderLock } from '../../lock/render.ts';
import { type Lock, type LockedTarget, lockFile } from '../../lock/types.ts';
import type { Dependencies } from '../../plan/lock.ts';
import { parseArchitecture } from '../../plan/target.ts';
import type { ProjectFacts } from '../../project/facts.ts';
import type { Project } from '../../project/project.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import type { TargetWheels } from '../wheels/resolution.ts';
import { assertFits, assertSameBase, assertKnownNames, lockForeign, lockMissing, targetMissing } from './errors.ts';
import type { BaseLock } from './locked-base.ts';
import type { SystemLock } from './locked-system.ts';
import type { WheelLock } from './locked-wheels.ts';
import { baseLock, debugLock, systemLock, wheelLock } from './parts.ts';
import { recordTarget, type ResolvedTarget } from './record.ts';
import {
  causesOf,
  isConsequence,
  nameInLock,
  recordedWheelInputs,
  type Standing,
  standingOf,
  systemReasons,
} from './standing.ts';

/** How a lock of the image is dealt with. */
export interface LockWish {
  /**
   * `auto`: one that is there is used, and brought up to date where it does not fit; `locked`: it must fit; `frozen`: it is used whether
   * it fits or not; `write`: it is made or brought up to date; `check`: it must be as `write` would leave it.
   */
  readonly mode: 'auto' | 'locked' | 'frozen' | 'write' | 'check';
  /** Names of distributions and Debian packages to resolve anew, or everything. */
  readonly upgrade?: 'everything' | readonly string[];
  /** Absolute folder of an OCI layout that lends its layers of Debian packages. */
  readonly baseFrom?: string;
}

export interface LockSessionInputs {
  readonly context: Context;
  readonly project: Project;
  readonly config: ResolvedConfig;
  readonly facts: ProjectFacts;
  readonly dependencies: Dependencies;
  readonly wish: LockWish;
  /** Of this machine. */
  readonly hostPlatform: string;
}

/** What became of the lock. */
export interface LockOutcome {
  /** Nothing was there, it stayed as it was, or it was written. */
  readonly state: 'created' | 'unchanged' | 'updated';
  /** Why it was not enough as it was. */
  readonly reasons: readonly string[];
  readonly difference: LockDifference;
  readonly lock: Lock;
}

/** One build's dealings with the lock: what it says of each part of each target, and what is to be written at the end. */
export interface LockSession {
  /** As it was found. */
  readonly before: Lock | undefined;
  readonly platforms: readonly string[];
  readonly base: (platform: string) => BaseLock | undefined;
  readonly wheels: (platform: string, base: ResolvedBase) => WheelLock | undefined;
  readonly system: (
    platform: string,
    found: {
      readonly base: ResolvedBase;
      readonly wheels: Omit<TargetWheels, 'urls'>;
      readonly natives: readonly FileFacts[];
    },
  ) => SystemLock | undefined;
  /** The package of the debug tools, where it is locked. */
  readonly debug: (platform: string, base: ResolvedBase) => DebPackage | undefined;
  /** Undefined where there is no lock and none is to be made. */
  readonly finish: (targets: readonly ResolvedTarget[]) => Promise<LockOutcome | undefined>;
}

export async function openLockSession(inputs: LockSessionInputs): Promise<LockSession> {
  const { project, facts, wish } = inputs;
  const path = join(project.root, lockFile);
  const text = await readTextIfThere(path);
  if (text === undefined && ['locked', 'frozen', 'check'].includes(wish.mode)) throw lockMissing(wish.mode);
  const before = text === undefined ? undefined : parseLock(text);
  const platforms = platformsOf(inputs, before);
  if (wish.mode === 'frozen' && before !== undefined) assertFrozen(before, nameInLock(facts), platforms);
  if (Array.isArray(wish.upgrade))
    assertKnownNames(wish.upgrade, before === undefined ? new Set() : lockedNames(before));
  const usable = wish.upgrade === 'everything' ? undefined : before;
  const standings = new Map(
    await Promise.all(
      platforms.map(async (platform) => [platform, await standingOf(inputs, usable, platform)] as const),
    ),
  );
  if (wish.mode === 'locked' || wish.mode === 'check') assertFits([...standings.values()], surplusOf(inputs, before));
  // A base for the machine's own architecture, for a compiler, may be asked for beside those of the targets.
  const standingAt = async (platform: string): Promise<Standing> =>
    standings.get(platform) ?? standingOf(inputs, usable, platform);
  const others = new Map(
    await Promise.all(
      (usable?.targets ?? []).map(async ({ platform }) => [platform, await standingAt(platform)] as const),
    ),
  );
  const released = new Set(Array.isArray(wish.upgrade) ? wish.upgrade : []);
  return {
    before,
    platforms,
    base: (platform) => baseLock(standings.get(platform) ?? others.get(platform), released),
    wheels: (platform, base) => {
      const standing = standings.get(platform);
      if (standing !== undefined && (wish.mode === 'locked' || wish.mode === 'check')) assertSameBase(standing, base);
      return wheelLock(wish.mode, standing, base, released);
    },
    system: (platform, found) => {
      const standing = standings.get(platform);
      if (standing === undefined) return undefined;
      standing.reasons.system = systemReasons(inputs, standing, found);
      if (wish.mode === 'locked' || wish.mode === 'check') assertFits([standing]);
      return systemLock(inputs, standing, released);
    },
    debug: (platform, base) => {
      const standing = standings.get(platform);
      return standing === undefined ? undefined : debugLock(inputs, standing, base, released);
    },
    finish: async (targets) => {
      if (before === undefined && wish.mode !== 'write') return undefined;
      if (before !== undefined && wish.mode === 'frozen') return untouched(before);
      const lock = lockOf(inputs, before, targets, standings);
      const causes = [...standings.values()].flatMap(causesOf);
      const told = wish.upgrade === undefined ? causes : causes.filter((one) => !isConsequence(one));
      const outcome = outcomeOf(before, lock, told);
      if (outcome.state !== 'unchanged' && (wish.mode === 'auto' || wish.mode === 'write')) {
        await writeLock(inputs, path, renderLock(lock), outcome);
      }
      return outcome;
    },
  };
}

/** A build goes on where the file cannot be written. */
async function writeLock(
  { context, wish }: LockSessionInputs,
  path: string,
  text: string,
  { reasons }: LockOutcome,
): Promise<void> {
  const why = reasons.join('; ') || 'it fits again';
  try {
    await writeFileAtomically(path, text);
  } catch (error) {
    if (wish.mode !== 'auto' || !isTareError(error)) throw error;
    context.log.warn(
      `\`${lockFile}\` does not fit (${why}), and cannot be brought up to date here: ${error.message}`,
      'run `tare lock` where the project can be written, and commit the result',
    );
    return;
  }
  if (wish.mode === 'auto') context.log.info(`\`${lockFile}\` was brought up to date: ${why}`);
}

/** `tare lock` without platforms means those that the lock has, so that it says the same on every machine. */
function platformsOf({ config, wish, hostPlatform }: LockSessionInputs, before: Lock | undefined): readonly string[] {
  if (config.platforms !== undefined) {
    return [...new Set(config.platforms.map((one) => parseArchitecture(one).platform))];
  }
  const locked = before?.targets.map((one) => one.platform) ?? [];
  return (wish.mode === 'write' || wish.mode === 'check') && locked.length > 0 ? locked : [hostPlatform];
}

/** Targets that `tare lock` would take out. */
function surplusOf({ config, wish }: LockSessionInputs, before: Lock | undefined): readonly string[] {
  if (wish.mode !== 'check' || config.platforms === undefined) return [];
  const wanted = config.platforms.map((one) => parseArchitecture(one).platform);
  const surplus = before?.targets.filter((one) => !wanted.includes(one.platform)) ?? [];
  return surplus.map((one) => `${one.platform} is in it, and not among \`platforms\``);
}

function assertFrozen(lock: Lock, project: string, platforms: readonly string[]): void {
  if (lock.project !== project) throw lockForeign(lock.project, project);
  const missing = platforms.find((platform) => !lock.targets.some((one) => one.platform === platform));
  if (missing !== undefined) throw targetMissing(missing, lock);
}

function lockOf(
  inputs: LockSessionInputs,
  before: Lock | undefined,
  targets: readonly ResolvedTarget[],
  standings: ReadonlyMap<string, Standing>,
): Lock {
  const { facts, config, wish } = inputs;
  const recorded = targets.flatMap((target): LockedTarget[] => {
    const standing = standings.get(target.platform);
    if (standing === undefined) return [];
    return [
      recordTarget(target, { ...standing.inputs, wheels: recordedWheelInputs(inputs, target.wheels) }, standing.locked),
    ];
  });
  const isWhole = wish.mode === 'write' && config.platforms !== undefined;
  const kept = (before?.targets ?? []).filter((one) => !isWhole && !standings.has(one.platform));
  const lock = { project: nameInLock(facts), targets: [...recorded, ...kept].toSorted(byPlatform) };
  if (before !== undefined && renderLock({ ...before, project: lock.project }) === renderLock({ ...before, ...lock })) {
    return { ...before, ...lock };
  }
  const uv = targets.map((one) => one.wheels.uv).find((one) => one !== undefined) ?? before?.tools.uv;
  const hasWheels = lock.targets.some((one) => one.wheels !== undefined);
  return { ...lock, tools: { tare: readVersion(), ...(uv === undefined || !hasWheels ? {} : { uv }) } };
}

function byPlatform(left: LockedTarget, right: LockedTarget): number {
  return left.platform < right.platform ? -1 : 1;
}

function untouched(lock: Lock): LockOutcome {
  return { state: 'unchanged', reasons: [], difference: { changes: [], bytes: 0 }, lock };
}

function outcomeOf(before: Lock | undefined, lock: Lock, reasons: readonly string[]): LockOutcome {
  const isSame = before !== undefined && renderLock(before) === renderLock(lock);
  return {
    state: before === undefined ? 'created' : isSame ? 'unchanged' : 'updated',
    reasons: [...new Set(reasons)],
    difference: compareLocks(before, lock),
    lock,
  };
}
