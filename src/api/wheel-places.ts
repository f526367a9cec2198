import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Digest } from '../base/digest.ts';
import { isTareError } from '../base/errors.ts';
import { resolveWheels, type WheelSource } from '../plan/wheels.ts';
import type { IndexClient } from '../python/index-client.ts';
import type { LockedDistribution } from '../python/locked.ts';
import type { PackageName } from '../python/package-name.ts';
import type { WheelInputs } from './wheels.ts';

/** One wheel for each distribution, and where it is: as the lock says, or the index. */
export async function chooseWheels(
  inputs: Pick<WheelInputs, 'resolver' | 'project' | 'target'>,
  distributions: readonly LockedDistribution[],
): Promise<readonly WheelSource[]> {
  const client = inputs.resolver.client;
  return resolveWheels(distributions, inputs.target, {
    indexFiles: async (name) => (await client()).project(name),
    sha256: async (file) => (await client()).sha256(file),
    mirrored: async (name, { filename, sha256 }) =>
      inputs.resolver.isMirrored ? mirroredUrl(await client(), name, filename, sha256) : undefined,
    fileUrl: (path) => pathToFileURL(join(inputs.project.root, path)).href,
  });
}

/** Mirrors lag: what they lack comes from where the lock says. */
async function mirroredUrl(
  client: IndexClient,
  name: PackageName,
  filename: string,
  sha256: Digest,
): Promise<string | undefined> {
  try {
    const found = (await client.project(name)).find((file) => file.filename === filename);
    return found === undefined || (found.sha256 !== undefined && found.sha256 !== sha256) ? undefined : found.url;
  } catch (error) {
    if (isTareError(error) && error.code === 'PROJECT_NOT_FOUND') return undefined;
    throw error;
  }
}
