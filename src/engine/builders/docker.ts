import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { runProgram } from '../program.ts';
import { buildArgs, dockerfileName, pairs, repeated, secretFields } from './arguments.ts';
import { runClient } from './client.ts';
import { type DockerClient, findDockerClient } from './docker-client.ts';
import { packContext, packedDockerfile } from './docker-context.ts';
import { exportDocker } from './docker-export.ts';
import { buildFailed } from './failed.ts';
import type { Builder, BuilderAbsence, BuildOutcome, BuildRequest, BuildSession, Feature } from './types.ts';
import { isAtLeast } from './version.ts';

/** docker's own `build`, whatever builds behind it. */
export async function findDockerBuilder(context: Context): Promise<Builder | BuilderAbsence> {
  const found = await findDockerClient(context);
  return 'reason' in found ? found : dockerBuilder(context, found);
}

export function dockerBuilder(context: Context, docker: DockerClient): Builder {
  const how = docker.kind === 'legacy' ? 'without BuildKit' : docker.kind === 'buildx' ? 'buildx' : 'its own BuildKit';
  return {
    name: 'docker',
    version: docker.server,
    title: `docker ${docker.server} (${how})`,
    lacks: lacksOfDocker(docker),
    // The old builder makes images of the engine's platform, whatever it is asked for.
    ...(docker.kind === 'legacy' && docker.platform !== undefined ? { platforms: [docker.platform] } : {}),
    build: (request, session) => buildWithDocker(context, docker, request, session),
  };
}

/** What Docker's own builder cannot do; of a plugin buildx, the builder of the engine. */
export function lacksOfDocker({ kind, client, server }: DockerClient): Readonly<Partial<Record<Feature, string>>> {
  const elsewhere = 'buildx with a builder of its own: `docker buildx create --use --driver docker-container`';
  const transfer = { platforms: elsewhere, 'cache-to': elsewhere, 'rewrite-timestamp': elsewhere };
  if (kind !== 'legacy') return { ...transfer, ...(isAtLeast(server, '23.0.0') ? {} : { link: 'Docker 23' }) };
  const buildkit = isAtLeast(client, '23.0.0')
    ? 'the plugin buildx: apt-get install docker-buildx-plugin (or docker-buildx)'
    : 'BuildKit: Docker 18.09 or newer, and DOCKER_BUILDKIT not 0';
  return { ...transfer, mounts: buildkit, link: buildkit };
}

async function buildWithDocker(
  context: Context,
  docker: DockerClient,
  request: BuildRequest,
  session: BuildSession,
): Promise<BuildOutcome> {
  const iidFile = join(session.room, 'image-id');
  const isLegacy = docker.kind === 'legacy';
  const env = { ...context.env, ...request.proxies, DOCKER_BUILDKIT: isLegacy ? '0' : '1' };
  const isKept = request.outputs.some((output) => output.kind !== 'layout');
  const args = [
    ...['build', '--iidfile', iidFile],
    ...(isKept && request.tag !== undefined ? ['--tag', request.tag] : []),
    ...(docker.hostNetwork || request.hostNetwork ? ['--network', 'host'] : []),
    ...(isLegacy ? [] : repeated('--platform', request.platforms)),
    ...(request.noCache ? ['--no-cache'] : []),
    ...repeated('--build-arg', pairs(buildArgs(request))),
    // By name alone: the client takes the values, which may hold a password, from its environment.
    ...repeated('--build-arg', Object.keys(request.proxies)),
    ...repeated('--cache-from', request.cacheFrom),
    // The old builder cannot take its Dockerfile and its ignore file from elsewhere: it gets the context made ready.
    ...(isLegacy
      ? ['--force-rm', '--file', packedDockerfile, '-']
      : [
          ...repeated('--secret', secretFields(request, session.room)),
          ...['--progress', 'plain', '--file', join(session.room, dockerfileName), '.'],
        ]),
  ];
  const input = isLegacy ? { input: packContext(request, context.signal) } : {};
  const { code, output } = await runClient(session, {
    file: docker.file,
    args,
    env,
    cwd: isLegacy ? session.room : request.directory,
    ...input,
  });
  context.signal.throwIfAborted();
  if (code !== 0) throw buildFailed('docker', output, request);
  const imageId = ((await readTextIfThere(iidFile)) ?? '').trim();
  const pushed = await exportDocker(docker, request, session, imageId);
  if (!isKept) await forget(context, docker, imageId);
  await rm(iidFile, { force: true });
  return { imageId, ...pushed };
}

/** Nobody asked for the image in the engine; one that is called something there was there before. */
async function forget(context: Context, docker: DockerClient, imageId: string): Promise<void> {
  const options = { env: context.env };
  const named = await runProgram(
    docker.file,
    ['image', 'inspect', '--format', '{{len .RepoTags}}{{len .RepoDigests}}', imageId],
    options,
  );
  if (named.code === 0 && named.stdout.trim() === '00')
    await runProgram(docker.file, ['image', 'rm', imageId], options);
}
