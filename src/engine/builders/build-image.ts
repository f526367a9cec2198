import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDiskHint } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { redact } from '../../base/redact.ts';
import { dockerfileName, ignorefileName, secretPath } from './arguments.ts';
import { assertCapable } from './assert-capable.ts';
import { createMask } from './failed.ts';
import { followSteps } from './progress.ts';
import { withPrivateRoom } from './scratch.ts';
import type { Builder, BuildOutcome, BuildRequest } from './types.ts';

/**
 * Builds a Dockerfile with a builder that was found. `room` is a folder of this build alone. `onLine` gets all that the builder says, without
 * credentials. Throws `BUILDER_TOO_OLD`, `PLATFORM_NOT_BUILDABLE`, `ENGINE_BUILD_FAILED`, `ENGINE_EXPORT_FAILED`.
 */
export async function buildImage(
  context: Context,
  builder: Builder,
  request: BuildRequest,
  room: string,
  onLine: (line: string) => void,
): Promise<BuildOutcome> {
  await assertCapable(context, builder, request);
  return withPrivateRoom(context, room, async (folder) => {
    await writeInputs(folder, request);
    const steps = followSteps(context.progress);
    const mask = createMask(request.secrets);
    const hear = (raw: string): void => {
      const line = redact(mask(raw));
      onLine(line);
      steps.onLine(line);
    };
    try {
      return await builder.build(request, { context, room: folder, onLine: hear });
    } finally {
      steps.close();
    }
  });
}

async function writeInputs(folder: string, { dockerfile, ignorefile, secrets }: BuildRequest): Promise<void> {
  try {
    await writeFile(join(folder, dockerfileName), dockerfile, { mode: 0o600 });
    await writeFile(join(folder, ignorefileName), ignorefile, { mode: 0o600 });
    for (const [at, { content }] of secrets.entries())
      await writeFile(secretPath(folder, at), content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw withDiskHint(error, folder);
  }
}
