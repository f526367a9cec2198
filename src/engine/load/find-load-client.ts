import type { Context } from '../../base/context.ts';
import { TareError } from '../../base/errors.ts';
import { makePlatform, type Platform } from '../../oci/platform.ts';
import { listPrograms, runProgram } from '../program.ts';
import type { LoadClient, LoadCommands, LoadEngineName } from './load-client.ts';
import { ctrCommands, dockerCommands, nerdctlCommands, podmanCommands } from './load-commands.ts';

const patienceSeconds = 20;

interface Candidate {
  readonly engine: LoadEngineName;
  readonly program: string;
  /** Prints what only an engine that answers can tell. */
  readonly ask: readonly string[];
  /** Finds the platform in the answer; undefined where it is none. */
  readonly platformIn: (answer: string, context: Context) => Platform | undefined;
  readonly commands: LoadCommands;
}

const candidates: readonly Candidate[] = [
  {
    engine: 'docker',
    program: 'docker',
    ask: ['version', '--format', '{{.Server.Os}}/{{.Server.Arch}}'],
    platformIn: parseEnginePlatform,
    commands: dockerCommands,
  },
  {
    engine: 'podman',
    program: 'podman',
    ask: ['info', '--format', '{{.Host.OS}}/{{.Host.Arch}}'],
    platformIn: parseEnginePlatform,
    commands: podmanCommands,
  },
  {
    engine: 'containerd',
    program: 'ctr',
    ask: ['version'],
    platformIn: (answer, context) => (/^Server:/m.test(answer) ? hostPlatformOf(context) : undefined),
    commands: ctrCommands,
  },
  {
    engine: 'containerd',
    program: 'nerdctl',
    ask: ['info', '--format', '{{.OSType}}/{{.Architecture}}'],
    platformIn: parseEnginePlatform,
    commands: nerdctlCommands,
  },
];

/** The first engine that answers, or the one that is asked for. Throws `ENGINE_MISSING`. */
export async function findLoadClient(context: Context, wanted?: LoadEngineName): Promise<LoadClient> {
  for (const candidate of candidates) {
    if (wanted !== undefined && wanted !== candidate.engine) continue;
    const client = await findCandidate(context, candidate);
    if (client !== undefined) return client;
  }
  throw noEngine(wanted);
}

async function findCandidate(context: Context, candidate: Candidate): Promise<LoadClient | undefined> {
  const { engine, program, ask, platformIn, commands } = candidate;
  const env = environmentFor(engine, context.env);
  for await (const path of listPrograms(context, [program])) {
    const options = { env, timeoutSeconds: patienceSeconds, signal: context.signal };
    const { code, stdout } = await runProgram(path, ask, options);
    const platform = code === 0 ? platformIn(stdout.trim(), context) : undefined;
    if (platform !== undefined) return { name: engine, path, env, platform, commands };
  }
  return undefined;
}

/** podman refuses a `DOCKER_CONFIG` without the file, and the loopback needs no credentials. */
function environmentFor(engine: LoadEngineName, env: Context['env']): LoadClient['env'] {
  return engine === 'podman' ? { ...env, DOCKER_CONFIG: undefined } : env;
}

/** `linux/amd64`, `linux/x86_64`. */
export function parseEnginePlatform(answer: string): Platform | undefined {
  const [, os, architecture] = /^([a-z]+)\/([a-z0-9_]+)$/.exec(answer) ?? [];
  return os === undefined || architecture === undefined ? undefined : makePlatform(os, architecture);
}

function hostPlatformOf({ host }: Context): Platform {
  return makePlatform('linux', host.arch);
}

function noEngine(wanted: LoadEngineName | undefined): TareError {
  return new TareError({
    code: 'ENGINE_MISSING',
    message:
      wanted === undefined ? 'no engine answers that an image could be loaded into' : `\`${wanted}\` does not answer`,
    expected:
      wanted === undefined
        ? 'docker, podman, or containerd with `ctr` or `nerdctl`'
        : `what \`${wanted === 'containerd' ? 'ctr' : wanted} version\` can reach`,
    hint: 'start it, or write an archive for another machine: -o docker-archive:FILE',
  });
}
