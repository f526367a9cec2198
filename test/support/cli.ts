import { join } from 'node:path';
import * as v from 'valibot';
import { layerKinds } from '../../src/plan/types.ts';
import { type CommandOptions, type CommandResult, type RunningCommand, runCommand, startCommand } from './command.ts';
import { benchDir, cliPath, sharedCacheDir } from './paths.ts';

export interface TareOptions extends CommandOptions {
  /** The cache; the one that all tests share unless told. */
  readonly cacheDir?: string;
  /** Another Node than the one that runs the tests. */
  readonly node?: string;
  /** Another compiled command than the repository's own. */
  readonly cli?: string;
}

/** Variables of the caller that would change what tare decides or prints. */
const notInherited =
  /^(TARE_|SOURCE_DATE_EPOCH$|VIRTUAL_ENV$|CI$|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|VITEST|DOCKER_HOST$)/;

/** The environment of a tare process: the caller's without what changes decisions, and the shared cache. */
export function tareEnvironment(options: TareOptions = {}): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !notInherited.test(name));
  return {
    ...Object.fromEntries(inherited),
    PATH: `${join(benchDir, 'tools', 'bin')}:${process.env['PATH'] ?? ''}`,
    TARE_CACHE_DIR: options.cacheDir ?? sharedCacheDir,
    ...options.env,
  };
}

/** Runs `tare ARGS` to its end. */
export async function runTare(args: readonly string[], options: TareOptions = {}): Promise<CommandResult> {
  return runCommand(options.node ?? process.execPath, [options.cli ?? cliPath, ...args], {
    ...options,
    env: tareEnvironment(options),
  });
}

/** Starts `tare ARGS` and leaves it running. */
export function startTare(args: readonly string[], options: TareOptions = {}): RunningCommand {
  return startCommand(options.node ?? process.execPath, [options.cli ?? cliPath, ...args], {
    ...options,
    env: tareEnvironment(options),
  });
}

const digestSchema = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/));
const sizeSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What `tare build --json` prints. */
export const buildReportSchema = v.object({
  digest: digestSchema,
  platforms: v.array(
    v.object({
      platform: v.string(),
      digest: digestSchema,
      size: sizeSchema,
      unpackedSize: sizeSchema,
      layers: v.array(
        v.object({
          digest: digestSchema,
          diffId: digestSchema,
          size: sizeSchema,
          unpackedSize: sizeSchema,
          kind: v.picklist(layerKinds),
          contents: v.array(v.string()),
        }),
      ),
    }),
  ),
  timings: v.record(v.string(), v.number()),
  cache: v.object({ hits: sizeSchema, misses: sizeSchema, bytesDownloaded: sizeSchema }),
});
export type BuildReport = v.InferOutput<typeof buildReportSchema>;

/** What every command prints on standard output where it fails with `--json`. */
export const errorReportSchema = v.object({
  error: v.object({
    code: v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]+$/)),
    message: v.string(),
    where: v.optional(v.string()),
    expected: v.optional(v.string()),
    actual: v.optional(v.string()),
    hint: v.optional(v.string()),
  }),
});
export type ErrorReport = v.InferOutput<typeof errorReportSchema>['error'];

/** `tare build DIR --json ARGS`, which must succeed. */
export async function buildImage(
  dir: string,
  args: readonly string[] = [],
  options: TareOptions = {},
): Promise<BuildReport> {
  const result = await runTare(['build', dir, '--json', ...args], options);
  if (result.code !== 0) throw new Error(`tare build ended with ${result.code ?? result.signal}\n${result.stderr}`);
  return v.parse(buildReportSchema, JSON.parse(result.stdout));
}

/** `tare build DIR --json ARGS`, which must fail: the exit code and the error, after checking both outputs agree. */
export async function failingBuild(
  dir: string,
  args: readonly string[] = [],
  options: TareOptions = {},
): Promise<ErrorReport & { readonly exit: number | null; readonly stderr: string }> {
  const result = await runTare(['build', dir, '--json', ...args], options);
  if (result.code === 0) throw new Error(`tare build succeeded but should not have\n${result.stdout}`);
  if (!result.stdout.startsWith('{')) throw new Error(`no JSON on standard output\n${result.stdout}\n${result.stderr}`);
  const { error } = v.parse(errorReportSchema, JSON.parse(result.stdout));
  if (!result.stderr.includes(`error[${error.code}]: `)) {
    throw new Error(`standard error does not say error[${error.code}]\n${result.stderr}`);
  }
  return { ...error, exit: result.code, stderr: result.stderr };
}
