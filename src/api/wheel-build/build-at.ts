import * as v from 'valibot';
import { type Digest, parseDigest, sha256 } from '../../base/digest.ts';
import { TareError } from '../../base/errors.ts';
import { canonicalJson, sortedBy } from '../../base/order.ts';
import type { PlannedBuild } from '../../plan/types.ts';
import type { SourceToBuild } from '../../plan/wheels.ts';
import { driverVersion } from '../../wheel-build/driver-source.ts';
import { type BuildJob, buildFailed, buildOnce } from './build-once.ts';
import { assertBuildable, type FailedBuild } from './run-hooks.ts';
import { identityOf, inspectSource } from './inspect.ts';
import { resolveRequirements } from './requirements.ts';
import { nameOf, titleOf } from './source.ts';
import { resolveToolchain } from './toolchain.ts';
import type { BuildPlace, BuildWish, BuiltWheel } from './types.ts';

/** Raised whenever the same inputs may give another wheel. */
const buildVersion = 1;
/** Rounds in which a backend may ask for more before it builds. */
const mostRounds = 4;

/** The wheel of a source, built in a root for a place, or as it was built there before. Throws `BUILD_FAILED` and what running throws. */
export async function buildAt(
  wish: BuildWish,
  place: BuildPlace,
  source: SourceToBuild,
  pins: readonly string[],
): Promise<BuiltWheel> {
  await assertBuildable(wish.tools.context, nameOf(source), place.architecture.platform);
  const { system, signs } = await inspectSource(wish, source);
  const toolchain = await resolveToolchain(wish, place.base, signs);
  const first = await buildWith({ wish, place, source, system, toolchain, pins });
  if (!('outcome' in first)) return first;
  if (toolchain.debs.length > 0 || !asksForCompiler(first.outcome.log)) throw buildFailed(source, first);
  // Nothing showed that it is compiled, and it is.
  const second = await resolveToolchain(wish, place.base, { ...signs, compiler: 'its build asked for a compiler' });
  const again = await buildWith({ wish, place, source, system, toolchain: second, pins });
  if ('outcome' in again) throw buildFailed(source, again);
  return again;
}

/** What builds say where a program is not there; a root without a toolchain has hardly any. */
const missingProgram = [
  /(?:gcc|g\+\+|\bcc|clang|make|pkg-config)['"`]?(?: failed|: (?:command )?not found)/i,
  /unable to execute|Unknown compiler|compiler .*(?:not found|cannot be found)/i,
  /No such file or directory: '[\w./+-]+'/,
  /\b(?:sh|bash): .*not found/,
];

function asksForCompiler(log: string): boolean {
  return missingProgram.some((sign) => sign.test(log));
}

type Made = BuiltWheel | FailedBuild;

/** Rounds, until the backend asks for nothing that is not there. */
async function buildWith(job: Omit<BuildJob, 'asked' | 'required'>): Promise<Made> {
  const { wish, place, source, system, pins } = job;
  let asked: readonly string[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const required = await resolveRequirements(wish, place, {
      requires: [...system.requires, ...asked],
      pins,
      what: nameOf(source),
    });
    const full: BuildJob = { ...job, asked, required };
    const key = keyOf(full);
    const result = (await knownResult(wish, key)) ?? (await makeAndKeep(full, key));
    if ('outcome' in result) return result;
    if ('filename' in result) return { ...result, built: plannedBuild(full, key) };
    asked = [...new Set([...asked, ...result.requires])];
  }
  throw new TareError({
    code: 'BUILD_FAILED',
    message: `what ${nameOf(source)} is built with asks for more each time`,
    where: nameOf(source),
    actual: asked.join(', '),
    hint: 'take a version that has a wheel',
  });
}

/** Everything that the bytes of the wheel depend on. */
function keyOf({ wish, place, source, required, toolchain, asked }: BuildJob): Digest {
  const { base, architecture } = place;
  const { version, fullVersion, abi, interpreter } = base.python;
  return sha256(
    canonicalJson({
      buildVersion,
      driverVersion,
      ...identityOf(source),
      platform: architecture.platform,
      python: [version, fullVersion ?? '', abi, interpreter],
      base: base.base.provider === 'image' ? base.base.digest : base.base.packages.map((one) => one.sha256),
      ...(base.base.provider === 'standalone' ? { archive: base.base.archive.sha256 } : {}),
      toolchain: toolchain.debs.map((one) => one.sha256),
      requires: sortedBy(
        required.wheels.map((one) => one.sha256),
        (one) => one,
      ),
      asked,
      constraints: wish.config.buildConstraints,
    }),
  );
}

const resultSchema = v.union([
  v.object({ requires: v.array(v.string()) }),
  v.object({
    filename: v.string(),
    sha256: v.pipe(
      v.string(),
      v.regex(/^sha256:[0-9a-f]{64}$/),
      v.transform((text) => parseDigest(text)),
    ),
    size: v.number(),
  }),
]);
type Result =
  | Readonly<{ requires: readonly string[] }>
  | Extract<v.InferOutput<typeof resultSchema>, { filename: string }>;

/** What came of the same build before, where its wheel is still there. */
async function knownResult({ tools: { cache } }: BuildWish, key: Digest): Promise<Result | undefined> {
  const parsed = v.safeParse(resultSchema, await cache.readRecord('built-wheel', key));
  if (!parsed.success) return undefined;
  const result = parsed.output;
  return 'requires' in result || (await cache.has(result.sha256, result.size)) ? result : undefined;
}

async function makeAndKeep(job: BuildJob, key: Digest): Promise<Result | FailedBuild> {
  const { context, cache } = job.wish.tools;
  // Two builds of one machine may want the same wheel.
  return cache.withLock(
    `build-${key}`,
    async () => {
      const known = await knownResult(job.wish, key);
      if (known !== undefined) return known;
      const { platform } = job.place.architecture;
      const task = context.progress.start(`building ${nameOf(job.source)} from ${titleOf(job.source)} for ${platform}`);
      const made = await buildOnce(job).catch((error: unknown) => {
        task.done('failed');
        throw error;
      });
      task.done(made.kind === 'wheel' ? made.filename : made.kind === 'failed' ? 'failed' : 'more is asked for');
      if (made.kind === 'failed') return made;
      const { kind: _kind, ...result } = made;
      await cache.writeRecord('built-wheel', key, result);
      return result;
    },
    context.signal,
  );
}

function plannedBuild({ source, place, required, toolchain }: BuildJob, key: Digest): PlannedBuild {
  const { kind } = source.source;
  const reason = toolchain.reason === undefined ? '' : `; with a compiler, as ${toolchain.reason} says`;
  return {
    from: kind === 'archive' ? 'sdist' : 'git',
    source: titleOf(source),
    ...(source.source.kind === 'archive' ? { sha256: source.source.sha256 } : { commit: source.source.commit }),
    platform: place.architecture.platform,
    requires: sortedBy(
      required.wheels.map((one) => one.filename),
      (one) => one,
    ),
    packages: toolchain.debs.map((one) => `${one.name} ${one.version}`),
    key,
    because: { ...source.because, rule: `${source.refusal.message}${reason}` },
  };
}
