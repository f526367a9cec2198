import type { Context } from '../base/context.ts';
import { isTareError } from '../base/errors.ts';
import { findMirrorProfile } from '../config/mirror-profiles.ts';
import { discardBody } from '../http/read-text.ts';
import type { IndexConfig } from '../python/index-config.ts';

export interface ChosenIndex {
  readonly config: IndexConfig;
  /** For uv, which reads its own configuration first. */
  readonly env: Context['env'];
}

/** The Python index of a named mirror as long as it answers, else what is configured, with a word. */
export async function chooseIndex(
  context: Context,
  config: IndexConfig,
  mirror: string | undefined,
): Promise<ChosenIndex> {
  const configured = { config, env: context.env };
  if (mirror === undefined) return configured;
  const { pythonIndex } = findMirrorProfile(mirror);
  const problem = context.offline ? undefined : await problemOf(context, pythonIndex);
  if (problem === undefined) {
    return {
      config: { ...config, indexUrl: pythonIndex },
      env: { ...context.env, UV_DEFAULT_INDEX: pythonIndex, UV_INDEX_URL: undefined },
    };
  }
  context.log.warn(
    `the mirror \`${mirror}\` does not give its Python index: going on with what is configured otherwise (${problem})`,
    `leave out \`--mirror ${mirror}\`, or name another one`,
  );
  return configured;
}

/** Any index has pip. */
async function problemOf(context: Context, index: string): Promise<string | undefined> {
  try {
    const response = await context.http.request({ url: `${index}pip/`, signal: context.signal });
    await discardBody(response);
    return response.status === 200 ? undefined : `status ${response.status}`;
  } catch (error) {
    if (!isTareError(error)) throw error;
    return error.message;
  }
}
