import { readTextIfThere } from '../../base/atomic-file.ts';
import type { Because } from '../../base/because.ts';
import type { Context } from '../../base/context.ts';
import { type ArchivePlace, parseArchivePlace, parseMirrorRoot } from '../../python-archive/archive-place.ts';
import { parseToml } from '../../python/toml.ts';
import { readUvSettings } from '../../python/uv-config.ts';
import type { BaseWish } from './resolution.ts';

/** A place for archives, and who configured it. */
export interface ConfiguredPlace {
  readonly place: ArchivePlace;
  readonly because: Because;
}

/** Where archives come from: tare's own settings, then uv's. Undefined where nothing is configured. */
export async function archivePlaceOf(context: Context, wish: BaseWish): Promise<ConfiguredPlace | undefined> {
  const { config, project } = wish;
  const own = config.standalone?.archive;
  const origin = config.origins.standalone ?? { rule: 'configured' };
  // Several tables of one name would hide which key is meant.
  const because = { ...origin, rule: origin.rule.includes('TARE_') ? '`TARE_PYTHON_ARCHIVE`' : '`standalone.archive`' };
  if (own !== undefined) return { place: parseArchivePlace(own, project), because };
  const variable = context.env['UV_PYTHON_INSTALL_MIRROR'];
  if (variable) {
    return {
      place: parseMirrorRoot(variable, project),
      because: { rule: 'the environment variable `UV_PYTHON_INSTALL_MIRROR`' },
    };
  }
  const settings = await readUvSettings({
    env: context.env,
    readFile: readTextIfThere,
    home: context.home,
    platform: context.host.platform,
    project,
    tool: await uvTableOf(project),
  });
  const found = settings.find((one) => one.pythonInstallMirror !== undefined);
  if (found?.pythonInstallMirror === undefined) return undefined;
  const place = parseMirrorRoot(found.pythonInstallMirror, found.folder ?? project);
  return { place, because: { rule: "uv's setting `python-install-mirror`" } };
}

async function uvTableOf(project: string): Promise<unknown> {
  const text = await readTextIfThere(`${project}/pyproject.toml`);
  const tool = text === undefined ? undefined : parseToml(text, 'pyproject.toml')['tool'];
  return typeof tool === 'object' && tool !== null && 'uv' in tool ? tool.uv : undefined;
}
