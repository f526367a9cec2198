import type { Because } from '../../base/because.ts';
import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import type { FindingReport } from '../../build/build-report.ts';
import type { BaseReference, Variant } from '../../dockerfile/types.ts';
import type { BuilderName } from '../../engine/builders/types.ts';
import type { Image } from '../../oci/image.ts';
import { openCache } from '../../store/cache.ts';
import { readLayerFacts } from '../../store/layer-facts.ts';
import { reportFindings } from '../image/finding-report.ts';
import { verifyPlatform } from '../verify.ts';

/** What `tare build --engine --json` prints. Sizes are bytes, timings milliseconds. */
export interface EngineBuildReport {
  readonly engine: { readonly name: BuilderName; readonly version: string; readonly title: string };
  readonly variant: Variant;
  readonly because: Because;
  /** What the image stands on. */
  readonly base: BaseReference;
  /** Of the manifest, or of the index over several platforms; absent where the engine does not tell. */
  readonly digest?: string;
  /** Of the configuration; absent where the engine does not tell. */
  readonly imageId?: string;
  /** `oci:…` as it was written; `none` where it was only pushed or loaded. */
  readonly output: string;
  /** What is in the output; empty where there is none. */
  readonly platforms: readonly EnginePlatformReport[];
  readonly pushed?: { readonly reference: string };
  readonly loaded?: { readonly engine: string; readonly reference: string };
  readonly timings: Readonly<Record<string, number>>;
}

export interface EnginePlatformReport {
  readonly platform: string;
  readonly digest: string;
  /** Packed, what is pulled; docker's own images are not packed. */
  readonly size: number;
  /** Of the files. */
  readonly unpackedSize: number;
  readonly layers: readonly {
    readonly digest: string;
    readonly diffId: string;
    readonly size: number;
    readonly unpackedSize: number;
  }[];
  readonly findings: readonly FindingReport[];
}

/** Proves what an engine built, as `tare verify` does, and measures it. Throws `IMAGE_UNSOUND`. */
export async function platformReports(
  context: Context,
  images: readonly Image[],
  allow: readonly string[],
): Promise<readonly EnginePlatformReport[]> {
  const reports: EnginePlatformReport[] = [];
  for (const image of images) reports.push(await platformReport(context, image, allow));
  return reports;
}

async function platformReport(context: Context, image: Image, allow: readonly string[]): Promise<EnginePlatformReport> {
  const cache = openCache(context.cacheDir);
  const { platform, digest, findings } = await verifyPlatform(image, { allow }, cache, context);
  const errors = findings.filter((one) => one.severity === 'error' && !one.isAllowed);
  if (errors.length > 0) throw unsound(platform, errors);
  const layers: EnginePlatformReport['layers'][number][] = [];
  for (const layer of image.layers) {
    const { files } = await readLayerFacts(context, cache, layer);
    const unpackedSize = files.reduce((sum, file) => sum + file.size, 0);
    const { descriptor, diffId } = layer;
    layers.push({ digest: descriptor.digest, diffId, size: descriptor.size, unpackedSize });
  }
  return {
    platform,
    digest,
    size: layers.reduce((sum, { size }) => sum + size, 0),
    unpackedSize: layers.reduce((sum, { unpackedSize }) => sum + unpackedSize, 0),
    layers,
    findings: reportFindings(findings),
  };
}

const mostShown = 20;

function unsound(platform: string, errors: readonly FindingReport[]): TareError {
  const shown = errors.slice(0, mostShown).map((one) => `  ${one.code}: ${one.chain?.join(' → ') ?? one.message}`);
  const codes = [...new Set(errors.map((one) => one.code))];
  return new TareError({
    code: 'IMAGE_UNSOUND',
    message: [`the image for ${platform} would not work:`, ...shown].join('\n'),
    hint: `to build it all the same: ${codes.map((code) => `--allow ${code}`).join(' ')}`,
  });
}
