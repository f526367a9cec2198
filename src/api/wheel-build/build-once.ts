import { createReadStream } from 'node:fs';
import { chmod, copyFile, lstat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Digest, digestFromHex } from '../../base/digest.ts';
import { TareError } from '../../base/errors.ts';
import { buildUser } from '../../engine/build-user.ts';
import { withRunRoom } from '../../engine/run-room.ts';
import type { SourceToBuild } from '../../plan/wheels.ts';
import { compatibleTags } from '../../python/tags.ts';
import { isSameVersion } from '../../python/version.ts';
import { readWheel } from '../../python/wheel.ts';
import { type WheelName, wheelNameOrProblem } from '../../python/wheel-name.ts';
import type { BuildSystem } from '../../wheel-build/types.ts';
import { type BuildRequirements, tagTargetOf } from './requirements.ts';
import { buildRoot } from './root.ts';
import { type FailedBuild, runHooks, tailOf } from './run-hooks.ts';
import { fetchSource, nameOf } from './source.ts';
import type { Toolchain } from './toolchain.ts';
import type { BuildPlace, BuildWish } from './types.ts';

export interface BuildJob {
  readonly wish: BuildWish;
  readonly place: BuildPlace;
  readonly source: SourceToBuild;
  readonly system: BuildSystem;
  readonly toolchain: Toolchain;
  /** Versions that a lock keeps what it is built with to. */
  readonly pins: readonly string[];
  /** What the backend asked for beyond `[build-system]`. */
  readonly asked: readonly string[];
  /** The wheels of both. */
  readonly required: BuildRequirements;
}

/** What came of running the hooks once. */
export type HookResult =
  | { readonly kind: 'requires'; readonly requires: readonly string[] }
  | {
      readonly kind: 'wheel';
      readonly filename: string;
      readonly sha256: Digest;
      readonly size: number;
    }
  | FailedBuild;

/** Unpacks the source, makes the root and runs the hooks in it; a wheel that comes out is checked and taken into the cache. */
export async function buildOnce(job: BuildJob): Promise<HookResult> {
  const { wish, place, source, system, toolchain, asked, required } = job;
  const { tools, config } = wish;
  const what = nameOf(source);
  const { debs, debian } = toolchain;
  const root = await buildRoot(tools, place, { ...required, debs, debian, user: buildUser() });
  return withRunRoom(tools.context, async (room) => {
    const fetched = await fetchSource(wish, source, room);
    const answer = await runHooks(tools.context, {
      what,
      root,
      room,
      source: fetched.path,
      system,
      installed: asked,
      date: fetched.date,
      env: versionVariables(source, fetched.version),
      seconds: config.buildSeconds,
    });
    if (answer.kind !== 'wheel') return answer;
    return takeWheel(job, join(room, 'out'), answer.filename);
  });
}

/** A checkout without its history cannot be asked for its version: that of the lock, or of the last tag, is given to tools that would ask. */
function versionVariables(
  { source, version: locked }: SourceToBuild,
  tagged: string | undefined,
): Readonly<Record<string, string>> {
  const version = locked ?? tagged;
  if (source.kind !== 'git' || version === undefined) return {};
  return { SETUPTOOLS_SCM_PRETEND_VERSION: version, PBR_VERSION: version, PDM_BUILD_SCM_VERSION: version };
}

/** Checks name, version, tags and RECORD, and keeps the wheel. The build has ended: nobody changes the file any more. */
async function takeWheel(
  { wish: { tools }, place, source }: BuildJob,
  folder: string,
  filename: string,
): Promise<HookResult> {
  const where = nameOf(source);
  const wheel = filename.includes('/') ? 'it is a path' : wheelNameOrProblem(filename);
  if (typeof wheel === 'string')
    throw unexpected(where, `\`${filename.slice(0, 200)}\`: ${wheel}`, 'the name of a wheel');
  assertWanted(wheel, place, source);
  const path = join(folder, filename);
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw unexpected(where, 'no file of that name', filename);
  const kept = await tools.cache.temporary();
  await copyFile(path, kept);
  await chmod(kept, 0o644);
  await readWheel(kept, filename);
  const sha256 = await hashFile(kept);
  await tools.cache.adopt(kept, sha256);
  return { kind: 'wheel', filename, sha256, size: found.size };
}

function assertWanted(wheel: WheelName, place: BuildPlace, { name, version, because }: SourceToBuild): void {
  const where = because.file === undefined ? name : [because.file, because.line].filter((one) => one).join(':');
  const actual = `${wheel.name} ${wheel.version}`;
  if (wheel.name !== name || (version !== undefined && !isSameVersion(wheel.version, version))) {
    throw unexpected(where, actual, `${name} ${version ?? ''}`.trim());
  }
  const tags = new Set(compatibleTags(tagTargetOf(place)));
  if (!wheel.tags.some((tag) => tags.has(tag))) {
    throw unexpected(
      where,
      wheel.filename,
      `a wheel for Python ${place.base.python.version} on ${place.architecture.platform}`,
    );
  }
}

function unexpected(where: string, actual: string, expected: string): TareError {
  return new TareError({
    code: 'BUILD_RESULT_UNEXPECTED',
    message: 'building gave another wheel than was wanted',
    where,
    expected,
    actual,
    hint: 'the source is not what it is named after: tell its maintainers, or take another version of it',
  });
}

async function hashFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return digestFromHex(hash.digest('hex'));
}

/** That a build ended without a wheel. */
export function buildFailed(source: SourceToBuild, { outcome: { exitCode, log } }: FailedBuild): TareError {
  const isKilled = exitCode === 137;
  return new TareError({
    code: isKilled ? 'BUILD_KILLED' : 'BUILD_FAILED',
    message: `${nameOf(source)} could not be built from its source${isKilled ? ': its build was killed' : ''}\n${tailOf(log)}`,
    where: nameOf(source),
    actual: `exit code ${exitCode}`,
    hint: isKilled ? 'most likely there is too little memory: give the machine more of it' : adviceFor(log),
  });
}

const notAllowed = 'or take a version that has a wheel, or forbid building with `--build-wheels never`';

function adviceFor(log: string): string {
  const header = /fatal error: (\S+\.h): No such file/.exec(log)?.[1];
  if (header === 'Python.h') {
    return `the base’s Python has no headers: build on the composed Debian (\`--base debian\`) or on an image that has them, ${notAllowed}`;
  }
  if (header !== undefined) {
    return `name the Debian package that has \`${header}\` with \`--build-package\` (\`build-packages\` in \`[tool.tare]\`), ${notAllowed}`;
  }
  if (
    /Could not resolve host|Temporary failure in name resolution|Network is unreachable|spurious network error|failed to get `\S+` as a dependency/i.test(
      log,
    )
  ) {
    return `a build has no network, and this one wants to fetch something: put a wheel that you built yourself into a folder that PIP_FIND_LINKS names, ${notAllowed}`;
  }
  const config = /\b((?:pg_config|mysql_config|krb5-config|xml2-config|curl-config))\b/.exec(log)?.[1];
  if (config !== undefined) {
    return `name the Debian package that has \`${config}\` with \`--build-package\`, ${notAllowed}`;
  }
  return `name missing Debian packages with \`--build-package\`, older build requirements with \`build-constraints\`, ${notAllowed}`;
}
