import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import type { Context, Log } from '../base/context.ts';
import { type Engine, environmentOf, type RunningContainer, type RunSession } from './container.ts';
import { engineFailed, reportFailure } from './engine-failure.ts';
import { prepareDevices } from './host-mounts.ts';
import { childrenOf, type HostProcess, sendSignal, startHostProcess } from './host-process.ts';
import { type NamespaceTools, namespaceArguments, readyWord, renderNamespaceScript } from './namespace-script.ts';
import { isForeign } from './platform-support.ts';
import { findProgram, runProgram, systemFolders } from './program.ts';
import { prepareRoot } from './root-preparation.ts';
import type { RunRequest } from './run-request.ts';
import { isEnding } from './signals.ts';
import { parseUser } from './user.ts';

/** Plain Linux namespaces by `unshare`, as root or in a user namespace; undefined where they cannot be made. */
export async function findNamespaces(context: Context): Promise<Engine | undefined> {
  if (context.host.platform !== 'linux') return undefined;
  const tools = await findTools(context);
  if (tools === undefined) return undefined;
  const rootless = process.getuid?.() !== 0;
  const probe = [...namespaceArguments(rootless), '--', '/bin/sh', '-c', ':'];
  const { code, stderr } = await runProgram(tools.unshare, probe, {
    env: context.env,
    timeoutSeconds: 20,
    signal: context.signal,
  });
  if (code !== 0) {
    context.log.debug(`namespaces cannot be made: ${stderr.trim()}`);
    return undefined;
  }
  return {
    name: 'namespaces',
    hostNetwork: true,
    start: (inner, request, session) => start(inner, tools, rootless, request, session),
  };
}

async function findTools(context: Context): Promise<NamespaceTools | undefined> {
  const [unshare, setpriv, mount, env, mkfifo, chown, mkdir] = await Promise.all(
    ['unshare', 'setpriv', 'mount', 'env', 'mkfifo', 'chown', 'mkdir'].map((name) =>
      findProgram(context, name, systemFolders),
    ),
  );
  if (unshare === undefined || setpriv === undefined || mount === undefined) return undefined;
  if (env === undefined || mkfifo === undefined || chown === undefined || mkdir === undefined) return undefined;
  return { unshare, setpriv, mount, env, mkfifo, chown, mkdir };
}

async function start(
  context: Context,
  tools: NamespaceTools,
  rootless: boolean,
  request: RunRequest,
  session: RunSession,
): Promise<RunningContainer> {
  const prepared = await prepareRoot(request, session);
  await prepareDevices(prepared.root);
  const script = join(session.room, 'start.sh');
  const user = parseUser(request.image.config.user);
  const emulated = isForeign(context, request.image.platform);
  const readOnly = request.readOnly === true;
  const text = renderNamespaceScript({ ...prepared, tools, rootless, user, emulated, readOnly });
  await writeFileAtomically(script, text, 0o600);
  const outer = await startHostProcess({
    file: tools.setpriv,
    args: [
      ...['--pdeathsig', 'KILL', tools.unshare, ...namespaceArguments(rootless, request.network)],
      ...['--', '/bin/sh', script],
    ],
    env: environmentOf(request),
    request,
    session,
    mkfifo: tools.mkfifo,
    status: true,
  });
  return running(context.log, outer);
}

function running(log: Log, outer: HostProcess): RunningContainer {
  let ended = false;
  const finished = outer.finished.then((code) => {
    ended = true;
    if (!outer.status().endsWith(readyWord)) throw engineFailed('namespaces', 'start the container', outer.status());
    return code;
  });
  // Whoever waits for it sees the failure; this one only keeps it from being unhandled before.
  finished.catch(() => undefined);
  return {
    finished,
    kill: (signal) => {
      if (ended) return;
      const isReady = outer.status().endsWith(readyWord);
      if (signal === 'SIGKILL' || (!isReady && isEnding(signal))) sendSignal(outer.pid, 'SIGKILL');
      else if (isReady)
        reportFailure(
          log,
          signalInner(outer.pid, signal, () => ended),
        );
    },
    close: async () => {
      if (!ended) sendSignal(outer.pid, 'SIGKILL');
      await finished.catch(() => undefined);
    },
  };
}

const attempts = 50;
const pauseMs = 20;

/** `unshare` has one child, the shell that is process 1, and that has one, the process itself: the signal is for it. */
async function signalInner(outer: number, signal: NodeJS.Signals, ended: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < attempts && !ended(); attempt++) {
    const [shell] = await childrenOf(outer);
    const [inner] = shell === undefined ? [] : await childrenOf(shell);
    if (inner !== undefined) {
      sendSignal(inner, signal);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
