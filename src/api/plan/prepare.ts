import type { BuildInputs } from '../../build/inputs.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import type { InlineConfig } from '../../config/schema.ts';
import { type AssembleInputs, assemblePlan } from '../../plan/assemble.ts';
import type { ProjectFacts } from '../../project/facts.ts';
import type { Cache } from '../../store/cache.ts';
import type { LockOutcome, LockWish } from '../lock/session.ts';
import { readSourceDateEpoch } from '../project/opened.ts';
import { openPreparation } from './preparation.ts';
import { resolveTargets } from './targets.ts';
import { resolveCertificates } from './variants.ts';

export interface Prepared {
  readonly inputs: BuildInputs;
  readonly config: ResolvedConfig;
  readonly facts: ProjectFacts;
  readonly cache: Cache;
  /** What became of the lock of the image, where there is one. */
  readonly lock?: LockOutcome;
}

/** Project, configuration, base and wheels, decided and gathered into a plan. Nothing is built. */
export async function prepare(
  directory: string,
  inline: InlineConfig,
  tools: BuildTools,
  lockWish?: LockWish,
  assembly: Pick<AssembleInputs, 'isCompiledInImage'> = {},
): Promise<Prepared> {
  const { context, cache } = tools;
  const sourceDateEpoch = readSourceDateEpoch(context.env);
  const opened = await openPreparation(directory, inline, tools, lockWish);
  const { project, config, facts, lock, first, files } = opened;
  const resolved = await resolveTargets(tools, opened);
  const certificates = await resolveCertificates(context, config, project.root, first);
  const ofImage =
    'image' in first ? { baseEnv: first.image.config.env, baseAccounts: first.image.text('etc/passwd') ?? '' } : {};
  const { prefix } = first.python;
  const plan = assemblePlan({
    project,
    facts,
    config,
    targets: resolved,
    files,
    prefix,
    ...ofImage,
    ...assembly,
    ...(certificates === undefined ? {} : { certificates }),
  });
  const outcome = await lock.finish(resolved);
  for (const { code, message, hint } of plan.warnings) if (ofPlanning.has(code)) context.log.warn(message, hint);
  return {
    config,
    facts,
    cache,
    ...(outcome === undefined ? {} : { lock: outcome }),
    inputs: {
      plan,
      project,
      ...(facts.distribution === undefined ? {} : { distribution: facts.distribution }),
      targets: resolved.map(({ inputs, system }) => ({
        ...inputs,
        systemDebs: system.debs,
        ...(system.debian === undefined ? {} : { debian: system.debian }),
      })),
      ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
      ...(certificates === undefined ? {} : { certificates: certificates.certificates }),
      strict: config.strict,
    },
  };
}

/** Signs that show only when all is decided; the others were said where they were found. */
const ofPlanning = new Set([
  ...['BYTECODE_LEFT_OUT', 'SOURCE_STRIPPED', 'SOURCE_UNCERTAIN', 'ENVIRONMENT_REPLACED'],
  ...['CERTIFICATE_EXPIRED', 'CERTIFICATE_NO_AUTHORITY', 'CERTIFICATE_BUNDLE_MISSING'],
]);
