import { join, resolve } from 'node:path';
import type { InlineConfig } from '../config/schema.ts';
import {
  type EngineName,
  type PortMapping,
  type RunnableServing,
  type RunResult,
  runImage,
  type VolumeMount,
} from '../engine/run.ts';
import { parseImageConfig } from '../oci/config.ts';
import { configDescriptor, type Image, imageDigest } from '../oci/image.ts';
import { hostPlatform, parsePlatform, renderPlatform } from '../oci/platform.ts';
import { readOnlyLabel } from '../plan/labels.ts';
import { writeDockerArchive } from '../store/docker-archive.ts';
import { isLayout, readLayout } from '../store/read-layout.ts';
import { writeRootfs } from '../store/rootfs.ts';
import { build } from './build.ts';
import type { MeteredContext } from './context.ts';
import { servedImage } from './image/served.ts';
import type { LockWish } from './lock/session.ts';
import { pullIntoCache } from './pull.ts';
import { imageReferenceOf } from './registry/access.ts';
import { pushableImages } from './registry/push-content.ts';

export { parsePort, parseVolume } from '../engine/run.ts';

export interface RunOptions {
  /** Only this platform of an image that has several. @default the machine's */
  readonly platform?: string;
  readonly ports: readonly PortMapping[];
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly VolumeMount[];
  /** Where false, an image that is made for it is read-only all the same. */
  readonly readOnly: boolean;
  readonly remove: boolean;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly command?: readonly string[];
  readonly engine?: EngineName;
  /** Path to ask until it answers. */
  readonly healthcheck?: string;
  readonly healthcheckSeconds: number;
  readonly stopAfterHealthcheck: boolean;
  /** Called between building and running: the moment to put away a progress view. */
  readonly onBuilt?: () => void;
  /** How a lock of the image is dealt with where one is built. @default it is used, and brought up to date */
  readonly lock?: LockWish;
  /** The registry of an image may have no TLS, or any certificate. @default false */
  readonly isInsecure?: boolean;
}

/** Runs an OCI layout or an image of a registry, or builds the application in a folder and runs that. Throws `TareError`. */
export async function run(
  target: string,
  inline: InlineConfig,
  options: RunOptions,
  context: MeteredContext,
): Promise<RunResult> {
  const wanted = parsePlatform(
    options.platform ?? renderPlatform(hostPlatform(context.host)).replace(/^[^/]+/, 'linux'),
  );
  const { image, layoutDir } = await openImage(target, inline, renderPlatform(wanted), context, options);
  options.onBuilt?.();
  const { env, entrypoint, cmd, user, workdir, exposedPorts, labels } = parseImageConfig(image.config, layoutDir);
  const ports = options.ports.length > 0 ? options.ports : defaultPorts(exposedPorts);
  const [first] = ports;
  return runImage(context, {
    image: {
      layoutDir,
      platform: renderPlatform(image.platform),
      config: {
        env: env.map(({ name, value }) => `${name}=${value}`),
        ...(entrypoint.length === 0 ? {} : { entrypoint }),
        cmd,
        user,
        workingDir: workdir === '' ? '/' : workdir,
      },
      configDigest: configDescriptor(image).digest,
    },
    served: await servingOf(image, labels),
    writeDockerArchive: async (file) => {
      await writeDockerArchive(file, [image], { signal: context.signal });
    },
    unpackRootfs: async (dir) => {
      await writeRootfs(image, dir, { signal: context.signal });
    },
    ports,
    env: options.env,
    volumes: options.volumes,
    readOnly: options.readOnly || labels[readOnlyLabel] === 'true',
    remove: options.remove,
    interactive: options.interactive,
    tty: options.tty,
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    ...(options.healthcheck === undefined
      ? {}
      : {
          healthcheck: {
            path: options.healthcheck,
            timeoutSeconds: options.healthcheckSeconds,
            port: first?.host ?? 8000,
          },
        }),
    stopAfterHealthcheck: options.stopAfterHealthcheck,
  });
}

/** An engine keeps what was run last under a name of its project, and what was there before without one. */
async function servingOf(image: Image, labels: Readonly<Record<string, string>>): Promise<RunnableServing> {
  const title = labels['org.opencontainers.image.title'] ?? '';
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? ['image'];
  const repository = `tare-run/${words.join('-').slice(0, 100).replace(/-$/, '')}`;
  return {
    image: servedImage(await pushableImages([image]), repository),
    digest: imageDigest(image),
    name: `localhost/${repository}:latest`,
  };
}

interface OpenedImage {
  readonly image: Image;
  readonly layoutDir: string;
}

async function openImage(
  target: string,
  inline: InlineConfig,
  platform: string,
  context: MeteredContext,
  { lock, isInsecure }: Pick<RunOptions, 'lock' | 'isInsecure'>,
): Promise<OpenedImage> {
  const reference = await imageReferenceOf(target);
  if (reference !== undefined) {
    const wish = { platforms: [platform], ...(isInsecure === undefined ? {} : { isInsecure }) };
    const { dir } = await pullIntoCache(reference, wish, context);
    return { image: await readLayout(dir, parsePlatform(platform)), layoutDir: dir };
  }
  const place = resolve(target);
  if (await isLayout(place)) return { image: await readLayout(place, parsePlatform(platform)), layoutDir: place };
  const layoutDir = join(place, '.tare', 'image');
  const built = await build(place, { platforms: [platform], ...inline, output: `oci:${layoutDir}` }, context, lock);
  const image = built.images.find((one) => renderPlatform(one.platform) === platform) ?? built.images[0];
  if (image === undefined) throw new Error('a build without an image');
  return { image, layoutDir };
}

/** Without `-p`, what the image exposes is reached on the same ports of this machine. */
function defaultPorts(exposed: readonly string[]): readonly PortMapping[] {
  return exposed.flatMap((text) => {
    const port = Number(text.split('/', 1)[0]);
    return Number.isInteger(port) ? [{ host: port, container: port }] : [];
  });
}
