import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Digest } from '../../base/digest.ts';
import { isTareError } from '../../base/errors.ts';
import { type ChosenFiles, resolveWheels, type WheelLookup } from '../../plan/wheels.ts';
import type { IndexClient } from '../../python/index-client.ts';
import type { LockedDistribution } from '../../python/locked.ts';
import type { PackageName } from '../../python/package-name.ts';
import type { WheelInputs } from './resolution.ts';

/** One wheel for each distribution, or its source, and where that is: as the lock says, or the index. */
export async function chooseWheels(
  inputs: Pick<WheelInputs, 'resolver' | 'project' | 'target'>,
  distributions: readonly LockedDistribution[],
): Promise<ChosenFiles> {
  return resolveWheels(distributions, inputs.target, wheelLookup(inputs));
}

/** The configured indexes, and the folder of the project. */
export function wheelLookup({ resolver, project }: Pick<WheelInputs, 'resolver' | 'project'>): WheelLookup {
  const { client } = resolver;
  return {
    indexFiles: async (name) => (await client()).project(name),
    sha256: async (file) => (await client()).sha256(file),
    mirrored: async (name, { filename, sha256 }) =>
      resolver.isMirrored ? mirroredUrl(await client(), name, filename, sha256) : undefined,
    fileUrl: (path) => pathToFileURL(join(project.root, path)).href,
  };
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
