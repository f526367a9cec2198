import type { Context } from '../base/context.ts';
import { isTareError } from '../base/errors.ts';
import type { Engine, RunningContainer, RunSession } from './container.ts';
import { listEngines } from './detect-engine.ts';
import { healthcheckUrl, waitForHealthcheck } from './healthcheck.ts';
import { assertVolumes } from './host-mounts.ts';
import { openOutput } from './output.ts';
import { assertRunnable } from './platform-support.ts';
import { assertPortFree, forwardPort, type PortForward } from './port-forward.ts';
import type { RunRequest, RunResult } from './run-request.ts';
import { withRunRoom } from './run-room.ts';
import { forwardSignals, isEnding, signalOfExitCode } from './signals.ts';

export { parsePort, parseVolume } from './run-arguments.ts';
export type * from './run-request.ts';

const graceSeconds = 10;

/**
 * Runs an image until its process ends, with whatever can run one here. This process's signals go to it, and it never
 * outlives this process. Throws `ENGINE_MISSING`, `ENGINE_FAILED`, `PLATFORM_NOT_RUNNABLE`, `PORT_IN_USE`,
 * `PORT_DENIED`, `VOLUME_MISSING`, `COMMAND_NOT_FOUND`, `USER_NOT_NUMERIC`, `HEALTHCHECK_EXITED`, `HEALTHCHECK_TIMEOUT`.
 */
export async function runImage(context: Context, request: RunRequest): Promise<RunResult> {
  await assertRunnable(context, request.image.platform);
  await assertVolumes(request.volumes);
  for (const { host } of request.ports) await assertPortFree(host);
  let failure: unknown;
  for await (const engine of listEngines(context, request)) {
    if (failure !== undefined) context.log.warn(`${messageOf(failure)}; trying ${engine.name}`);
    try {
      return await runWith(context, request, engine);
    } catch (error) {
      if (request.engine !== undefined || !isTareError(error) || error.code !== 'ENGINE_FAILED') throw error;
      failure = error;
    }
  }
  throw failure;
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

async function runWith(context: Context, request: RunRequest, engine: Engine): Promise<RunResult> {
  if (engine.hostNetwork) await assertContainerPorts(request);
  context.log.debug(`running with ${engine.name}`);
  return withRunRoom(context, async (room) => {
    const session: RunSession = { room, output: openOutput(request) };
    const target = pendingTarget();
    const release = forwardSignals(target, engine.name === 'namespaces' && request.tty ? terminalSignals : []);
    const forwards: PortForward[] = [];
    let container: RunningContainer | undefined;
    try {
      container = await engine.start(context, request, session);
      target.attach(container);
      if (engine.hostNetwork) {
        for (const port of request.ports) if (port.host !== port.container) forwards.push(await forwardPort(port));
      }
      return await attend(context, request, session, container, target.wasAskedToEnd);
    } finally {
      for (const forward of forwards) await forward.close();
      await container?.close();
      release();
    }
  });
}

/** With a terminal and no engine between, the terminal gives these to tare and to the process alike. */
const terminalSignals = ['SIGINT', 'SIGQUIT', 'SIGWINCH'] as const;

async function assertContainerPorts(request: RunRequest): Promise<void> {
  for (const { host, container } of request.ports) if (container !== host) await assertPortFree(container);
}

interface PendingTarget {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly attach: (container: RunningContainer) => void;
  readonly wasAskedToEnd: () => boolean;
}

/** Keeps a request to end that comes before there is a container. */
function pendingTarget(): PendingTarget {
  let container: RunningContainer | undefined;
  let wanted: NodeJS.Signals | undefined;
  let asked = false;
  return {
    wasAskedToEnd: () => asked,
    kill: (signal) => {
      asked ||= isEnding(signal);
      if (container !== undefined) container.kill(signal);
      else if (isEnding(signal)) wanted = signal;
    },
    attach: (started) => {
      container = started;
      if (wanted !== undefined) started.kill(wanted);
    },
  };
}

async function attend(
  context: Context,
  request: RunRequest,
  session: RunSession,
  container: RunningContainer,
  wasAskedToEnd: () => boolean,
): Promise<RunResult> {
  const stop = (): void => void stopContainer(container);
  context.signal.addEventListener('abort', stop);
  if (context.signal.aborted) stop();
  try {
    const { healthcheck } = request;
    if (healthcheck !== undefined) {
      const { finished } = container;
      const status = await waitForHealthcheck(healthcheck, {
        finished,
        tail: session.output.tail,
        signal: context.signal,
      });
      context.log.info(`${healthcheckUrl(healthcheck)} answers with status ${status}`);
      if (request.stopAfterHealthcheck === true) {
        await stopContainer(container);
        return { exitCode: 0 };
      }
    }
    return renderResult(await container.finished);
  } catch (error) {
    // That it ended before it answered is no failure where the person ended it.
    if (isTareError(error) && error.code === 'HEALTHCHECK_EXITED' && wasAskedToEnd())
      return renderResult(await container.finished);
    throw error;
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

function renderResult(exitCode: number): RunResult {
  const signal = signalOfExitCode(exitCode);
  return signal === undefined ? { exitCode } : { exitCode, signal };
}

/** Asks the process to end, and ends it where it does not in time. */
async function stopContainer(container: RunningContainer): Promise<void> {
  const timer = setTimeout(() => container.kill('SIGKILL'), graceSeconds * 1000);
  container.kill('SIGTERM');
  try {
    await container.finished;
  } catch (error) {
    if (!isTareError(error)) throw error;
  } finally {
    clearTimeout(timer);
  }
}
