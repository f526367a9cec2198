import { join } from 'node:path';
import { readTextIfThere, writeFileAtomically } from '../base/atomic-file.ts';
import type { Context, Log } from '../base/context.ts';
import { type Engine, environmentOf, type RunningContainer, type RunSession } from './container.ts';
import { engineFailed, reportFailure } from './engine-failure.ts';
import { startGuard } from './guard.ts';
import { childrenOf, type HostProcess, sendSignal, startHostProcess } from './host-process.ts';
import { isForeign } from './platform-support.ts';
import { findProgram, runProgram, systemFolders } from './program.ts';
import { prepareRoot } from './root-preparation.ts';
import type { RunRequest } from './run-request.ts';
import { renderRuntimeSpec } from './runtime-spec.ts';
import { isEnding } from './signals.ts';
import { parseUser } from './user.ts';

interface RuncTools {
  readonly runc: string;
  readonly setpriv: string;
  readonly unshare: string;
  readonly mkfifo: string;
}

/**
 * runc from PATH, as root; undefined where it cannot be used. Without root it would need ids of /etc/subuid that own nothing
 * of what the caller unpacked, so that the image's user could write nowhere; plain namespaces do better.
 */
export async function findRunc(context: Context): Promise<Engine | undefined> {
  if (context.host.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const [runc, setpriv, unshare, mkfifo] = await Promise.all(
    ['runc', 'setpriv', 'unshare', 'mkfifo'].map((name) => findProgram(context, name, systemFolders)),
  );
  if (runc === undefined || setpriv === undefined || unshare === undefined || mkfifo === undefined) return undefined;
  const tools = { runc, setpriv, unshare, mkfifo };
  const { code } = await runProgram(runc, ['--version'], {
    env: context.env,
    timeoutSeconds: 20,
    signal: context.signal,
  });
  if (code !== 0) return undefined;
  return { name: 'runc', hostNetwork: true, start: (inner, request, session) => start(inner, tools, request, session) };
}

async function start(
  context: Context,
  tools: RuncTools,
  request: RunRequest,
  session: RunSession,
): Promise<RunningContainer> {
  const prepared = await prepareRoot(request, session);
  const spec = renderRuntimeSpec({
    ...prepared,
    env: environmentOf(request),
    user: parseUser(request.image.config.user),
    tty: request.tty,
    readOnly: request.readOnly === true,
    ...(request.network === undefined ? {} : { network: request.network }),
    emulated: isForeign(context, request.image.platform),
  });
  const { room } = session;
  await writeFileAtomically(join(room, 'config.json'), JSON.stringify(spec), 0o600);
  const id = `tare-${room.slice(room.lastIndexOf('-') + 1)}`;
  const files = { state: join(room, 'state'), log: join(room, 'runc.log'), pid: join(room, 'pid') };
  const global = ['--root', files.state, '--log', files.log, '--log-format', 'json'];
  const run = [tools.runc, ...global, 'run', '--bundle', room, '--pid-file', files.pid, id];
  const removal = [...global, 'delete', '--force', id];
  // Its control groups would stay where tare is killed.
  const guard = await startGuard(context, [tools.runc, ...removal]);
  const outer = await startHostProcess({
    file: tools.setpriv,
    args: endingWithTare(tools, run),
    env: context.env,
    request,
    session,
    mkfifo: tools.mkfifo,
  });
  const remove = async (): Promise<void> => {
    await runProgram(tools.runc, removal, { env: context.env, timeoutSeconds: 30 });
    guard.dismiss();
  };
  return running(outer, { pidFile: files.pid, logFile: files.log, log: context.log, remove });
}

/** A process namespace around runc: when tare ends, however that is, everything in it does. */
function endingWithTare(tools: RuncTools, run: readonly string[]): readonly string[] {
  return [
    '--pdeathsig',
    'KILL',
    tools.unshare,
    '--mount',
    '--pid',
    '--fork',
    '--kill-child=KILL',
    '--mount-proc',
    '--',
    ...run,
  ];
}

interface RuncRun {
  readonly pidFile: string;
  readonly logFile: string;
  readonly log: Log;
  readonly remove: () => Promise<void>;
}

function running(outer: HostProcess, run: RuncRun): RunningContainer {
  let ended = false;
  const finished = outer.finished.then(async (code) => {
    ended = true;
    // runc writes it once the process is started.
    if ((await readTextIfThere(run.pidFile)) === undefined) {
      throw engineFailed('runc', 'start the container', lastLogMessage((await readTextIfThere(run.logFile)) ?? ''));
    }
    return code;
  });
  // Whoever waits for it sees the failure; this one only keeps it from being unhandled before.
  finished.catch(() => undefined);
  return {
    finished,
    kill: (signal) => {
      if (!ended) reportFailure(run.log, sendToRunc(outer.pid, run, signal));
    },
    close: async () => {
      if (!ended) sendSignal(outer.pid, 'SIGKILL');
      await finished.catch(() => undefined);
      await run.remove();
    },
  };
}

/** runc passes signals on once the process is started; before that it would lose them, so the run is ended instead. */
async function sendToRunc(outer: number, run: RuncRun, signal: NodeJS.Signals): Promise<void> {
  const isStarted = (await readTextIfThere(run.pidFile)) !== undefined;
  if (!isStarted && !isEnding(signal)) return;
  if (signal === 'SIGKILL' || !isStarted) {
    sendSignal(outer, 'SIGKILL');
    return;
  }
  const [inner] = await childrenOf(outer);
  if (inner !== undefined) sendSignal(inner, signal);
}

/** The last error of runc's log, one JSON object a line. */
function lastLogMessage(log: string): string {
  const lines = log.split('\n').filter((line) => line.includes('"error"') || line.includes('"fatal"'));
  const match = /"msg":"((?:[^"\\]|\\.)*)"/.exec(lines.at(-1) ?? '');
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? '';
}
