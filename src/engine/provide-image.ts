import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../base/context.ts';
import { hostPlatform, renderPlatform } from '../oci/platform.ts';
import { ask, type EngineClient } from './client-command.ts';
import type { RunSession } from './container.ts';
import { engineFailed } from './engine-failure.ts';
import { dockerCommands, podmanCommands } from './load/load-commands.ts';
import { pullLocally, renderFallback } from './load/pull-locally.ts';
import type { RunRequest } from './run-request.ts';

/** Gives docker or podman the image where it is not there; what it is called there. Throws `ENGINE_FAILED`. */
export async function provideImage(
  context: Context,
  client: EngineClient,
  request: RunRequest,
  session: RunSession,
): Promise<string> {
  const known = await findByConfig(context, client, request);
  if (known !== undefined) return known;
  const pulled = await pullImage(context, client, request, session);
  if (pulled !== undefined) return pulled;
  const archive = join(session.room, 'image.tar');
  await request.writeDockerArchive(archive);
  const result = await ask(context, client, ['load', '--input', archive]);
  await rm(archive, { force: true });
  const image = parseLoadedImage(result.stdout);
  if (result.code !== 0 || image === undefined)
    throw engineFailed(client.name, 'load the image', `${result.stdout}${result.stderr}`);
  return image;
}

/** An image that the engine has, by the digest of its configuration: that is its name wherever there is no store of another kind. */
async function findByConfig(
  context: Context,
  client: EngineClient,
  { image: { configDigest } }: RunRequest,
): Promise<string | undefined> {
  if (configDigest === undefined) return undefined;
  const known = await ask(context, client, ['image', 'inspect', '--format', '{{.Id}}', configDigest]);
  return known.code === 0 ? configDigest : undefined;
}

/** Undefined where the engine cannot reach this machine, which is said. */
async function pullImage(
  context: Context,
  client: EngineClient,
  request: RunRequest,
  session: RunSession,
): Promise<string | undefined> {
  if (request.served === undefined) return undefined;
  const { image, digest, name } = request.served;
  const { platform } = request.image;
  const commands = client.name === 'docker' ? dockerCommands : podmanCommands;
  const pulling = { name: client.name, path: client.path, env: context.env, commands };
  const outcome = await pullLocally(context, pulling, {
    image,
    digest,
    name,
    room: session.room,
    advance: () => undefined,
    ...(platform === renderPlatform(hostPlatform(context.host)) ? {} : { platform }),
  });
  if ('reason' in outcome) {
    context.log.info(renderFallback(pulling, outcome.reason));
    return undefined;
  }
  const found = await findByConfig(context, client, request);
  if (found !== undefined) return found;
  const named = await ask(context, client, ['image', 'inspect', '--format', '{{.Id}}', name]);
  return named.code === 0 ? named.stdout.trim() : undefined;
}

/** The image that `load` names last: docker's `Loaded image: NAME`, `Loaded image ID: sha256:…`, podman's `Loaded image(s): NAME`. */
export function parseLoadedImage(stdout: string): string | undefined {
  const names = [...stdout.matchAll(/^Loaded image(?: ID|\(s\))?: (\S+?),?\s*$/gm)].map((match) => match[1]);
  return names.at(-1);
}
