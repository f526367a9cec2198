import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { assertRunnable, isForeign } from '../platform-support.ts';
import type { Builder, BuildRequest, Feature } from './types.ts';

const words: Readonly<Record<Feature, string>> = {
  mounts: '`RUN --mount` for caches and secrets',
  link: '`COPY --link`',
  platforms: 'several platforms in one image',
  'cache-from': 'a cache that is read from elsewhere',
  'cache-to': 'a cache that is written elsewhere',
  'rewrite-timestamp': 'times of files from SOURCE_DATE_EPOCH',
  load: 'loading the image into an engine',
  push: 'pushing the image',
};

/** What a request wants of its builder; times of files are given where they can be and no reason to fail. */
function featuresOf(request: BuildRequest): readonly Feature[] {
  return [
    ...request.needs,
    ...(request.platforms.length > 1 ? (['platforms'] as const) : []),
    ...(request.cacheFrom.length > 0 ? (['cache-from'] as const) : []),
    ...(request.cacheTo.length > 0 ? (['cache-to'] as const) : []),
    ...request.outputs.flatMap(({ kind }) => (kind === 'layout' ? [] : [kind])),
  ];
}

/** Throws `BUILDER_TOO_OLD` or `PLATFORM_NOT_BUILDABLE`, before anything is built. */
export async function assertCapable(context: Context, builder: Builder, request: BuildRequest): Promise<void> {
  for (const feature of featuresOf(request)) assertFeature(builder, feature);
  for (const platform of request.platforms) await assertBuildable(context, builder, platform);
}

/** Throws `BUILDER_TOO_OLD`, naming what would have the feature. */
export function assertFeature(builder: Builder, feature: Feature): void {
  const needed = builder.lacks[feature];
  if (needed === undefined) return;
  throw new TareError({
    code: 'BUILDER_TOO_OLD',
    message: `${builder.title} cannot do this: ${words[feature]}`,
    expected: needed,
    actual: builder.title,
    hint:
      feature === 'mounts' || feature === 'link'
        ? 'use a newer builder, or `--variant plain`, which every builder understands'
        : 'choose another --engine, or leave out what needs it',
  });
}

/** Throws `PLATFORM_NOT_BUILDABLE` where the builder runs no program of the platform, as far as it tells. */
export async function assertBuildable(context: Context, builder: Builder, platform: string): Promise<void> {
  if (builder.platforms !== undefined) {
    if (builder.platforms.includes(platform)) return;
    throw notBuildable(builder, platform, builder.platforms.join(', '));
  }
  // The others build where they are called, or in a machine of their own that is not looked into.
  if (!isForeign(context, platform) || builder.name === 'docker') return;
  await assertRunnable(context, platform).catch((error: unknown) => {
    throw error instanceof TareError ? notBuildable(builder, platform, error.actual ?? '', error) : error;
  });
}

function notBuildable(builder: Builder, platform: string, actual: string, cause?: unknown): TareError {
  return new TareError({
    code: 'PLATFORM_NOT_BUILDABLE',
    message: `${builder.title} cannot run programs for ${platform}, which the steps of a Dockerfile are`,
    expected: platform,
    actual,
    hint:
      builder.name !== 'docker'
        ? 'install emulators where it runs (apt-get install qemu-user-static binfmt-support), then start it again; or build without --engine, which runs nothing'
        : 'use a builder that knows platforms (BuildKit: leave DOCKER_BUILDKIT=0 out, or install docker-buildx); or build without --engine, which runs nothing',
    ...(cause === undefined ? {} : { cause }),
  });
}
