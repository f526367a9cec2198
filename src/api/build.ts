import { withDiskHint } from '../base/atomic-file.ts';
import { buildDirectly, type DirectBuild } from '../build/build.ts';
import type { BuildReport, PlatformReport } from '../build/build-report.ts';
import type { InlineConfig } from '../config/schema.ts';
import { type Image, imageDigest } from '../oci/image.ts';
import type { Plan } from '../plan/types.ts';
import { parseOutput, renderOutput, writeOutput } from '../store/output.ts';
import type { MeteredContext } from './context.ts';
import { type Prepared, prepare } from './prepare.ts';
import { createStopwatch } from './stopwatch.ts';

export interface BuildResult {
  readonly report: BuildReport;
  readonly plan: Plan;
  /** One for each platform, in the order of the plan's targets. */
  readonly images: readonly Image[];
}

/**
 * Builds the application in `directory` and writes the image where `config.output` says.
 * Throws `TareError`; then nothing is written at the output.
 */
export async function build(directory: string, inline: InlineConfig, context: MeteredContext): Promise<BuildResult> {
  const watch = createStopwatch();
  const prepared = await watch.measure('plan', () => prepare(directory, inline, context));
  const built = await watch.measure('layers', () => buildDirectly(context, prepared.cache, prepared.inputs));
  const images = built.targets.map((target) => target.image);
  const place = parseOutput(prepared.config.output, prepared.inputs.project.root);
  const written = await watch.measure('output', () =>
    writeOutput(place, images, { refName: refNameOf(prepared), signal: context.signal }).catch((error: unknown) => {
      throw withDiskHint(error, place.path);
    }),
  );
  const digest = written.digest;
  return {
    plan: prepared.inputs.plan,
    images,
    report: {
      digest,
      output: renderOutput(place),
      platforms: built.targets.map((target) => platformReport(target)),
      timings: watch.milliseconds(),
      cache: { ...built.counters, bytesDownloaded: context.bytesDownloaded() },
    },
  };
}

export function refNameOf(prepared: Prepared): string {
  return prepared.config.tag ?? `${prepared.inputs.plan.project.name}:latest`;
}

function platformReport({ target, image, layers }: DirectBuild['targets'][number]): PlatformReport {
  return {
    platform: target.platform,
    digest: imageDigest(image),
    size: layers.reduce((sum, { record }) => sum + record.size, 0),
    unpackedSize: layers.reduce((sum, { record }) => sum + record.unpackedSize, 0),
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
