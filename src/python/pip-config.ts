import { posix, win32 } from 'node:path';
import type { IndexConfigInput } from './index-config.ts';

/** Settings of pip's configuration by long option name, with the place of each. */
export type PipSettings = ReadonlyMap<string, { readonly value: string; readonly file: string; readonly line: number }>;

/** Paths of pip's configuration files, weakest first (pip, "Configuration", "Location"). */
export function pipConfigPaths({ env, home, platform }: IndexConfigInput): readonly string[] {
  const named = env['PIP_CONFIG_FILE'];
  if (named === '/dev/null' || named?.toLowerCase() === 'nul') return [];
  const paths: string[] = [];
  if (platform === 'win32') {
    const { join } = win32;
    paths.push(join(env['PROGRAMDATA'] ?? 'C:\\ProgramData', 'pip', 'pip.ini'), join(home, 'pip', 'pip.ini'));
    paths.push(join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'pip', 'pip.ini'));
    if (env['VIRTUAL_ENV'] !== undefined) paths.push(join(env['VIRTUAL_ENV'], 'pip.ini'));
  } else {
    const { join } = posix;
    if (platform === 'darwin') paths.push('/Library/Application Support/pip/pip.conf');
    // The first folder of XDG_CONFIG_DIRS is the strongest.
    const shared = (env['XDG_CONFIG_DIRS'] || '/etc/xdg').split(':').filter((folder) => folder !== '');
    paths.push(...shared.reverse().map((folder) => join(folder, 'pip', 'pip.conf')), '/etc/pip.conf');
    paths.push(join(home, '.pip', 'pip.conf'));
    paths.push(join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'pip', 'pip.conf'));
    if (platform === 'darwin') paths.push(join(home, 'Library', 'Application Support', 'pip', 'pip.conf'));
    if (env['VIRTUAL_ENV']) paths.push(join(env['VIRTUAL_ENV'], 'pip.conf'));
  }
  if (named) paths.push(named);
  return paths;
}

/** Reads pip's files; of two that set one option the stronger wins, `[install]` before `[global]`. */
export async function readPipSettings(input: IndexConfigInput): Promise<PipSettings> {
  const sections = new Map<string, Map<string, { value: string; file: string; line: number }>>();
  for (const file of pipConfigPaths(input)) {
    const text = await input.readFile(file);
    if (text === undefined) continue;
    for (const { section, key, value, line } of parseIni(text)) {
      const settings = sections.get(section) ?? new Map<string, { value: string; file: string; line: number }>();
      sections.set(section, settings.set(key, { value, file, line }));
    }
  }
  return new Map([...(sections.get('global') ?? []), ...(sections.get('install') ?? [])]);
}

interface IniEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** Reads what Python's `configparser` reads without interpolation: sections, `=` or `:`, indented continuations. */
export function parseIni(text: string): readonly IniEntry[] {
  const entries: { section: string; key: string; value: string; line: number }[] = [];
  let section = '';
  let open = false;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const last = entries.at(-1);
    if (/^\s/.test(raw) && open && last !== undefined) {
      last.value = `${last.value}\n${trimmed}`.trim();
      continue;
    }
    open = false;
    const header = /^\[([^\]]+)\]/.exec(trimmed)?.[1];
    if (header !== undefined) {
      section = header.trim();
      continue;
    }
    const at = trimmed.search(/[=:]/);
    if (at <= 0) continue;
    const key = trimmed.slice(0, at).trim().toLowerCase().replaceAll('_', '-').replace(/^-+/, '');
    entries.push({ section, key, value: trimmed.slice(at + 1).trim(), line: index + 1 });
    open = true;
  }
  return entries;
}
