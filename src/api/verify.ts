import { mapLimit } from '../base/concurrency.ts';
import type { Context } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { nearestName } from '../config/nearest-name.ts';
import { findBaseLayers } from '../inspect/base-layers.ts';
import { type Finding, findingCodes } from '../inspect/finding.ts';
import { type PackageSearch, withPackageHints } from '../inspect/package-hints.ts';
import { type InspectedCounts, verifyImage } from '../inspect/verify.ts';
import { parseImageConfig } from '../oci/config.ts';
import { type Image, imageDigest } from '../oci/image.ts';
import { isSamePlatform, parsePlatform, renderPlatform } from '../oci/platform.ts';
import type { LayerFacts } from '../root/layer-facts.ts';
import { layTree } from '../root/tree.ts';
import { type Cache, openCache } from '../store/cache.ts';
import { readLayerFacts } from '../store/layer-facts.ts';
import { readLayoutImages } from '../store/layout-platforms.ts';
import { inspectKnowledge } from './image/inspect-knowledge.ts';
import { openPlace, type PlaceOptions } from './image/place.ts';

export interface VerifyOptions extends PlaceOptions {
  /** Only these, as `linux/amd64`. @default all of the image */
  readonly platforms?: readonly string[];
  /** Codes of findings that do not fail the image. */
  readonly allow?: readonly string[];
  /** Finds the package that brings what is missing, for hints. @default none is named */
  readonly findPackage?: (image: Image) => PackageSearch;
}

export interface VerifiedFinding extends Finding {
  /** True where `allow` names its code. */
  readonly isAllowed: boolean;
  /** It is about a file that the base brings, as it brings it: as far as the history tells which layers that is. */
  readonly isOfBase: boolean;
}

export interface VerifiedPlatform {
  readonly platform: string;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Minor version of the image's Python; absent where none was found. */
  readonly python?: string;
  readonly findings: readonly VerifiedFinding[];
  readonly checked: InspectedCounts;
}

/** What `tare verify --json` prints. */
export interface VerifyReport {
  /** As it was opened: `oci:…`, `archive:…`. */
  readonly image: string;
  /** No error remains that is not allowed. */
  readonly isSound: boolean;
  readonly counts: { readonly errors: number; readonly warnings: number; readonly allowed: number };
  readonly platforms: readonly VerifiedPlatform[];
}

/**
 * Proves an image without running it. `place`: `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, a path to one of these or to
 * a project that was built into `.tare/image`, or an image of a registry (`docker://REFERENCE`). Throws `TareError` where it cannot be read; findings are no errors.
 */
export async function verify(place: string, options: VerifyOptions, context: Context): Promise<VerifyReport> {
  assertCodes(options.allow ?? []);
  const cache = openCache(context.cacheDir);
  const opened = await openPlace(place, cache, context, options);
  try {
    const images = chooseImages(await readLayoutImages(opened.dir), options.platforms, place);
    const platforms: VerifiedPlatform[] = [];
    for (const image of images) platforms.push(await verifyPlatform(image, options, cache, context));
    return reportOf(opened.name, platforms);
  } finally {
    await opened.close();
  }
}

/** One image, whose layers are at hand. */
export async function verifyPlatform(
  image: Image,
  options: Pick<VerifyOptions, 'allow' | 'findPackage'>,
  cache: Cache,
  context: Context,
): Promise<VerifiedPlatform> {
  const layers = await mapLimit(image.layers, 2, (layer) => readLayerFacts(context, cache, layer));
  const tree = layTree(layers.map((layer) => layer.files));
  const config = parseImageConfig(image.config, 'the image configuration');
  const { findings, checked, python } = verifyImage({
    tree,
    config: { ...config, command: [...config.entrypoint, ...config.cmd] },
    platform: image.platform,
    texts: textsOf(layers),
    knowledge: inspectKnowledge,
  });
  const search = options.findPackage?.(image);
  const hinted = search === undefined ? findings : await withPackageHints(findings, search);
  const allow = new Set<string>(options.allow);
  const ofBase = basePaths(layers, findBaseLayers(config)?.count ?? 0);
  return {
    platform: renderPlatform(image.platform),
    digest: imageDigest(image),
    ...(python === undefined ? {} : { python }),
    findings: hinted.map((finding) => ({
      ...finding,
      isAllowed: allow.has(finding.code),
      isOfBase: ofBase.has(finding.path?.slice(1) ?? ''),
    })),
    checked,
  };
}

/** What is in the lowest layers and in none above them. */
function basePaths(layers: readonly LayerFacts[], count: number): ReadonlySet<string> {
  const paths = new Set(layers.slice(0, count).flatMap(({ files }) => files.map(({ path }) => path)));
  for (const { files } of layers.slice(count)) for (const { path } of files) paths.delete(path);
  return paths;
}

/** The texts of all layers, those of a later one in place of an earlier one's. */
export function textsOf(layers: readonly LayerFacts[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const layer of layers) {
    for (const { path } of layer.files) texts.delete(path);
    for (const [path, text] of Object.entries(layer.texts)) texts.set(path, text);
  }
  return texts;
}

/** Throws `USAGE` for codes that no finding has. */
export function assertCodes(codes: readonly string[]): void {
  const known: readonly string[] = findingCodes;
  for (const code of codes) {
    if (known.includes(code)) continue;
    const nearest = nearestName(code, known);
    throw new TareError({
      code: 'USAGE',
      message: `there is no finding \`${code}\` to be allowed`,
      expected: known.join(', '),
      ...(nearest === undefined ? {} : { hint: `give \`--allow ${nearest}\`` }),
    });
  }
}

function reportOf(image: string, platforms: readonly VerifiedPlatform[]): VerifyReport {
  const all = platforms.flatMap((one) => one.findings);
  const open = all.filter((one) => !one.isAllowed);
  const errors = open.filter((one) => one.severity === 'error').length;
  const counts = { errors, warnings: open.length - errors, allowed: all.length - open.length };
  return { image, isSound: errors === 0, counts, platforms };
}

function chooseImages(
  images: readonly Image[],
  platforms: readonly string[] | undefined,
  where: string,
): readonly Image[] {
  if (platforms === undefined || platforms.length === 0) return images;
  return platforms.map((text) => {
    const wanted = parsePlatform(text);
    const found = images.find((one) => isSamePlatform(one.platform, wanted));
    if (found !== undefined) return found;
    throw new TareError({
      code: 'PLATFORM_MISSING',
      message: `there is no image for ${renderPlatform(wanted)}`,
      where,
      expected: renderPlatform(wanted),
      actual: images.map((one) => renderPlatform(one.platform)).join(', '),
      hint: 'choose one that is there with --platform',
    });
  });
}
