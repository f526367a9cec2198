import { constants } from 'node:fs';
import { lstat, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Context } from '../../base/context.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { giveToBuildUser } from '../../engine/build-user.ts';
import { assertRunnable } from '../../engine/platform-support.ts';
import { type BuildOutcome, runBuild } from '../../engine/run-build.ts';
import { bringLayers } from '../../oci/blob-origin.ts';
import { parseImageConfig } from '../../oci/config.ts';
import { configDescriptor } from '../../oci/image.ts';
import { renderPlatform } from '../../oci/platform.ts';
import { writeDockerArchive } from '../../store/docker-archive.ts';
import { buildFolder, type DriverAnswer, driverSource } from '../../wheel-build/driver-source.ts';
import type { BuildSystem } from '../../wheel-build/types.ts';
import { venvPrefix } from '../base/core-set.ts';
import type { BuildRoot } from './root.ts';

export interface HookRun {
  /** For people: `docopt 0.6.2`. */
  readonly what: string;
  readonly root: BuildRoot;
  /** Absolute path of a folder that the root sees as `/build`; the source is in it. */
  readonly room: string;
  /** The project's folder, relative to the room. */
  readonly source: string;
  readonly system: BuildSystem;
  /** What the backend asked for and got. */
  readonly installed: readonly string[];
  /** Of the source, seconds since the epoch. */
  readonly date: number;
  readonly env: Readonly<Record<string, string>>;
  readonly seconds: number;
}

const answerSchema = v.variant('kind', [
  v.object({ kind: v.literal('requires'), requires: v.array(v.string()) }),
  v.object({ kind: v.literal('wheel'), filename: v.string() }),
]);
const longestAnswer = 1024 * 1024;

/** How a build ended that gave no answer. */
export interface FailedBuild {
  readonly kind: 'failed';
  readonly outcome: BuildOutcome;
}

/** Runs the hooks of a build backend in a root. Throws `BUILD_TIMEOUT`, and what engines throw. */
export async function runHooks(context: Context, run: HookRun): Promise<DriverAnswer | FailedBuild> {
  const { room, system, source, installed } = run;
  for (const folder of ['out', 'home', 'tmp']) await makeFolder(join(room, folder));
  const { backend, backendPath, isLegacy } = system;
  // Of old sources many import what lies beside their setup.py.
  const env = { ...environmentOf(run), ...(isLegacy ? { PYTHONPATH: `${buildFolder}/${source}` } : {}) };
  const request = { source: `${buildFolder}/${source}`, backend, backendPath, installed };
  await writeFile(join(room, 'request.json'), JSON.stringify(request));
  await writeFile(join(room, 'driver.py'), driverSource);
  await giveToBuildUser(room);
  const outcome = await runInRoot(context, run, env);
  if (outcome.timedOut) throw timedOut(run, outcome);
  if (outcome.exitCode !== 0) return { kind: 'failed', outcome };
  return (await readAnswer(room)) ?? { kind: 'failed', outcome };
}

async function runInRoot(context: Context, run: HookRun, env: Readonly<Record<string, string>>): Promise<BuildOutcome> {
  const { room } = run;
  const { image, unpack } = run.root;
  const { user } = parseImageConfig(image.config, 'the root of a build');
  return runBuild(context, {
    image: {
      layoutDir: room,
      platform: renderPlatform(image.platform),
      config: { env: [], cmd: [], user, workingDir: '/' },
      configDigest: configDescriptor(image).digest,
    },
    unpackRootfs: unpack,
    writeDockerArchive: async (file) => {
      await bringLayers(image.layers);
      await writeDockerArchive(file, [image], { signal: context.signal });
    },
    command: [`${venvPrefix}/bin/python`, '-u', `${buildFolder}/driver.py`],
    env,
    volumes: [{ source: room, target: buildFolder, readOnly: false }],
    seconds: run.seconds,
  });
}

/** Before anything is made ready. Throws `BUILD_PLATFORM_NOT_RUNNABLE`. */
export async function assertBuildable(context: Context, what: string, platform: string): Promise<void> {
  try {
    await assertRunnable(context, platform);
  } catch (error) {
    if (isTareError(error) && error.code === 'PLATFORM_NOT_RUNNABLE') throw notRunnable(what, platform, error);
    throw error;
  }
}

/** Everything that a build sees of an environment: nothing of the caller's. */
function environmentOf({ date, env }: HookRun): Readonly<Record<string, string>> {
  return {
    PATH: `${venvPrefix}/bin:/usr/local/bin:/usr/bin:/bin`,
    VIRTUAL_ENV: venvPrefix,
    HOME: `${buildFolder}/home`,
    TMPDIR: `${buildFolder}/tmp`,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    SOURCE_DATE_EPOCH: String(date),
    PYTHONHASHSEED: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
    ...env,
  };
}

/** Written by foreign code: read only where it is a file itself. */
async function readAnswer(room: string): Promise<DriverAnswer | undefined> {
  const path = join(room, 'answer.json');
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size > longestAnswer) return undefined;
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), await handle.readFile('utf8'));
    return parsed.success ? parsed.output : undefined;
  } finally {
    await handle.close();
  }
}

function timedOut({ what, seconds }: HookRun, { log }: BuildOutcome): TareError {
  return new TareError({
    code: 'BUILD_TIMEOUT',
    message: `building ${what} took more than ${seconds} seconds and was ended\n${tailOf(log)}`,
    where: what,
    hint: 'give it more time with `build-seconds` in `[tool.tare]` (TARE_BUILD_SECONDS)',
  });
}

function notRunnable(what: string, platform: string, cause: TareError): TareError {
  return new TareError({
    code: 'BUILD_PLATFORM_NOT_RUNNABLE',
    message: `${what} has to be built for ${platform}, and this machine runs no program of that platform`,
    where: what,
    ...(cause.actual === undefined ? {} : { actual: cause.actual }),
    hint: `give this machine an engine that can run ${platform} (an emulator: \`apt-get install qemu-user-static binfmt-support\`), build on such a machine, or put a wheel for it into a folder that PIP_FIND_LINKS names`,
    cause,
  });
}

const tailLines = 40;

/** The last lines, indented. */
export function tailOf(log: string): string {
  const lines = log.trimEnd().split('\n').slice(-tailLines);
  return lines.map((line) => `  ${line.slice(0, 400)}`).join('\n');
}
