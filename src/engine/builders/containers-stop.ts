import { readTextIfThere } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { childrenOf, sendSignal } from '../host-process.ts';
import { runProgram } from '../program.ts';
import type { BuildSession } from './types.ts';

/** The same session without what the client says for developers, of which the containers that it makes are kept. */
export function watchContainers(session: BuildSession): {
  readonly session: BuildSession;
  readonly containers: () => readonly string[];
} {
  const containers: string[] = [];
  return {
    session: {
      ...session,
      onLine: (line) => {
        const id = /level=debug msg="Container ID: ([0-9a-f]{12,64})"/.exec(line)?.[1];
        if (id !== undefined) containers.push(id);
        if (!isDebugLine(line)) session.onLine(line);
      },
    },
    containers: () => containers,
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
  containers: readonly string[],
): Promise<void> {
  const isBuildah = file.endsWith('buildah');
  const options = { env: context.env, timeoutSeconds: 60 };
  const list = isBuildah
    ? ['containers', '--quiet', '--noheading', '--notruncate']
    : ['ps', '--all', '--external', '--quiet', '--no-trunc'];
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const { stdout } = await runProgram(file, list, options);
    const left = containers.filter((id) => stdout.includes(id));
    if (left.length === 0) return;
    const { stderr } = await runProgram(file, [...(isBuildah ? ['rm'] : ['rm', '--force']), ...left], options);
    if (stderr !== '') context.log.debug(stderr.trim());
    // What the client had open may be let go of a moment later.
    await new Promise<void>((resolve) => void setTimeout(resolve, 500));
  }
}
