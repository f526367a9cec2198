import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { ask, type EngineClient } from './client-command.ts';
import type { Engine, RunningContainer, RunSession } from './container.ts';
import { renderCreateArguments, renderEnvironmentFile } from './create-arguments.ts';
import { commandNotFound, engineFailed, reportFailure } from './engine-failure.ts';
import { startGuard } from './guard.ts';
import { sendSignal, startHostProcess } from './host-process.ts';
import { provideImage } from './provide-image.ts';
import type { RunRequest } from './run-request.ts';

/** docker or podman through its own command: load, create, start attached, and ask for the exit code. */
export function clientEngine(client: EngineClient): Engine {
  return {
    name: client.name,
    hostNetwork: client.hostNetwork,
    start: async (context, request, session) => {
      const image = await provideImage(context, client, request, session);
      const container = await createContainer(context, client, request, session, image);
      return startContainer(context, client, request, session, container);
    },
  };
}

async function createContainer(
  context: Context,
  client: EngineClient,
  request: RunRequest,
  session: RunSession,
  image: string,
): Promise<string> {
  const environmentFile = join(session.room, 'environment');
  await writeFileAtomically(environmentFile, renderEnvironmentFile(request.env), 0o600);
  const args = renderCreateArguments(request, {
    image,
    environmentFile,
    hostNetwork: client.hostNetwork,
    ...(client.limits === undefined ? {} : { limits: client.limits }),
  });
  const result = await ask(context, client, args);
  const id = /^[0-9a-f]{12,64}$/m.exec(result.stdout)?.[0];
  if (result.code === 0 && id !== undefined) return id;
  throw startFailure(client, request, 'create the container', result.stderr);
}

async function startContainer(
  context: Context,
  client: EngineClient,
  request: RunRequest,
  session: RunSession,
  id: string,
): Promise<RunningContainer> {
  let clientEnded = false;
  let ended = false;
  let keeps = false;
  const guard = await startGuard(context, [client.path, ...(request.remove ? ['rm', '--force'] : ['kill']), id]);
  const args = ['start', '--attach', ...(request.interactive ? ['--interactive'] : []), id];
  const attached = await startHostProcess({ file: client.path, args, env: context.env, request, session });
  const finished = attached.finished.then(async () => {
    clientEnded = true;
    const code = await exitCodeOf(context, client, id);
    ended = true;
    if (code === undefined)
      throw startFailure(client, request, 'start the container', await stateError(context, client, id, session));
    keeps = !request.remove;
    return code;
  });
  // Whoever waits for it sees the failure; this one only keeps it from being unhandled before.
  finished.catch(() => undefined);
  return {
    finished,
    kill: (signal) => {
      if (!ended) reportFailure(context.log, killContainer(context, client, id, signal));
    },
    close: async () => {
      if (!ended) await ask(context, client, ['kill', id]);
      if (!clientEnded) sendSignal(attached.pid, 'SIGTERM');
      if (!keeps) await ask(context, client, ['rm', '--force', id]);
      await finished.catch(() => undefined);
      guard.dismiss();
    },
  };
}

const killAttempts = 20;
const killPauseMs = 100;

/** By the engine and not through its attached client, which passes signals on only from some moment on, and with a terminal never. */
async function killContainer(
  context: Context,
  client: EngineClient,
  id: string,
  signal: NodeJS.Signals,
): Promise<void> {
  for (let attempt = 0; attempt < killAttempts; attempt++) {
    const { code } = await ask(context, client, ['kill', '--signal', signal, id]);
    if (code === 0 || (await statusOf(context, client, id)).status === 'exited') return;
    await new Promise((resolve) => setTimeout(resolve, killPauseMs));
  }
}

interface ContainerStatus {
  readonly status: string;
  readonly exitCode: number;
}

async function statusOf(context: Context, client: EngineClient, id: string): Promise<ContainerStatus> {
  const { stdout } = await ask(context, client, [
    'container',
    'inspect',
    '--format',
    '{{.State.Status}} {{.State.ExitCode}}',
    id,
  ]);
  const [status = '', exitCode = ''] = stdout.trim().split(' ');
  return { status, exitCode: Number(exitCode) };
}

/** The exit code of a container that ended, waiting for one that the client left; undefined where it never ran. */
async function exitCodeOf(context: Context, client: EngineClient, id: string): Promise<number | undefined> {
  let state = await statusOf(context, client, id);
  if (['running', 'stopping', 'paused'].includes(state.status)) {
    await ask(context, client, ['wait', id]);
    state = await statusOf(context, client, id);
  }
  return ['exited', 'stopped', 'dead', 'removing'].includes(state.status) ? state.exitCode : undefined;
}

async function stateError(context: Context, client: EngineClient, id: string, session: RunSession): Promise<string> {
  const { stdout } = await ask(context, client, ['container', 'inspect', '--format', '{{.State.Error}}', id]);
  if (stdout.trim() !== '') return stdout;
  return session.output.captured ? session.output.tail() : 'see what it said above';
}

function startFailure(client: EngineClient, request: RunRequest, doing: string, text: string): Error {
  const missing = /exec: \\?"([^"\\]+)\\?": (?:executable file not found|stat )/.exec(text)?.[1];
  return missing === undefined
    ? engineFailed(client.name, doing, text)
    : commandNotFound(missing, request.image.platform);
}
