import { withDiskHint } from '../base/atomic-file.ts';
import type { Digest } from '../base/digest.ts';
import type { BuildReport, PlatformReport } from '../build/build-report.ts';
import { buildDirectly, type DirectBuild } from '../build/build.ts';
import { withBuildTools } from '../build/tools.ts';
import { noOutput } from '../config/resolve.ts';
import type { InlineConfig } from '../config/schema.ts';
import { bringLayers } from '../oci/blob-origin.ts';
import { type Image, imageDigest } from '../oci/image.ts';
import type { Plan, Target } from '../plan/types.ts';
import { openCache } from '../store/cache.ts';
import { layoutContents } from '../store/contents.ts';
import { parseOutput, renderOutput, writeOutput } from '../store/output.ts';
import type { MeteredContext } from './context.ts';
import { reportFindings } from './image/finding-report.ts';
import { verifyBuilt } from './image/verification.ts';
import type { LockWish } from './lock/session.ts';
import { lockUseOf } from './lock/use.ts';
import { type Prepared, prepare } from './plan/prepare.ts';
import { createStopwatch } from './stopwatch.ts';
import { assertCodes, type VerifiedPlatform } from './verify.ts';

export interface BuildResult {
  readonly report: BuildReport;
  readonly plan: Plan;
  /** One for each platform, in the order of the plan's targets. */
  readonly images: readonly Image[];
  /** What the image is called: its tag, else the project's name and `latest`. */
  readonly name: string;
}

/**
 * Builds the application in `directory` and writes the image where `config.output` says.
 * Throws `TareError`; then nothing is written at the output.
 */
export async function build(
  directory: string,
  inline: InlineConfig,
  context: MeteredContext,
  lock?: LockWish,
): Promise<BuildResult> {
  const watch = createStopwatch();
  const { prepared, built, locked } = await withBuildTools(context, openCache(context.cacheDir), async (tools) => {
    const planned = await watch.measure('plan', () => prepare(directory, inline, tools, lock));
    assertCodes(planned.config.allow);
    const direct = await watch.measure('layers', () => buildDirectly(tools, planned.inputs));
    return { prepared: planned, built: direct, locked: lockUseOf(tools.cache, planned.lock, direct) };
  });
  const verdicts = await watch.measure('verify', () => verifyAll(context, prepared, built));
  const images = built.targets.map((target) => target.image);
  const { digest, output } = await watch.measure('output', () => writeImages(context, prepared, images));
  return {
    plan: prepared.inputs.plan,
    images,
    name: refNameOf(prepared),
    report: {
      digest,
      output,
      platforms: built.targets.map((target, at) => platformReport(target, verdicts[at])),
      timings: watch.milliseconds(),
      cache: { ...built.counters, bytesDownloaded: context.bytesDownloaded() },
      ...(locked === undefined ? {} : { lock: locked }),
    },
  };
}

/** Writes the images to where the configuration says; with `none` they are left as they are. */
async function writeImages(
  context: MeteredContext,
  prepared: Prepared,
  images: readonly Image[],
): Promise<{ readonly digest: Digest; readonly output: string }> {
  const { output } = prepared.config;
  if (output === noOutput) return { digest: layoutContents(images).root.digest, output };
  const place = parseOutput(output, prepared.inputs.project.root);
  await bringLayers(images.flatMap((image) => image.layers));
  const { digest } = await writeOutput(place, images, { refName: refNameOf(prepared), signal: context.signal }).catch(
    (error: unknown) => {
      throw withDiskHint(error, place.path);
    },
  );
  return { digest, output: renderOutput(place) };
}

export function refNameOf(prepared: Prepared): string {
  return prepared.config.tag ?? `${prepared.inputs.plan.project.name}:latest`;
}

async function verifyAll(
  context: MeteredContext,
  { cache, config, inputs }: Prepared,
  built: DirectBuild,
): Promise<readonly VerifiedPlatform[]> {
  const verdicts: VerifiedPlatform[] = [];
  for (const [at, target] of built.targets.entries()) {
    const targetInputs = inputs.targets[at];
    if (targetInputs !== undefined)
      verdicts.push(await verifyBuilt(context, cache, target, targetInputs, config.allow));
  }
  return verdicts;
}

function platformReport(
  { target, image, layers }: DirectBuild['targets'][number],
  verdict: VerifiedPlatform | undefined,
): PlatformReport {
  return {
    platform: target.platform,
    digest: imageDigest(image),
    size: layers.reduce((sum, { record }) => sum + record.size, 0),
    unpackedSize: layers.reduce((sum, { record }) => sum + record.unpackedSize, 0),
    bytecodeSize: layers.reduce((sum, { record }) => sum + record.bytecode, 0),
    ...builtWheelsOf(target),
    findings: reportFindings(verdict?.findings ?? []),
    layers: layers.map(({ layer, record }) => ({
      digest: record.digest,
      diffId: record.diffId,
      size: record.size,
      unpackedSize: record.unpackedSize,
      kind: layer.kind,
      title: layer.title,
      contents: layer.contents,
    })),
  };
}

function builtWheelsOf({ wheels }: Target): Pick<PlatformReport, 'builtWheels'> {
  const builtWheels = wheels.flatMap(({ name, version, filename, built }) =>
    built === undefined ? [] : [{ name, version, filename, source: built.source }],
  );
  return builtWheels.length === 0 ? {} : { builtWheels };
}
