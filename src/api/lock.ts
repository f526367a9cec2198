import { type BuildTools, withBuildTools } from '../build/tools.ts';
import type { InlineConfig } from '../config/schema.ts';
import type { LockDifference } from '../lock/compare.ts';
import type { LockReport } from '../lock/report.ts';
import type { Lock } from '../lock/types.ts';
import { openCache } from '../store/cache.ts';
import type { MeteredContext } from './context.ts';
import { heldWheels } from './lock/locked-wheels.ts';
import type { LockWish } from './lock/session.ts';
import { openPreparation } from './plan/preparation.ts';
import { resolveTargets } from './plan/targets.ts';

export type { LockReport } from '../lock/report.ts';

export interface LockOptions {
  /** Write nothing, and throw where something would be written. */
  readonly check?: boolean;
  /** Names of distributions and Debian packages to resolve anew against today's indexes, or everything. */
  readonly upgrade?: LockWish['upgrade'];
}

/**
 * Resolves the application in `directory` and writes its `tare.lock`, keeping what an existing one has wherever that still holds.
 * With `check` nothing is resolved or written. Throws `IMAGE_LOCK_STALE` and `IMAGE_LOCK_MISSING` with `check`,
 * `IMAGE_LOCK_NAME_UNKNOWN`, and what reading and resolving throw.
 */
export async function lock(
  directory: string,
  inline: InlineConfig,
  options: LockOptions,
  context: MeteredContext,
): Promise<LockReport> {
  const { check = false, upgrade } = options;
  const cache = openCache(context.cacheDir);
  if (check) return withBuildTools(context, cache, (tools) => checkLock(directory, inline, tools));
  // An upgrade means the indexes as they are now.
  const refresh = context.refresh || upgrade !== undefined;
  return withBuildTools({ ...context, refresh }, cache, async (tools) => {
    const wish: LockWish = { mode: 'write', ...(upgrade === undefined ? {} : { upgrade }) };
    const opened = await openPreparation(directory, inline, tools, wish);
    const outcome = await opened.lock.finish(await resolveTargets(tools, opened));
    if (outcome === undefined) throw new Error('a lock was to be written, and none was');
    return reportOf(outcome.state, outcome.lock, outcome.reasons, outcome.difference);
  });
}

/** Compares inputs alone: no index is asked for what the lock says. */
async function checkLock(directory: string, inline: InlineConfig, tools: BuildTools): Promise<LockReport> {
  const opened = await openPreparation(directory, inline, tools, { mode: 'check' });
  const { lock: session, architectures, bases, natives } = opened;
  for (const [at, architecture] of architectures.entries()) {
    const base = bases[at];
    if (base === undefined) continue;
    const held = session.wheels(architecture.platform, base)?.held;
    const wheels = held === undefined ? await opened.wheels(architecture, base) : heldWheels(held);
    session.system(architecture.platform, { base, wheels, natives });
    session.debug(architecture.platform, base);
  }
  if (session.before === undefined) throw new Error('a lock was checked that is not there');
  return reportOf('unchanged', session.before, [], { changes: [], bytes: 0 });
}

function reportOf(
  state: LockReport['state'],
  { targets }: Lock,
  reasons: readonly string[],
  difference: LockDifference,
): LockReport {
  return {
    state,
    reasons,
    ...difference,
    targets: targets.map(({ platform, python, base, system, wheels }) => ({
      platform,
      python: python.fullVersion ?? python.version,
      base: base.provider === 'image' ? 0 : base.packages.length,
      system: system.packages.length,
      ...(wheels === undefined ? {} : { wheels: wheels.length }),
    })),
  };
}
