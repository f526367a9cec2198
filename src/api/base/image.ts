import { isAbsolute, join } from 'node:path';
import type { BaseCache, BaseImage } from '../../base-image/base-image.ts';
import { assertGlibc } from '../../base-image/libc.ts';
import { suiteOf } from '../../base-image/os-release.ts';
import { assertPython } from '../../base-image/pythons.ts';
import { readBaseImage } from '../../base-image/read-base.ts';
import type { Because } from '../../base/because.ts';
import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { noOutput } from '../../config/resolve.ts';
import { type Image, imageDigest } from '../../oci/image.ts';
import { hostPlatform, parsePlatform, renderPlatform } from '../../oci/platform.ts';
import { allowsPython, isFreeThreadedAbi, resolvePython } from '../../plan/python.ts';
import type { Architecture } from '../../plan/target.ts';
import type { PlannedPython } from '../../plan/types.ts';
import type { PythonFact } from '../../project/facts.ts';
import type { Cache } from '../../store/cache.ts';
import { writeLayerFacts } from '../../store/layer-facts.ts';
import { readLayout } from '../../store/read-layout.ts';
import { resolveDebian } from '../indexes/debian.ts';
import { readRemoteImage } from '../registry/remote-image.ts';
import { openRoot, openRootOnce } from '../registry/remote-root.ts';
import { venvPrefix } from './core-set.ts';
import type { BaseWish, ResolvedImage } from './resolution.ts';

/** The image that the configuration names, as a base. */
export async function resolveNamedImage(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
): Promise<ResolvedImage> {
  const image = await openNamedImage(context, cache, wish, architecture);
  const because = wish.config.origins.base ?? { rule: 'configured' };
  return resolveImageBase(context, cache, wish, architecture, image, because);
}

/** An image as a base: its layers are read where they are not known yet, and kept only where they will be wanted. */
export async function resolveImageBase(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
  image: Image,
  because: Because,
): Promise<ResolvedImage> {
  const isKept = keepsLayers(context, wish, architecture);
  const base = await readBaseImage(image, baseCacheOf(cache, isKept), context);
  return imageAsBase(context, wish, architecture, base, because);
}

/** An image that was read, as the base of a project. Throws where it is none for it. */
export async function imageAsBase(
  context: Context,
  wish: BaseWish,
  architecture: Architecture,
  base: BaseImage,
  because: Because,
): Promise<ResolvedImage> {
  const title = base.osRelease?.prettyName ?? 'an image that does not say what it is';
  const glibc = assertGlibc(base);
  const chosen = choosePython(base, wish.python, title);
  const known = suiteIfKnown(base);
  const debian =
    known.suite === undefined
      ? {}
      : await resolveDebian(context, wish.config, wish.project, known.suite, architecture.debian);
  return {
    image: base,
    debs: [],
    debian,
    base: {
      provider: 'image',
      title,
      ...known,
      architecture: architecture.debian,
      glibc,
      digest: imageDigest(base.image),
      packageState: base.database.state,
      packages: base.database.packages.map(({ name, version }) => ({ name, version })),
      layers: base.layers.map(({ descriptor }) => ({ digest: descriptor.digest, size: descriptor.size })),
      because,
    },
    python: chosen,
  };
}

/** Packages can be added where the suite is known; whether any must be is seen later. */
function suiteIfKnown(base: BaseImage): { readonly suite?: string } {
  if (base.osRelease?.id !== 'debian' || base.database.kind === 'none') return {};
  return { suite: suiteOf(base) };
}

/** The base's Python is the plan's Python. */
function choosePython(base: BaseImage, wanted: PythonFact | undefined, title: string): PlannedPython {
  const offered = base.pythons.map((one) => ({
    python: one.version,
    origin: title,
    isFreeThreaded: isFreeThreadedAbi(one.abi),
  }));
  if (offered.length === 0) assertPython(base, wanted?.minor ?? '3');
  // The one that PATH finds first, even beside a newer one.
  const allowed = offered.filter((one) => wanted === undefined || allowsPython(wanted, one.python, one.isFreeThreaded));
  const first = allowed.find((one) => one.isFreeThreaded === (wanted?.isFreeThreaded === true)) ?? allowed[0];
  const choice = resolvePython(wanted, first === undefined ? offered : [first]);
  const found = assertPython(base, choice.isFreeThreaded ? `${choice.python}t` : choice.python);
  return {
    version: found.version,
    ...(found.fullVersion === undefined ? {} : { fullVersion: found.fullVersion }),
    abi: found.abi,
    interpreter: found.interpreter,
    prefix: venvPrefix,
    because: choice.because,
  };
}

/**
 * Whether the layers of a base will be wanted on disk: for an image that is written here, and for a Python that is started here. Else they pass
 * by once, and only what they are known by stays.
 */
function keepsLayers({ host }: Context, { config }: BaseWish, { platform }: Architecture): boolean {
  const isOwn = host.platform === 'linux' && renderPlatform(hostPlatform(host)) === platform;
  return config.output !== noOutput || (config.bytecode !== 'none' && isOwn);
}

/** What is known of layers, by the cache of the build. */
export function baseCacheOf(cache: Cache, isKept: boolean): BaseCache {
  return {
    read: (key) => cache.readRecord('base-layer', key),
    write: (key, value) => cache.writeRecord('base-layer', key, value),
    temporary: () => cache.temporary(),
    prepare: async ({ origin }) => {
      if (isKept) await origin?.bring();
    },
    note: ({ diffId }, facts) => writeLayerFacts(cache, diffId, facts),
  };
}

/** `oci:DIR`, relative to the project, or an image of a registry. Throws `BASE_INVALID`. */
async function openNamedImage(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  { platform }: Architecture,
): Promise<Image> {
  const text = wish.config.base ?? '';
  const folder = /^oci:(.+)$/.exec(text)?.[1];
  if (folder !== undefined)
    return readLayout(isAbsolute(folder) ? folder : join(wish.project, folder), parsePlatform(platform));
  const reference = /^docker:\/\/(.+)$/.exec(text)?.[1];
  if (reference !== undefined) return openImageOf(context, cache, wish, reference, platform);
  throw new TareError({
    code: 'BASE_INVALID',
    message: `\`${text}\` is not a base`,
    expected:
      '`debian`, `standalone`, `docker://REFERENCE` for an image of a registry, or `oci:DIR` for an OCI image layout',
    hint: `for an image of a registry \`--base docker://${/^[\w.:/@-]+$/.test(text) ? text : 'REFERENCE'}\``,
  });
}

/** The image that a reference stands for, the same for all platforms of a build. */
export async function openImageOf(
  context: Context,
  cache: Cache,
  { roots }: Pick<BaseWish, 'roots'>,
  reference: string,
  platform: string,
): Promise<Image> {
  const opened = await (roots === undefined
    ? openRoot(context, cache, reference)
    : openRootOnce(context, cache, reference, roots));
  return readRemoteImage(context, cache, opened, platform);
}
