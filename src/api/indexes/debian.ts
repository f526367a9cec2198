import { isAbsolute, join } from 'node:path';
import type { BaseImage } from '../../base-image/base-image.ts';
import { chooseBaseMirrors, readBaseSources } from '../../base-image/base-sources.ts';
import { readTextIfThere } from '../../base/atomic-file.ts';
import type { Context } from '../../base/context.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { findMirrorProfile } from '../../config/mirror-profiles.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { withMirrorFallback } from '../../debian/mirror-fallback.ts';
import { type DebianMirrorConfig, openSuite } from '../../debian/mirror.ts';
import type { SuiteIndex } from '../../debian/package.ts';

/** Where Debian packages come from: a named mirror as long as it has the suite, else what is configured. */
export async function resolveDebian(
  context: Context,
  config: ResolvedConfig,
  project: string,
  suite: string,
  architecture: string,
): Promise<DebianMirrorConfig> {
  const configured = await readDebianConfig(config, project);
  if (config.mirror === undefined) return configured;
  const { debian, debianSecurity } = findMirrorProfile(config.mirror);
  const named = { ...configured, mirror: debian, securityMirror: debianSecurity };
  const opened = async (one: DebianMirrorConfig): Promise<DebianMirrorConfig> => {
    await openSuite(context, one, suite, architecture);
    return one;
  };
  return withMirrorFallback(
    context,
    config.mirror,
    `Debian ${suite}`,
    () => opened(named),
    () => opened(configured),
  );
}

/** The same without asking any mirror which suites it has: for packages that are known by path and hash. */
export async function nameDebian(config: ResolvedConfig, project: string): Promise<DebianMirrorConfig> {
  const configured = await readDebianConfig(config, project);
  if (config.mirror === undefined) return configured;
  const { debian, debianSecurity } = findMirrorProfile(config.mirror);
  return { ...configured, mirror: debian, securityMirror: debianSecurity };
}

async function readDebianConfig({ debian }: ResolvedConfig, project: string): Promise<DebianMirrorConfig> {
  const { mirror, securityMirror, keys = [], sources = [], snapshot } = debian;
  return {
    ...(mirror === undefined ? {} : { mirror }),
    ...(securityMirror === undefined ? {} : { securityMirror }),
    ...(snapshot === undefined ? {} : { snapshot }),
    keys: await Promise.all(keys.map((file) => readKey(file, project))),
    extraSources: await Promise.all(
      sources.map(async ({ url, suite, components, key }) => ({
        uri: url,
        suite,
        components,
        key: await readKey(key, project),
      })),
    ),
  };
}

async function readKey(file: string, project: string): Promise<string> {
  const path = isAbsolute(file) ? file : join(project, file);
  const text = await readTextIfThere(path);
  if (text !== undefined) return text;
  throw new TareError({
    code: 'DEBIAN_KEY_INVALID',
    message: `the key \`${file}\` is not there`,
    where: path,
    hint: 'correct `keys` or `key` in `[tool.tare.debian]`: files of armoured public keys, relative to the project',
  });
}

/** The suite of a base image: by the configuration or this machine's apt, and where these know no mirror, by the base's own sources. */
export async function openBaseSuite(
  context: Context,
  debian: DebianMirrorConfig,
  base: BaseImage,
  suite: string,
): Promise<{ readonly index: SuiteIndex; readonly debian: DebianMirrorConfig }> {
  try {
    return { index: await openSuite(context, debian, suite, base.architecture), debian };
  } catch (error) {
    const own = chooseBaseMirrors(readBaseSources(base), suite);
    if (!isTareError(error) || error.code !== 'DEBIAN_MIRROR_MISSING' || own.mirror === undefined) throw error;
    const { mirror, securityMirror } = own;
    const fromBase = { ...debian, mirror, ...(securityMirror === undefined ? {} : { securityMirror }) };
    return { index: await openSuite(context, fromBase, suite, base.architecture), debian: fromBase };
  }
}
