import { join } from 'node:path';
import type { Context } from '../../base/context.ts';
import { findProgram, runProgram } from '../program.ts';
import { buildArgs, dockerfileName, outputFields, pairs, repeated, secretFields } from './arguments.ts';
import { lacksOfBuildkit } from './buildkit.ts';
import { runClient } from './client.ts';
import { buildFailed } from './failed.ts';
import { readMetadata } from './metadata.ts';
import type { Builder, BuilderAbsence, BuildRequest } from './types.ts';

const patienceSeconds = 20;
const ownAddress = 'unix:///run/buildkit/buildkitd.sock';

/** buildctl with a daemon at `builder` (an address), `BUILDKIT_HOST`, or the usual socket. */
export async function findBuildctl(context: Context, builder?: string): Promise<Builder | BuilderAbsence> {
  const file = await findProgram(context, 'buildctl');
  if (file === undefined)
    return { reason: 'there is no `buildctl` on PATH', hint: 'install BuildKit, or choose another --engine' };
  const address = builder ?? context.env['BUILDKIT_HOST'] ?? ownAddress;
  const env = { ...context.env, BUILDKIT_HOST: address };
  const options = { env, timeoutSeconds: patienceSeconds, signal: context.signal };
  const workers = await runProgram(file, ['debug', 'workers'], options);
  if (workers.code !== 0) return unreachable(address, workers.stderr);
  const info = await runProgram(file, ['debug', 'info'], options);
  const version = /BuildKit:\s+\S+\s+(\S+)/.exec(info.stdout)?.[1] ?? '';
  const platforms = parseWorkers(workers.stdout);
  const lacks = lacksOfBuildkit(version);
  const canRewrite = lacks['rewrite-timestamp'] === undefined;
  return {
    name: 'buildctl',
    version,
    title: `buildctl at ${address}${version === '' ? '' : ` (BuildKit ${version.replace(/^v/, '')})`}`,
    lacks: {
      ...lacks,
      load: 'a builder with images of its own (docker, podman); write `--output docker-archive:FILE` and load that',
    },
    ...(platforms.length === 0 ? {} : { platforms }),
    build: async (request, session) => {
      const hidden = Object.keys(request.proxies).filter((name) => hasPassword(request.proxies[name] ?? ''));
      if (hidden.length > 0)
        context.log.warn(
          `steps get no ${hidden.join(', ')}: it has a password, and buildctl takes it on its command line alone, where all users see it`,
          'use `--engine buildx`, or a proxy without a password',
        );
      const metadata = join(session.room, 'metadata.json');
      const args = buildctlArguments(request, session.room, metadata, canRewrite);
      const { code, output } = await runClient(session, { file, args, env, cwd: request.directory });
      context.signal.throwIfAborted();
      if (code !== 0) throw buildFailed('buildctl', output, request);
      return readMetadata(metadata);
    },
  };
}

/** The context is the working folder: its name may hold commas, which the options of this client are split at. */
function buildctlArguments(
  request: BuildRequest,
  room: string,
  metadata: string,
  canRewrite: boolean,
): readonly string[] {
  return [
    ...['build', '--frontend', 'dockerfile.v0', '--progress', 'plain', '--metadata-file', metadata],
    ...['--local', 'context=.', '--local', `dockerfile=${room}`, '--opt', `filename=${dockerfileName}`],
    ...(request.platforms.length === 0 ? [] : ['--opt', `platform=${request.platforms.join(',')}`]),
    ...(request.noCache ? ['--no-cache'] : []),
    ...repeated(
      '--opt',
      pairs(request.proxies).flatMap((pair) => (hasPassword(pair) ? [] : [`build-arg:${pair}`])),
    ),
    ...repeated(
      '--opt',
      pairs(buildArgs(request)).map((pair) => `build-arg:${pair}`),
    ),
    ...repeated('--secret', secretFields(request, room)),
    ...repeated('--import-cache', request.cacheFrom),
    ...repeated('--export-cache', request.cacheTo),
    ...repeated('--output', outputFields(request, canRewrite)),
  ];
}

function hasPassword(text: string): boolean {
  return /:\/\/[^/]*@/.test(text);
}

/** Platforms of `buildctl debug workers`. */
export function parseWorkers(text: string): readonly string[] {
  return [...new Set(text.match(/\b[a-z]+\/[a-z0-9]+(?:\/v\d+)?\b/g) ?? [])];
}

function unreachable(address: string, said: string): BuilderAbsence {
  const isDenied = /permission denied/i.test(said);
  return {
    reason: `the daemon at ${address} ${isDenied ? 'does not let this user in' : 'does not answer'}: ${said.trim().slice(0, 500)}`,
    hint: isDenied
      ? 'run as a user who may use the socket, or start a buildkitd of your own (rootless)'
      : 'start buildkitd, or name another address: `--builder tcp://HOST:PORT` or BUILDKIT_HOST',
  };
}
