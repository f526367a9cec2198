import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDiskHint } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import type { IndexConfig } from '../python/index-config.ts';
import type { Machine } from '../python/tags.ts';
import { findInterpreter } from './interpreter.ts';
import { runProgram } from './program.ts';
import { uvEnvironment } from './uv-environment.ts';
import { resolveFailed } from './uv-failure.ts';
import type { UvProgram } from './uv-program.ts';

export { findUv, type UvProgram } from './uv-program.ts';

export interface UvResolveRequest {
  /** The text of a requirements.in. */
  readonly requirements: string;
  /** The text of a constraints file. */
  readonly constraints?: string;
  /** Versions to stay with as long as the requirements allow them. */
  readonly preferred?: readonly { readonly name: string; readonly version: string }[];
  /** `3.13`. */
  readonly pythonVersion: string;
  readonly platform: Machine;
  /** Of the target. */
  readonly glibc: { readonly major: number; readonly minor: number };
  /** A Python that uv may question: see `findInterpreter`. */
  readonly interpreter: string;
  /** The project's folder, whose `[tool.uv]` applies. */
  readonly cwd: string;
  /** Absolute path of a folder with wheels that the indexes do not have. */
  readonly links?: string;
  /** pip's configuration, for what uv itself is not configured with. */
  readonly index?: IndexConfig;
}

/** The minor versions N of the `manylinux_2_N` platforms that `uv pip compile --python-platform` knows. */
const manylinuxMinors = [17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40] as const;

/**
 * The index that uv asks where nothing is configured, or where only uv is. Credentials in it are those of uv's own
 * configuration. It is the same as long as uv's version and the environment are.
 */
export async function defaultIndexUrl(context: Context, uv: UvProgram, interpreter?: string): Promise<string> {
  const python = interpreter ?? (await findInterpreter(context))?.path;
  if (python === undefined) throw interpreterMissing();
  const args = ['pip', 'compile', '-', '--emit-index-url', '--no-header', '--quiet', '--python', python, '--offline'];
  const result = await runProgram(uv.path, args, {
    env: await uvEnvironment(context.env, uv.version),
    cwd: context.home,
    timeoutSeconds: 60,
    signal: context.signal,
  });
  const url = /^--index-url (\S+)\s*$/m.exec(result.stdout)?.[1];
  if (result.code === 0 && url !== undefined && URL.canParse(url)) return url;
  throw new TareError({
    code: 'INDEX_UNKNOWN',
    message: `uv ${uv.version} does not say which package index it uses`,
    actual: `${result.stdout}\n${result.stderr}`.trim().slice(0, 1000),
    hint: 'configure the index: set UV_DEFAULT_INDEX or PIP_INDEX_URL',
  });
}

/**
 * The platform, in uv's words, with the newest C library that is not newer than the target's. Undefined for an architecture that
 * uv has no words for: it then resolves for all at once, and the target's markers choose.
 */
export function uvPlatform(
  platform: Machine,
  glibc: { readonly major: number; readonly minor: number },
): string | undefined {
  if (platform !== 'x86_64' && platform !== 'aarch64') return undefined;
  const minor = glibc.major > 2 ? 40 : manylinuxMinors.findLast((one) => glibc.major === 2 && one <= glibc.minor);
  if (minor !== undefined) return `${platform}-manylinux_2_${minor}`;
  throw new TareError({
    code: 'GLIBC_TOO_OLD',
    message: `there are no wheels for a C library as old as ${glibc.major}.${glibc.minor}`,
    expected: 'glibc 2.17 or newer',
    hint: 'choose a newer base',
  });
}

/** Resolves for the target with uv, wheels only; gives the text of a `pylock.toml` (PEP 751). Throws `RESOLVE_FAILED`, `RESOLVE_IMPOSSIBLE`. */
export async function resolveWithUv(context: Context, uv: UvProgram, request: UvResolveRequest): Promise<string> {
  const platform = uvPlatform(request.platform, request.glibc);
  return withInputFiles(context, request, async (files) => {
    const result = await runProgram(uv.path, compileArguments(context, request, platform, files), {
      env: await uvEnvironment(context.env, uv.version, request.index),
      cwd: request.cwd,
      input: request.requirements,
      signal: context.signal,
    });
    for (const line of result.stderr.split('\n')) if (line.startsWith('warning: ')) context.log.debug(`uv: ${line}`);
    if (result.code === 0 && result.stdout.includes('lock-version')) return result.stdout;
    throw resolveFailed(
      result.stderr,
      `Python ${request.pythonVersion}, ${platform ?? request.platform}`,
      context.offline,
    );
  });
}

function compileArguments(
  context: Context,
  request: UvResolveRequest,
  platform: string | undefined,
  files: InputFiles,
): string[] {
  return [
    ...['pip', 'compile', '-', '--format', 'pylock.toml', '--no-header', '--no-annotate'],
    ...(platform === undefined ? ['--universal'] : ['--python-platform', platform]),
    ...['--python-version', request.pythonVersion, '--python', request.interpreter],
    // tare installs wheels only, and building for metadata would run foreign code.
    ...['--only-binary', ':all:'],
    ...(files.constraints === undefined ? [] : ['-c', files.constraints]),
    // uv stays with the versions of an output that is there already.
    ...(files.output === undefined ? [] : ['--output-file', files.output]),
    ...(request.links === undefined ? [] : ['--find-links', request.links]),
    ...(request.index?.noIndex === true ? ['--no-index'] : []),
    ...(context.offline ? ['--offline'] : []),
    ...(context.refresh && !context.offline ? ['--refresh'] : []),
  ];
}

interface InputFiles {
  readonly constraints?: string;
  readonly output?: string;
}

async function withInputFiles<T>(
  context: Context,
  { constraints, preferred = [] }: UvResolveRequest,
  work: (files: InputFiles) => Promise<T>,
): Promise<T> {
  if (constraints === undefined && preferred.length === 0) return work({});
  const parent = join(context.cacheDir, 'tmp');
  let folder: string;
  try {
    await makeFolder(parent);
    folder = await mkdtemp(join(parent, 'uv-'));
    if (constraints !== undefined) await writeFile(join(folder, 'constraints.txt'), constraints);
    if (preferred.length > 0) await writeFile(join(folder, 'pylock.toml'), renderPreferred(preferred));
  } catch (error) {
    throw withDiskHint(error, parent);
  }
  try {
    return await work({
      ...(constraints === undefined ? {} : { constraints: join(folder, 'constraints.txt') }),
      ...(preferred.length === 0 ? {} : { output: join(folder, 'pylock.toml') }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Versions alone, as a lock file (PEP 751). */
function renderPreferred(preferred: readonly { readonly name: string; readonly version: string }[]): string {
  const packages = preferred.map(
    ({ name, version }) => `[[packages]]\nname = ${JSON.stringify(name)}\nversion = ${JSON.stringify(version)}\n`,
  );
  return ['lock-version = "1.0"\ncreated-by = "tare"\n', ...packages].join('\n');
}

function interpreterMissing(): TareError {
  return new TareError({
    code: 'INTERPRETER_MISSING',
    message: 'there is no Python on PATH, and uv needs one to question',
    expected: 'Python 3.8 or newer',
    hint: 'install python3, or commit a lock so that nothing has to be resolved',
  });
}
