import { join } from 'node:path';
import type { Context } from '../../base/context.ts';
import { findProgram, listPrograms, runProgram } from '../program.ts';
import { buildArgs, dockerfileName, outputFields, pairs, repeated, secretFields } from './arguments.ts';
import { lacksOfBuildkit } from './buildkit.ts';
import { type BuilderState, parseInspect } from './buildx-inspect.ts';
import { runClient } from './client.ts';
import { dockerAbsence, findDockerClient } from './docker-client.ts';
import { exportDocker } from './docker-export.ts';
import { buildFailed } from './failed.ts';
import { readMetadata } from './metadata.ts';
import type { Builder, BuilderAbsence, BuildOutcome, BuildRequest, BuildSession } from './types.ts';
import { isAtLeast } from './version.ts';

const patienceSeconds = 30;

/** buildx as docker's plugin or as a program of its own. */
interface Buildx {
  readonly file: string;
  /** Before its own arguments. */
  readonly prefix: readonly string[];
  readonly version: string;
}

/** buildx with the builder named, else with the one that is in use. */
export async function findBuildx(context: Context, builder?: string): Promise<Builder | BuilderAbsence> {
  const buildx = await findProgramOfBuildx(context);
  if (buildx === undefined) {
    return {
      reason: 'there is neither a plugin `docker buildx` nor a `buildx` on PATH',
      hint: 'apt-get install docker-buildx-plugin (or docker-buildx), or choose another --engine',
    };
  }
  const args = [...buildx.prefix, 'inspect', ...(builder === undefined ? [] : [builder])];
  const options = { env: context.env, timeoutSeconds: patienceSeconds, signal: context.signal };
  const { code, stdout, stderr } = await runProgram(buildx.file, args, options);
  const state = parseInspect(stdout);
  const problem = state.error ?? (code === 0 && state.driver !== '' ? undefined : `${stdout}${stderr}`);
  if (problem !== undefined) return absenceOf(problem, builder);
  return buildxBuilder(context, buildx, state, builder);
}

async function findProgramOfBuildx(context: Context): Promise<Buildx | undefined> {
  const options = { env: context.env, timeoutSeconds: patienceSeconds, signal: context.signal };
  const ask = async (file: string, prefix: readonly string[]): Promise<Buildx | undefined> => {
    const { code, stdout } = await runProgram(file, [...prefix, 'version'], options);
    return code === 0 ? { file, prefix, version: /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? '' } : undefined;
  };
  for await (const docker of listPrograms(context, ['docker'])) {
    const found = await ask(docker, ['buildx']);
    if (found !== undefined) return found;
  }
  const own = (await findProgram(context, 'docker-buildx')) ?? (await findProgram(context, 'buildx'));
  return own === undefined ? undefined : ask(own, []);
}

function absenceOf(problem: string, builder: string | undefined): BuilderAbsence {
  if (/no builder .* found/.test(problem))
    return {
      reason: `it has no builder \`${builder ?? ''}\``,
      hint: 'see `docker buildx ls`; make one: `docker buildx create --name NAME --driver docker-container`',
    };
  const absence = dockerAbsence(problem);
  if (builder === undefined) return absence;
  return { reason: `its builder \`${builder}\` cannot be used: ${problem.trim().slice(0, 500)}`, hint: absence.hint };
}

async function buildxBuilder(
  context: Context,
  buildx: Buildx,
  state: BuilderState,
  builder: string | undefined,
): Promise<Builder> {
  const isEngine = state.driver === 'docker';
  const engine = isEngine ? await findDockerClient(context) : undefined;
  const network = engine !== undefined && 'file' in engine && engine.hostNetwork ? ['--network', 'host'] : [];
  const another = 'a builder of its own: `docker buildx create --use --driver docker-container`';
  const lacks: Builder['lacks'] = {
    ...(isEngine ? { platforms: another, 'cache-to': another, 'rewrite-timestamp': another } : {}),
    ...lacksOfBuildkit(state.buildkit),
  };
  const canRewrite = lacks['rewrite-timestamp'] === undefined;
  const buildkit = state.buildkit === '' ? '' : `, BuildKit ${state.buildkit.replace(/^v/, '')}`;
  return {
    name: 'buildx',
    version: buildx.version,
    title: `buildx ${buildx.version}, builder \`${state.name}\` (${state.driver}${buildkit})`,
    lacks,
    ...(state.platforms.length === 0 ? {} : { platforms: state.platforms }),
    build: async (request, session) => {
      const metadata = join(session.room, 'metadata.json');
      // The engine's own builder has no layouts: the image goes through the engine.
      const isSaved = isEngine && request.outputs.some((output) => output.kind === 'layout');
      const outputs = isSaved ? [{ kind: 'load' } as const] : request.outputs;
      const args = [
        ...buildxArguments(buildx, builder, { ...request, outputs }, session.room, metadata),
        ...repeated('--output', outputFields({ ...request, outputs }, canRewrite)),
        ...network,
        '.',
      ];
      const { file } = buildx;
      const { code, output } = await runClient(session, {
        file,
        args,
        env: { ...context.env, ...request.proxies },
        cwd: request.directory,
      });
      context.signal.throwIfAborted();
      if (code !== 0) throw buildFailed('buildx', output, request);
      const outcome = await readMetadata(metadata);
      return isSaved ? { ...outcome, ...(await saveFromEngine(context, request, session, outcome)) } : outcome;
    },
  };
}

async function saveFromEngine(
  context: Context,
  request: BuildRequest,
  session: BuildSession,
  outcome: BuildOutcome,
): Promise<BuildOutcome> {
  const docker = await findDockerClient(context);
  const image = outcome.imageId ?? outcome.digest ?? request.tag;
  if ('reason' in docker || image === undefined)
    throw buildFailed('buildx', 'the engine does not have the image', request);
  return exportDocker(docker, request, session, image);
}

/** The context is the working folder, so that no character of its name matters. */
function buildxArguments(
  buildx: Buildx,
  builder: string | undefined,
  request: BuildRequest,
  room: string,
  metadata: string,
): readonly string[] {
  return [
    ...buildx.prefix,
    'build',
    ...repeated('--builder', builder === undefined ? [] : [builder]),
    ...['--file', join(room, dockerfileName), '--progress', 'plain', '--metadata-file', metadata],
    // Else the image is wrapped in a list that holds a statement of how it was made.
    ...(isAtLeast(buildx.version, '0.10.0') ? ['--provenance=false'] : []),
    ...(request.platforms.length === 0 ? [] : ['--platform', request.platforms.join(',')]),
    ...(request.noCache ? ['--no-cache'] : []),
    ...repeated('--build-arg', pairs(buildArgs(request))),
    // By name alone: the client takes the values, which may hold a password, from its environment.
    ...repeated('--build-arg', Object.keys(request.proxies)),
    ...repeated('--secret', secretFields(request, room)),
    ...repeated('--cache-from', request.cacheFrom),
    ...repeated('--cache-to', request.cacheTo),
  ];
}
