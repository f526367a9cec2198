import { withBuildTools } from '../build/tools.ts';
import type { InlineConfig } from '../config/schema.ts';
import type { Plan } from '../plan/types.ts';
import { openCache } from '../store/cache.ts';
import type { MeteredContext } from './context.ts';
import type { LockWish } from './lock/session.ts';
import { prepare } from './plan/prepare.ts';

/**
 * Every decision about the image of the application in `directory`. System libraries are worked out from the wheels themselves: those
 * that are not known yet are fetched, and their layers kept for the build. Throws `TareError`.
 */
export async function plan(
  directory: string,
  inline: InlineConfig,
  context: MeteredContext,
  lock?: LockWish,
): Promise<Plan> {
  return withBuildTools(context, openCache(context.cacheDir), async (tools) => {
    const { inputs } = await prepare(directory, inline, tools, lock);
    return inputs.plan;
  });
}
