import { layerMediaType } from '../../archive/layer-entry.ts';
import { earliestTime } from '../../build/content-time.ts';
import { noCompiler, type TargetInputs } from '../../build/inputs.ts';
import { type BaseLayers, buildBaseLayers } from '../../build/steps/base-layers.ts';
import { buildEnvironmentLayer } from '../../build/steps/environment-layer.ts';
import { buildSystemLayer } from '../../build/steps/system-layer.ts';
import { buildWheelLayers } from '../../build/steps/wheel-layers.ts';
import type { BuildTools } from '../../build/tools.ts';
import type { DebPackage } from '../../debian/package.ts';
import type { UserIds } from '../../engine/user.ts';
import { renderImageConfig } from '../../oci/config.ts';
import { type Image, makeImage } from '../../oci/image.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { planWheelLayers } from '../../plan/layering.ts';
import type { PlannedUser } from '../../plan/types.ts';
import { linkTree } from '../../store/link-tree.ts';
import { addLayers } from '../../store/rootfs.ts';
import { buildFolder } from '../../wheel-build/driver-source.ts';
import { unpackBase } from '../base/unpacked.ts';
import { baseInputs } from '../python/compilers.ts';
import type { TargetWheels } from '../wheels/resolution.ts';
import type { BuildPlace } from './types.ts';

export interface RootContents {
  /** Debian packages beside those of the base. */
  readonly debs: readonly DebPackage[];
  readonly debian: TargetInputs['debian'];
  /** What the build requires, and where it is. */
  readonly wheels: TargetWheels['wheels'];
  readonly wheelUrls: TargetInputs['wheelUrls'];
  readonly user: UserIds;
}

/** The root that a wheel is built in. */
export interface BuildRoot {
  /** For engines that take images. */
  readonly image: Image;
  /** Writes it into an empty folder. */
  readonly unpack: (dir: string) => Promise<void>;
}

/** The root that a wheel is built in: the base, a toolchain, and a virtual environment of what the build requires. */
export async function buildRoot(
  tools: BuildTools,
  { base, architecture }: BuildPlace,
  contents: RootContents,
): Promise<BuildRoot> {
  const { platform } = architecture;
  const target = { platform, base: base.base, python: base.python, wheels: contents.wheels };
  const inputs = {
    ...baseInputs(base),
    systemDebs: contents.debs,
    debian: contents.debian,
    wheelUrls: contents.wheelUrls,
    wheelCompiler: noCompiler,
    compiler: noCompiler,
    requested: [],
  };
  const baseLayers = await buildBaseLayers(tools, target, inputs);
  const system = await buildSystemLayer(
    quiet(tools),
    { base: base.base, system: { policy: 'needed' } },
    inputs,
    baseLayers,
  );
  const wheels = await buildWheelLayers(tools, target, planWheelLayers(target.wheels), inputs);
  const environment = await buildEnvironmentLayer(tools, {
    target,
    inputs,
    user: userOf(contents.user),
    base: baseLayers,
    wheels,
    strict: false,
    mtime: earliestTime,
  });
  const lower: BaseLayers = [...baseLayers, ...(system === undefined ? [] : [{ record: system }])];
  const upper = [...wheels.records.values(), environment].map((record) => ({ record }));
  const image = imageOf(tools, platform, contents.user, [...lower, ...upper]);
  return {
    image,
    unpack: async (dir) => {
      // Base and toolchain are the same for many builds, and none can write to them.
      linkTree((await unpackBase(tools, lower, platform)).root, dir);
      await addLayers(image.layers.slice(lower.length), dir, tools.context.signal);
    },
  };
}

function imageOf(tools: BuildTools, platform: string, { uid, gid }: UserIds, layers: BaseLayers): Image {
  const config = renderImageConfig({
    platform: parsePlatform(platform),
    created: new Date(earliestTime * 1000),
    env: [],
    cmd: [],
    user: `${uid}:${gid}`,
    workdir: '/',
    labels: {},
    exposedPorts: [],
    layers: layers.map(({ record }) => ({ diffId: record.diffId, createdBy: 'tare: a root to build wheels in' })),
  });
  return makeImage({
    config,
    layers: layers.map(({ record: { digest, diffId, size }, blob }) => ({
      descriptor: { mediaType: blob?.mediaType ?? layerMediaType, digest, size },
      diffId,
      file: blob?.file ?? tools.cache.blobPath(digest),
      ...(blob?.origin === undefined ? {} : { origin: blob.origin }),
    })),
  });
}

/** What a root for builds lacks of an installed Debian is nobody's concern. */
function quiet(tools: BuildTools): BuildTools {
  const { context } = tools;
  return { ...tools, context: { ...context, log: { ...context.log, warn: context.log.debug } } };
}

function userOf({ uid, gid }: UserIds): PlannedUser {
  return { name: 'build', uid, gid, home: `${buildFolder}/home`, because: { rule: 'who builds wheels' } };
}
