import type { Context } from '../../base/context.ts';
import { isTareError } from '../../base/errors.ts';
import { findMirrorProfile } from '../../config/mirror-profiles.ts';
import { discardBody } from '../../http/read-text.ts';
import type { RequirementsIndexes } from '../../plan/lock.ts';
import type { IndexConfig } from '../../python/index-config.ts';

export interface ChosenIndex {
  readonly config: IndexConfig;
  /** A named mirror stands in for what was configured. */
  readonly isMirrored: boolean;
  /** For uv, which reads its own configuration first. */
  readonly env: Context['env'];
}

export interface MirrorSurroundings extends Pick<Context, 'env' | 'http' | 'log' | 'offline' | 'signal'> {
  /** What answered last time, by address: an offline build goes on with that. */
  readonly answered: {
    readonly read: (url: string) => Promise<unknown>;
    readonly write: (url: string, answers: boolean) => Promise<void>;
  };
}

/**
 * The Python index of a named mirror as long as it answers, else what is configured, with a word. An index that the requirements file
 * names by `--index-url` is the project's own and stays.
 */
export async function chooseIndex(
  context: MirrorSurroundings,
  configuration: IndexConfig,
  file: RequirementsIndexes,
  mirror: string | undefined,
): Promise<ChosenIndex> {
  const config = withFileIndexes(configuration, file);
  const configured = { config, env: context.env, isMirrored: false };
  if (mirror === undefined) return configured;
  const { pythonIndex, torchWheels } = findMirrorProfile(mirror);
  // Any index has pip.
  if (!(await answers(context, mirror, 'its Python index', `${pythonIndex}pip/`))) return configured;
  const withTorch = torchWheels === undefined ? config : await withTorchWheels(context, config, mirror, torchWheels);
  return {
    config: { ...withTorch, indexUrl: file.indexUrl ?? pythonIndex },
    isMirrored: true,
    env: { ...context.env, UV_DEFAULT_INDEX: pythonIndex, UV_INDEX_URL: undefined },
  };
}

/** Options in a requirements file win over the configuration, as with pip. */
function withFileIndexes(config: IndexConfig, file: RequirementsIndexes): IndexConfig {
  return {
    ...config,
    ...(file.indexUrl === undefined ? {} : { indexUrl: file.indexUrl }),
    extraIndexUrls: [...file.extraIndexUrls, ...config.extraIndexUrls],
    findLinks: [...file.findLinks, ...config.findLinks],
  };
}

/** In place of indexes for torch, which have their variant at the end (`…/whl/cpu`), the mirror's list of that variant. */
async function withTorchWheels(
  context: MirrorSurroundings,
  config: IndexConfig,
  mirror: string,
  torchWheels: string,
): Promise<IndexConfig> {
  const extraIndexUrls: string[] = [];
  const findLinks = [...config.findLinks];
  for (const url of config.extraIndexUrls) {
    const variant = /\/whl\/(cpu|cu\d{2,3}|rocm[\d.]+|xpu)\/?$/.exec(url)?.[1];
    const page = `${torchWheels}/${variant ?? ''}/`;
    if (variant !== undefined && (await answers(context, mirror, `its wheels of torch for \`${variant}\``, page)))
      findLinks.push(page);
    else extraIndexUrls.push(url);
  }
  return { ...config, extraIndexUrls, findLinks };
}

async function answers(context: MirrorSurroundings, mirror: string, what: string, url: string): Promise<boolean> {
  if (context.offline) return (await context.answered.read(url)) !== false;
  const problem = await problemOf(context, url);
  await context.answered.write(url, problem === undefined);
  if (problem === undefined) return true;
  context.log.warn(
    `the mirror \`${mirror}\` does not give ${what}: going on with what is configured otherwise (${problem})`,
    `leave out \`--mirror ${mirror}\`, or name another one`,
  );
  return false;
}

async function problemOf(context: MirrorSurroundings, url: string): Promise<string | undefined> {
  try {
    const response = await context.http.request({ url, signal: context.signal });
    await discardBody(response);
    return response.status === 200 ? undefined : `status ${response.status}`;
  } catch (error) {
    if (!isTareError(error)) throw error;
    return error.message;
  }
}
