import { readTextIfThere } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { sha256 } from '../../base/digest.ts';
import { TareError } from '../../base/errors.ts';
import { once } from '../../base/once.ts';
import { findInterpreter } from '../../engine/interpreter.ts';
import { defaultIndexUrl, findUv, resolveWithUv, type UvProgram } from '../../engine/uv.ts';
import type { DependencySource, RequirementsIndexes } from '../../plan/lock.ts';
import type { Project } from '../../project/project.ts';
import { type BuildRules, parseBuildRules } from '../../python/build-rules.ts';
import { createIndexClient, type IndexClient } from '../../python/index-client.ts';
import { type IndexConfig, type IndexConfigInput, readIndexConfig } from '../../python/index-config.ts';
import { readPipSettings } from '../../python/pip-config.ts';
import type { TagTarget } from '../../python/tags.ts';
import type { Cache } from '../../store/cache.ts';
import { chooseIndex } from './python.ts';

/** The package index and the resolver, each started only when it is asked. */
export interface Resolver {
  readonly config: IndexConfig;
  /** A named mirror stands in for the addresses of a lock. */
  readonly isMirrored: boolean;
  readonly client: () => Promise<IndexClient>;
  /** PEP 751 text; what is `preferred` stays as long as the requirements allow it; `links` is a folder with more wheels. */
  readonly resolve: (
    source: Extract<DependencySource, { requirements: string }>,
    target: TagTarget,
    preferred?: readonly PreferredVersion[],
    links?: string,
  ) => Promise<string>;
  /** What pip and uv are told not to build. */
  readonly buildRules: BuildRules;
  /** For `because`: `uv 0.11.32`. */
  readonly name: () => Promise<string>;
}

export interface PreferredVersion {
  readonly name: string;
  readonly version: string;
}

export interface ResolverInputs {
  readonly context: Context;
  readonly project: Project;
  readonly cache: Cache;
  /** A named mirror whose index stands in for the configured one. */
  readonly mirror?: string;
  /** What a requirements file says of indexes, beside the configuration. */
  readonly indexes: RequirementsIndexes;
  /** A Python for uv when the machine has none. */
  readonly composedPython: () => Promise<string>;
}

export async function openResolver(inputs: ResolverInputs): Promise<Resolver> {
  const { project, cache } = inputs;
  const input = await configurationInput(inputs.context, project);
  const [configured, pip] = await Promise.all([readIndexConfig(input), readPipSettings(input)]);
  const pipOnlyBinary = pip.get('only-binary')?.value;
  const answered = {
    read: (url: string) => cache.readRecord('mirror-answers', sha256(url)),
    write: (url: string, answers: boolean) => cache.writeRecord('mirror-answers', sha256(url), answers),
  };
  const chosen = await chooseIndex({ ...inputs.context, answered }, configured, inputs.indexes, inputs.mirror);
  const context = { ...inputs.context, env: chosen.env };
  const { config } = chosen;
  const uv = once(() => findUv(context));
  return {
    config,
    isMirrored: chosen.isMirrored,
    client: once(() => openClient(context, cache, config, uv)),
    name: async () => `uv ${(await uv()).version}`,
    buildRules: parseBuildRules({
      env: inputs.context.env,
      tool: input.tool,
      onlyBinary: inputs.indexes.onlyBinary ?? [],
      ...(pipOnlyBinary === undefined ? {} : { pipOnlyBinary }),
    }),
    resolve: async (source, target, preferred = [], links) => {
      const program = await uv();
      const interpreter = (await findInterpreter(context))?.path ?? (await inputs.composedPython());
      return resolveWithUv(context, program, {
        requirements: source.requirements,
        ...(source.constraints === '' ? {} : { constraints: source.constraints }),
        preferred,
        pythonVersion: target.python,
        platform: target.architecture,
        glibc: target.glibc,
        interpreter,
        cwd: project.root,
        index: config,
        ...(links === undefined ? {} : { links }),
      });
    },
  };
}

/** What the settings of pip and uv are read from. */
export async function configurationInput(context: Context, project: Project): Promise<IndexConfigInput> {
  const own = await project.readToml('uv.toml');
  const tool = own?.root ?? uvTable((await project.readToml('pyproject.toml'))?.root['tool']);
  return {
    env: context.env,
    readFile: readTextIfThere,
    home: context.home,
    platform: context.host.platform,
    project: project.root,
    ...(tool === undefined ? {} : { tool }),
  };
}

function uvTable(tool: unknown): unknown {
  return typeof tool === 'object' && tool !== null && 'uv' in tool ? tool.uv : undefined;
}

async function openClient(
  context: Context,
  cache: Cache,
  config: IndexConfig,
  uv: () => Promise<UvProgram>,
): Promise<IndexClient> {
  const main = config.noIndex ? [] : [config.indexUrl ?? (await knownDefaultIndex(context, cache, uv))];
  return createIndexClient(
    context.http,
    { indexUrls: [...config.extraIndexUrls, ...main], findLinks: config.findLinks, credentials: config.credentials },
    {
      read: async (key) => {
        const value = await cache.readRecord('index', sha256(key));
        return typeof value === 'string' ? value : undefined;
      },
      write: (key, text) => cache.writeRecord('index', sha256(key), text),
    },
    { offline: context.offline, refresh: context.refresh, now: context.now },
  );
}

/** tare names no index: where none is configured, uv says which one it would take. Remembered for later builds. */
async function knownDefaultIndex(context: Context, cache: Cache, uv: () => Promise<UvProgram>): Promise<string> {
  const known = await cache.readRecord('default-index', 'uv');
  if (typeof known === 'string' && !context.refresh) return known;
  try {
    const url = await defaultIndexUrl(context, await uv());
    await cache.writeRecord('default-index', 'uv', url);
    return url;
  } catch (error) {
    throw new TareError({
      code: 'INDEX_UNKNOWN',
      message: 'no package index is configured, and there is no uv to ask for its default',
      hint: 'set PIP_INDEX_URL or UV_DEFAULT_INDEX, or install uv (`pip install uv`)',
      cause: error,
    });
  }
}
