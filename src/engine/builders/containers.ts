import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readTextIfThere } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { findProgram, runProgram } from '../program.ts';
import { dockerfileName, ignorefileName, repeated, secretFields } from './arguments.ts';
import { runClient } from './client.ts';
import { removeWorkingContainers, stopBuild, watchContainers } from './containers-stop.ts';
import { layoutFromFolder } from './containers-layout.ts';
import { buildFailed, pushFailed } from './failed.ts';
import { withScratch } from './scratch.ts';
import type { Builder, BuilderAbsence, BuildOutcome, BuildRequest, BuildSession, Feature } from './types.ts';
import { isAtLeast } from './version.ts';

const patienceSeconds = 30;

interface ContainersTool {
  readonly name: 'podman' | 'buildah';
  /** Absolute path. */
  readonly file: string;
}

export async function findPodmanBuilder(context: Context): Promise<Builder | BuilderAbsence> {
  return findTool(context, 'podman', '{{.Version.Version}}');
}

export async function findBuildahBuilder(context: Context): Promise<Builder | BuilderAbsence> {
  return findTool(context, 'buildah');
}

/** `info` opens the store: without permission, or where the store is broken, it fails as the build would. */
async function findTool(
  context: Context,
  name: ContainersTool['name'],
  format?: string,
): Promise<Builder | BuilderAbsence> {
  const file = await findProgram(context, name);
  if (file === undefined)
    return { reason: `there is no \`${name}\` on PATH`, hint: `apt-get install ${name}, or choose another --engine` };
  const options = { env: context.env, timeoutSeconds: patienceSeconds, signal: context.signal };
  const info = await runProgram(file, ['info', ...(format === undefined ? [] : ['--format', format])], options);
  if (info.code !== 0)
    return {
      reason: `it does not work here: ${(info.stderr || info.stdout).trim().slice(0, 500)}`,
      hint: `see \`${name} info\``,
    };
  const asked = format === undefined ? (await runProgram(file, ['--version'], options)).stdout : info.stdout;
  const version = /\d+\.\d+\S*/.exec(asked)?.[0] ?? '';
  const tool = { name, file };
  return {
    name,
    version,
    title: `${name} ${version}`,
    lacks: lacksOfTool(name, version),
    build: (request, session) => withScratch(context, (scratch) => buildWithTool(tool, request, session, scratch)),
  };
}

/** podman holds a buildah: 4.0 that of 1.24, 4.3 that of 1.28. */
export function lacksOfTool(name: ContainersTool['name'], version: string): Readonly<Partial<Record<Feature, string>>> {
  const since = (podman: string, buildah: string): boolean => isAtLeast(version, name === 'podman' ? podman : buildah);
  const transfer = 'podman 4.3 or buildah 1.28';
  return {
    ...(since('4.0', '1.24') ? {} : { mounts: 'podman 4.0 or buildah 1.24' }),
    ...(since('4.8', '1.33') ? {} : { link: 'podman 4.8 or buildah 1.33' }),
    ...(since('4.3', '1.28') ? {} : { 'cache-from': transfer, 'cache-to': transfer }),
  };
}

async function buildWithTool(
  tool: ContainersTool,
  request: BuildRequest,
  session: BuildSession,
  scratch: string,
): Promise<BuildOutcome> {
  const { context } = session;
  // Both give the proxies of their own environment to steps, and to nothing else.
  const env = { ...context.env, ...request.proxies, TMPDIR: scratch };
  const isList = request.platforms.length > 1;
  const isKept = request.outputs.some((output) => output.kind !== 'layout');
  const list = isKept && request.tag !== undefined ? request.tag : `localhost/tare-build:${basename(scratch)}`;
  const iidFile = join(session.room, 'image-id');
  const args = toolArguments(request, session.room, [
    ...(isList ? ['--manifest', list] : ['--iidfile', iidFile]),
    ...(!isList && isKept && request.tag !== undefined ? ['--tag', request.tag] : []),
  ]);
  const watched = watchContainers(session);
  const { code, output } = await runClient(watched.session, {
    file: tool.file,
    args,
    env,
    cwd: request.directory,
    stop: stopBuild,
  });
  if (code !== 0 || context.signal.aborted) await removeWorkingContainers(context, tool.file, watched.containers());
  context.signal.throwIfAborted();
  if (code !== 0) throw buildFailed(tool.name, output, request);
  const imageId = isList ? undefined : ((await readTextIfThere(iidFile)) ?? '').trim();
  const image = imageId ?? list;
  try {
    const pushed = await exportImage(tool, request, session, { image, isList, env });
    return { ...(imageId === undefined ? {} : { imageId }), ...pushed };
  } finally {
    if (!isKept) await forget(context, tool, image, isList);
  }
}

function toolArguments(request: BuildRequest, room: string, naming: readonly string[]): readonly string[] {
  return [
    // At this level it names the containers that it works in, which it leaves behind when it is killed.
    ...['--log-level=debug', 'build', '--layers', '--force-rm', ...naming],
    ...['--file', join(room, dockerfileName), '--ignorefile', join(room, ignorefileName)],
    // The other format has no health check.
    ...['--format', 'docker'],
    ...(request.platforms.length === 0 ? [] : ['--platform', request.platforms.join(',')]),
    ...(request.hostNetwork ? ['--network', 'host'] : []),
    ...(request.noCache ? ['--no-cache'] : []),
    ...(request.epoch === undefined ? [] : ['--timestamp', String(request.epoch)]),
    ...(request.insecure ? ['--tls-verify=false'] : []),
    ...repeated('--secret', secretFields(request, room)),
    ...repeated('--cache-from', request.cacheFrom),
    ...repeated('--cache-to', request.cacheTo),
    '.',
  ];
}

interface ToolImage {
  readonly image: string;
  readonly isList: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

async function exportImage(
  tool: ContainersTool,
  request: BuildRequest,
  session: BuildSession,
  { image, isList, env }: ToolImage,
): Promise<BuildOutcome> {
  let digest: string | undefined;
  for (const output of request.outputs) {
    if (output.kind === 'load') continue;
    const push = isList ? ['manifest', 'push', '--all'] : ['push'];
    const digestFile = join(session.room, 'digest');
    const folder = join(dirname(session.room), 'exported');
    const to = output.kind === 'layout' ? `dir:${basename(folder)}` : `docker://${request.tag ?? ''}`;
    const options = [
      ...(output.kind === 'layout' && !isList && tool.name === 'podman' ? ['--compress'] : []),
      ...(request.insecure ? ['--tls-verify=false'] : []),
      ...(isList ? [] : ['--format', 'v2s2']),
    ];
    // A path with a colon would be read as a path and a tag: the folder is named from the one above it.
    const args = [...push, ...options, '--digestfile', digestFile, image, to];
    // A folder wants no login, and podman fails where the file that this variable names is not there.
    const own = output.kind === 'layout' ? { ...env, DOCKER_CONFIG: undefined } : env;
    const ran = await runClient(session, { file: tool.file, args, env: own, cwd: dirname(folder) });
    session.context.signal.throwIfAborted();
    if (ran.code !== 0) throw pushFailed(tool.name, output.kind, request.tag, ran.output);
    digest = (await readTextIfThere(digestFile))?.trim() ?? digest;
    if (output.kind === 'layout') await layoutFromFolder(folder, output.dir);
    await rm(folder, { recursive: true, force: true });
  }
  return digest === undefined ? {} : { digest };
}

/** Nobody asked for the image in the store; one that is called something there was there before. */
async function forget(context: Context, tool: ContainersTool, image: string, isList: boolean): Promise<void> {
  const options = { env: context.env };
  if (isList) {
    await runProgram(tool.file, ['manifest', 'rm', image], options);
    return;
  }
  const images = await runProgram(tool.file, ['images', '--no-trunc', '--format', '{{.ID}} {{.Repository}}'], options);
  const named = images.stdout.split('\n').some((line) => {
    const [id = '', repository = ''] = line.split(' ');
    return id.replace('sha256:', '') === image.replace('sha256:', '') && repository !== '<none>';
  });
  if (!named) await runProgram(tool.file, ['rmi', image], options);
}
