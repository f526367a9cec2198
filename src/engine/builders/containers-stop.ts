import { readTextIfThere } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { childrenOf, sendSignal } from '../host-process.ts';
import { runProgram } from '../program.ts';
import type { BuildSession } from './types.ts';

/** What is known of a build's working containers. */
export interface WorkingContainers {
  /** Those that the client named. */
  readonly ids: readonly string[];
  /** Layers that the build made, by the start of their identifier: who works on one of these is of the build, too. */
  readonly images: readonly string[];
}

/** The same session without what the client says for developers, of which the containers that it makes are kept. */
export function watchContainers(session: BuildSession): {
  readonly session: BuildSession;
  readonly containers: () => WorkingContainers;
} {
  const ids: string[] = [];
  const images = new Set<string>();
  return {
    session: {
      ...session,
      onLine: (line) => {
        const id = /level=debug msg="Container ID: ([0-9a-f]{12,64})"/.exec(line)?.[1];
        if (id !== undefined) ids.push(id);
        const made = /^--> ([0-9a-f]{11,64})$/.exec(line)?.[1];
        if (made !== undefined) images.add(made);
        // What was there before may be in use by another build.
        const found = /^--> Using cache ([0-9a-f]{64})$/.exec(line)?.[1];
        if (found !== undefined) images.delete(found.slice(0, 11));
        if (!isDebugLine(line)) session.onLine(line);
      },
    },
    containers: () => ({ ids, images: [...images] }),
  };
}

/** What podman and buildah say only because they were asked to say everything. */
export function isDebugLine(line: string): boolean {
  return /^time="[^"]*" level=(?:debug|info|trace) /.test(line);
}

/**
 * Ends the step that runs, so that the client fails as with any failing step and clears up after itself. Asked to end itself, it would
 * leave its containers, and podman also the step that runs. Where no step runs there is nothing else to do but that.
 */
export async function stopBuild(pid: number): Promise<void> {
  let steps = await stepsOf(pid);
  if (steps.length === 0) sendSignal(-pid, 'SIGTERM');
  // It may begin another stage that does not depend on the step.
  for (let round = 0; steps.length > 0 && round < mostRounds; round += 1) {
    for (const step of steps) sendSignal(step, 'SIGKILL');
    await new Promise<void>((resolve) => void setTimeout(resolve, 1000).unref());
    steps = await stepsOf(pid);
  }
}

const mostRounds = 10;

/** The first processes of steps: the children of what buildah starts a container with. */
async function stepsOf(pid: number): Promise<readonly number[]> {
  const steps: number[] = [];
  for (const child of await childrenOf(pid)) {
    const name = (await readTextIfThere(`/proc/${child}/cmdline`))?.split('\0')[0] ?? '';
    if (/buildah-oci-runtime|buildah-runtime/.test(name)) steps.push(...(await childrenOf(child)));
    // Rootless, the client runs once more in a user namespace.
    else steps.push(...(await stepsOf(child)));
  }
  return steps;
}

const mostAttempts = 5;

/** Containers that a client which did not end well may have left. Those that are gone are no problem. */
export async function removeWorkingContainers(
  context: Context,
  file: string,
  { ids, images }: WorkingContainers,
): Promise<void> {
  const isBuildah = file.endsWith('buildah');
  const options = { env: context.env, timeoutSeconds: 60 };
  const list = isBuildah
    ? ['containers', '--noheading', '--notruncate', '--format', '{{.ContainerID}} {{.ImageID}}']
    : ['ps', '--all', '--external', '--no-trunc', '--format', '{{.ID}} {{.ImageID}}'];
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const { stdout } = await runProgram(file, list, options);
    const left = stdout.split('\n').flatMap((line) => {
      const [id = '', image = ''] = line.trim().split(/\s+/);
      return ids.includes(id) || images.some((one) => image.replace('sha256:', '').startsWith(one)) ? [id] : [];
    });
    if (left.length === 0) return;
    const { stderr } = await runProgram(file, [...(isBuildah ? ['rm'] : ['rm', '--force']), ...left], options);
    if (stderr !== '') context.log.debug(stderr.trim());
    // What the client had open may be let go of a moment later.
    await new Promise<void>((resolve) => void setTimeout(resolve, 500));
  }
}
