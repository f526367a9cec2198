import { type Command, Option } from 'commander';
import type { EngineBuildOptions } from '../api/engine-build.ts';
import { TareError } from '../base/errors.ts';
import { collect } from './options.ts';

/** Flags of `build` for building a Dockerfile with an engine, as commander gives them. */
export interface EngineFlags {
  readonly engine: EngineBuildOptions['engine'] | 'direct';
  readonly variant?: NonNullable<EngineBuildOptions['variant']>;
  readonly builder?: string;
  readonly cacheFrom?: readonly string[];
  readonly cacheTo?: readonly string[];
  /** False with `--no-cache`. */
  readonly cache: boolean;
}

const engines = ['direct', 'auto', 'buildx', 'docker', 'podman', 'buildah', 'buildctl'] as const;
const variants = ['plain', 'cached', 'venv', 'wheels', 'uv'] as const;

export function addEngineOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--engine <name>', 'build the Dockerfile with an engine that is there, auto for the first that works')
        .choices(engines)
        .default('direct', 'direct: no Dockerfile, nothing runs'),
    )
    .addOption(
      new Option('--variant <name>', 'with --engine: which Dockerfile (see `tare dockerfile`)').choices(variants),
    )
    .option('--builder <name>', 'with --engine: a builder of buildx, or the address of a BuildKit')
    .option('--cache-from <where>', 'with --engine: a cache to read, as the engine has it (repeatable)', collect)
    .option('--cache-to <where>', 'with --engine: where to write the cache, as the engine has it (repeatable)', collect)
    .option('--no-cache', 'with --engine: every step runs anew');
}

/** The engine that is asked for with what belongs to it; undefined for the direct build. Throws `USAGE`. */
export function engineWish(flags: EngineFlags): EngineBuildOptions | undefined {
  const { engine, variant, builder, cacheFrom, cacheTo, cache } = flags;
  const rest = {
    ...(variant === undefined ? {} : { variant }),
    ...(builder === undefined ? {} : { builder }),
    ...(cacheFrom === undefined ? {} : { cacheFrom }),
    ...(cacheTo === undefined ? {} : { cacheTo }),
    ...(cache ? {} : { noCache: true }),
  };
  if (engine !== 'direct') return { engine, ...rest };
  const [first] = Object.keys(rest);
  if (first === undefined) return undefined;
  const flag = first === 'noCache' ? 'no-cache' : first.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new TareError({
    code: 'USAGE',
    message: `\`--${flag}\` is for building with an engine`,
    hint: 'add `--engine auto`, or the name of one; the direct build has no Dockerfile and no steps',
  });
}
