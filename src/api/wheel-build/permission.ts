import type { Context } from '../../base/context.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import type { BuildRules } from '../../python/build-rules.ts';
import { normalizedName } from '../../python/package-name.ts';
import type { BuildPermission } from './types.ts';

/** What may be built from its source: as tare is told, and never what pip or uv are told not to build. */
export function readPermission(
  { host }: Pick<Context, 'host'>,
  { buildWheels, origins }: Pick<ResolvedConfig, 'buildWheels' | 'origins'>,
  rules: BuildRules,
): BuildPermission {
  const listed = typeof buildWheels === 'string' ? undefined : new Set(buildWheels.map(normalizedName));
  const forbids = (name: string): string | undefined => {
    const rule = rules.forbidding(normalizedName(name));
    if (rule !== undefined) return `${rule} forbids to build it: change that`;
    const isListed = buildWheels === 'auto' || listed?.has(normalizedName(name)) === true;
    if (!isListed) return `let it be built: ${origins.buildWheels?.rule ?? 'the setting `build-wheels`'} forbids that`;
    if (host.platform !== 'linux') return 'build on Linux, where wheels can be built from source';
    return undefined;
  };
  return { isAllowed: (name) => forbids(name) === undefined, forbids: (name) => forbids(name) ?? '' };
}
