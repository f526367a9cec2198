import { posix, win32 } from 'node:path';
import * as v from 'valibot';
import { limits } from '../base/limits.ts';
import type { IndexConfigInput } from './index-config.ts';
import { checkShape, parseToml } from './toml.ts';

/** One package index as uv knows it. */
export interface UvIndex {
  readonly name?: string;
  readonly url: string;
  readonly default: boolean;
  /** Used only for packages that name it: never asked for others. */
  readonly explicit: boolean;
}

/** The part of a uv configuration that says where packages come from, and which file it is of. */
export interface UvSettings {
  readonly file: string;
  /** Absolute folder that relative paths are meant from. */
  readonly folder: string | undefined;
  readonly indexes: readonly UvIndex[];
  readonly findLinks: readonly string[];
  readonly noIndex?: boolean;
  readonly trustedHosts: readonly string[];
  /** Where standalone Pythons come from: an address or a `file:` folder, by release below it. */
  readonly pythonInstallMirror?: string;
}

const uvSchema = v.object({
  index: v.optional(
    v.array(
      v.object({
        name: v.optional(v.string()),
        url: v.string(),
        default: v.optional(v.boolean(), false),
        explicit: v.optional(v.boolean(), false),
      }),
    ),
    [],
  ),
  'index-url': v.optional(v.string()),
  'extra-index-url': v.optional(v.array(v.string()), []),
  'find-links': v.optional(v.array(v.string()), []),
  'no-index': v.optional(v.boolean()),
  'allow-insecure-host': v.optional(v.array(v.string()), []),
  'python-install-mirror': v.optional(v.string()),
});

/** uv's configurations, strongest first: the project's, the user's, the system's (uv, "Configuration files"). */
export async function readUvSettings(input: IndexConfigInput): Promise<readonly UvSettings[]> {
  const { env } = input;
  const only = env['UV_CONFIG_FILE'];
  const settings: UvSettings[] = [];
  if (isOn(env['UV_NO_CONFIG'])) return settings;
  const { join, dirname } = input.platform === 'win32' ? win32 : posix;
  const paths = only ? [only] : userPaths(input);
  if (!only) {
    const own = input.project === undefined ? undefined : join(input.project, 'uv.toml');
    const text = own === undefined ? undefined : await input.readFile(own);
    // A project's uv.toml replaces `[tool.uv]`.
    if (text !== undefined)
      settings.push(uvSettings(parseToml(text, 'uv.toml', limits.projectFile), 'uv.toml', input.project));
    else if (input.tool !== undefined) settings.push(uvSettings(input.tool, 'pyproject.toml', input.project));
  }
  for (const path of paths) {
    const text = await input.readFile(path);
    if (text !== undefined) settings.push(uvSettings(parseToml(text, path, limits.projectFile), path, dirname(path)));
  }
  return settings;
}

function userPaths({ env, home, platform }: IndexConfigInput): readonly string[] {
  if (platform === 'win32') {
    const { join } = win32;
    return [
      join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'uv', 'uv.toml'),
      join(env['PROGRAMDATA'] ?? 'C:\\ProgramData', 'uv', 'uv.toml'),
    ];
  }
  const { join } = posix;
  const shared = (env['XDG_CONFIG_DIRS'] || '/etc/xdg').split(':').filter((folder) => folder !== '');
  return [
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'uv', 'uv.toml'),
    ...shared.map((folder) => join(folder, 'uv', 'uv.toml')),
    '/etc/uv/uv.toml',
  ];
}

function uvSettings(table: unknown, file: string, folder: string | undefined): UvSettings {
  const hint = `correct the uv settings in \`${file}\``;
  const shape = checkShape(uvSchema, table, { code: 'UV_CONFIG_INVALID', where: file, hint });
  const legacy = shape['index-url'];
  const mirror = shape['python-install-mirror'];
  return {
    file,
    folder,
    indexes: [
      ...shape.index.map(({ name, ...index }) => (name === undefined ? index : { name, ...index })),
      ...shape['extra-index-url'].map((url) => ({ url, default: false, explicit: false })),
      ...(legacy === undefined ? [] : [{ url: legacy, default: true, explicit: false }]),
    ],
    findLinks: shape['find-links'],
    ...(shape['no-index'] === undefined ? {} : { noIndex: shape['no-index'] }),
    trustedHosts: shape['allow-insecure-host'],
    ...(mirror === undefined ? {} : { pythonInstallMirror: mirror }),
  };
}

/** `UV_INDEX`: `name=https://…` or an address. */
export function parseUvIndex(text: string, isDefault: boolean): UvIndex {
  const match = /^([A-Za-z0-9_.-]+)=(.+)$/s.exec(text);
  const [, name, url] = match ?? [];
  return name !== undefined && url !== undefined
    ? { name, url, default: isDefault, explicit: false }
    : { url: text, default: isDefault, explicit: false };
}

/** A truth value as pip and uv take them from the environment. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|y|yes|t|true|on)$/i.test(value.trim());
}
