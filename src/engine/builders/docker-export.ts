import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackArchive } from '../../store/read-archive.ts';
import { runClient } from './client.ts';
import type { DockerClient } from './docker-client.ts';
import { pushFailed } from './failed.ts';
import type { BuildOutcome, BuildRequest, BuildSession } from './types.ts';

/** Brings an image of the engine to where it is wanted: `docker save` for a layout, `docker push`. */
export async function exportDocker(
  docker: Pick<DockerClient, 'file'>,
  request: BuildRequest,
  session: BuildSession,
  image: string,
): Promise<BuildOutcome> {
  const { context, room } = session;
  let digest: string | undefined;
  for (const output of request.outputs) {
    if (output.kind === 'load') continue;
    const archive = join(room, 'image.tar');
    const args = output.kind === 'layout' ? ['save', '--output', archive, image] : ['push', request.tag ?? image];
    const ran = await runClient(session, { file: docker.file, args, env: context.env, cwd: room });
    context.signal.throwIfAborted();
    if (ran.code !== 0) throw pushFailed('docker', output.kind, request.tag, ran.output);
    if (output.kind === 'push') digest = /digest: (sha256:[0-9a-f]{64})/.exec(ran.output)?.[1];
    else {
      await unpackArchive(archive, output.dir, context.signal);
      await rm(archive, { force: true });
    }
  }
  return digest === undefined ? {} : { digest };
}
