import { posix, win32 } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Because } from '../base/because.ts';
import {
  type Credentials,
  createCredentials,
  type GivenCredentials,
  splitUserInfo,
  urlOrUndefined,
} from './index-credentials.ts';
import { type NetrcEntry, parseNetrc } from './netrc.ts';
import { type PipSettings, readPipSettings } from './pip-config.ts';
import { isOn, parseUvIndex, readUvSettings, type UvIndex, type UvSettings } from './uv-config.ts';

export { type Credentials, withUserInfo } from './index-credentials.ts';

/** The package index as uv and pip are configured with it. Addresses hold no credentials. */
export interface IndexConfig {
  /** Absent where nothing is configured: the caller asks uv for its own default. */
  readonly indexUrl?: string;
  /** In the order in which they are asked, all before `indexUrl`. */
  readonly extraIndexUrls: readonly string[];
  /** Addresses of pages, or absolute paths of folders. */
  readonly findLinks: readonly string[];
  readonly noIndex: boolean;
  /** Path of a CA bundle. */
  readonly certificate?: string;
  readonly proxy?: string;
  readonly trustedHosts: readonly string[];
  /** Where each setting came from, by the name of the field above. */
  readonly sources: Readonly<Record<string, Because>>;
  /** What is to be sent to an address, if anything. */
  readonly credentials: (url: string) => Credentials | undefined;
}

export interface IndexConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or undefined where there is none. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  /** Absolute path of the user's home folder. */
  readonly home: string;
  /** `process.platform` of the host. */
  readonly platform: string;
  /** Absolute path of the project's folder, for its `uv.toml` and relative paths. */
  readonly project?: string;
  /** The parsed `[tool.uv]` table of `pyproject.toml`. */
  readonly tool?: unknown;
}

/** A setting with its place. */
interface Setting<T> {
  readonly value: T;
  readonly because: Because;
}

interface Indexes {
  readonly indexUrl?: Setting<string>;
  readonly extra: readonly Setting<string>[];
  readonly named: readonly UvIndex[];
}

/**
 * Reads where packages come from: uv's environment and files first, where they say nothing pip's. Per question (indexes,
 * links, certificate) one tool answers, so that an index meant for one is not mixed into the other.
 */
export async function readIndexConfig(input: IndexConfigInput): Promise<IndexConfig> {
  const uv = await readUvSettings(input);
  const pip = await readPipSettings(input);
  const fromUv = uvIndexes(input, uv);
  const indexes = fromUv.indexUrl !== undefined || fromUv.extra.length > 0 ? fromUv : pipIndexes(input, pip);
  const uvLinks = uvFindLinks(input, uv);
  const findLinks = uvLinks.length > 0 ? uvLinks : pipList(input, pip, 'find-links');
  const noIndex = uvNoIndex(input, uv) ?? pipValue(input, pip, 'no-index');
  const certificate = certificateOf(input, pip);
  const proxy = pipValue(input, pip, 'proxy');
  const trusted = [...uvTrusted(input, uv), ...pipList(input, pip, 'trusted-host')];
  const { strip, given } = credentialCollector();
  collectNamed(input, [...fromUv.named], given);
  const sources: Record<string, Because> = {};
  const note = <T>(field: string, setting: Setting<T> | undefined): T | undefined => {
    if (setting !== undefined) sources[field] ??= setting.because;
    return setting?.value;
  };
  const indexUrl = note('indexUrl', indexes.indexUrl);
  const certificatePath = note('certificate', certificate);
  const proxyUrl = note('proxy', proxy);
  const list = (field: string, settings: readonly Setting<string>[]): string[] =>
    settings.map((setting) => note(field, setting) ?? '');
  const extra = list('extraIndexUrls', indexes.extra).map(strip);
  const links = list('findLinks', findLinks).map((link) => linkPlace(strip(link)));
  return {
    ...(indexUrl === undefined ? {} : { indexUrl: strip(indexUrl) }),
    extraIndexUrls: [...new Set(extra)],
    findLinks: [...new Set(links)],
    noIndex: isOn(note('noIndex', noIndex)),
    ...(certificatePath === undefined ? {} : { certificate: certificatePath }),
    ...(proxyUrl === undefined ? {} : { proxy: proxyUrl }),
    trustedHosts: [...new Set(list('trustedHosts', trusted))],
    sources,
    credentials: createCredentials(given, await readNetrc(input)),
  };
}

function credentialCollector(): { readonly strip: (url: string) => string; readonly given: GivenCredentials[] } {
  const given: GivenCredentials[] = [];
  const strip = (text: string): string => {
    const { url, credentials } = splitUserInfo(text);
    if (credentials !== undefined) given.push({ url, ...credentials });
    return url;
  };
  return { strip, given };
}

/** `UV_INDEX_<NAME>_USERNAME` and `_PASSWORD` for named indexes, explicit ones too. */
function collectNamed(input: IndexConfigInput, indexes: readonly UvIndex[], given: GivenCredentials[]): void {
  for (const { name, url: address } of indexes) {
    const { url, credentials } = splitUserInfo(address);
    const prefix = `UV_INDEX_${(name ?? '').toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
    const username = name === undefined ? undefined : input.env[`${prefix}_USERNAME`];
    const password = name === undefined ? undefined : input.env[`${prefix}_PASSWORD`];
    if (username !== undefined || password !== undefined)
      given.push({ url, username: username ?? '', password: password ?? '' });
    else if (credentials !== undefined) given.push({ url, ...credentials });
  }
}

async function readNetrc({ env, home, platform, readFile }: IndexConfigInput): Promise<readonly NetrcEntry[]> {
  const { join } = platform === 'win32' ? win32 : posix;
  const paths = env['NETRC'] ? [env['NETRC']] : [join(home, '.netrc'), join(home, '_netrc')];
  for (const path of paths) {
    const text = await readFile(path);
    if (text !== undefined) return parseNetrc(text);
  }
  return [];
}

function fromEnv(input: IndexConfigInput, ...names: readonly string[]): Setting<string> | undefined {
  for (const name of names) {
    const value = input.env[name]?.trim();
    if (value) return { value, because: { rule: `the environment variable ${name}` } };
  }
  return undefined;
}

function split({ value, because }: Setting<string>, separator: RegExp): Setting<string>[] {
  return value
    .split(separator)
    .filter((part) => part !== '')
    .map((part) => ({ value: part, because }));
}

function uvIndexes(input: IndexConfigInput, uv: readonly UvSettings[]): Indexes {
  const environment = (name: string, isDefault: boolean): Setting<UvIndex>[] => {
    const setting = fromEnv(input, name);
    if (setting === undefined) return [];
    return split(setting, /\s+/).map(({ value, because }) => ({ value: parseUvIndex(value, isDefault), because }));
  };
  const configured = uv.flatMap((settings) =>
    settings.indexes.map((value) => ({
      value,
      because: fileBecause(input, settings.file, undefined, 'configured for uv'),
    })),
  );
  const all: Setting<UvIndex>[] = [
    ...environment('UV_INDEX', false),
    ...environment('UV_EXTRA_INDEX_URL', false),
    ...environment('UV_DEFAULT_INDEX', true),
    ...environment('UV_INDEX_URL', true),
    ...configured,
  ];
  const asked = all.filter(({ value }) => !value.explicit);
  const place = ({ value, because }: Setting<UvIndex>): Setting<string> => ({ value: value.url, because });
  const main = asked.find(({ value }) => value.default);
  return {
    ...(main === undefined ? {} : { indexUrl: place(main) }),
    extra: asked.filter(({ value }) => !value.default).map(place),
    named: all.map(({ value }) => value),
  };
}

function pipIndexes(input: IndexConfigInput, pip: PipSettings): Indexes {
  const indexUrl = pipValue(input, pip, 'index-url');
  return { ...(indexUrl === undefined ? {} : { indexUrl }), extra: pipList(input, pip, 'extra-index-url'), named: [] };
}

/** pip's environment wins over its files. */
function pipValue(input: IndexConfigInput, pip: PipSettings, option: string): Setting<string> | undefined {
  const setting = fromEnv(input, `PIP_${option.toUpperCase().replaceAll('-', '_')}`);
  if (setting !== undefined) return setting;
  const found = pip.get(option);
  if (found === undefined || found.value === '') return undefined;
  return { value: found.value, because: fileBecause(input, found.file, found.line, 'configured for pip') };
}

function pipList(input: IndexConfigInput, pip: PipSettings, option: string): readonly Setting<string>[] {
  const setting = pipValue(input, pip, option);
  if (setting === undefined) return [];
  const parts = split(setting, /\s+/);
  return option === 'find-links'
    ? parts.map(({ value, because }) => ({ value: absolute(input, value, input.project), because }))
    : parts;
}

function uvFindLinks(input: IndexConfigInput, uv: readonly UvSettings[]): readonly Setting<string>[] {
  const setting = fromEnv(input, 'UV_FIND_LINKS');
  const links =
    setting === undefined
      ? []
      : split(setting, /[\s,]+/).map(({ value, because }) => ({
          value: absolute(input, value, input.project),
          because,
        }));
  const configured = uv.flatMap((settings) =>
    settings.findLinks.map((value) => ({
      value: absolute(input, value, settings.folder),
      because: fileBecause(input, settings.file, undefined, 'configured for uv'),
    })),
  );
  return [...links, ...configured];
}

/** uv has no variable for this. */
function uvNoIndex(input: IndexConfigInput, uv: readonly UvSettings[]): Setting<string> | undefined {
  const found = uv.find((settings) => settings.noIndex !== undefined);
  return found === undefined
    ? undefined
    : { value: String(found.noIndex), because: fileBecause(input, found.file, undefined, 'configured for uv') };
}

function uvTrusted(input: IndexConfigInput, uv: readonly UvSettings[]): readonly Setting<string>[] {
  const setting = fromEnv(input, 'UV_INSECURE_HOST');
  const configured = uv.flatMap((settings) =>
    settings.trustedHosts.map((value) => ({
      value,
      because: fileBecause(input, settings.file, undefined, 'configured for uv'),
    })),
  );
  return [...(setting === undefined ? [] : split(setting, /[\s,]+/)), ...configured];
}

function certificateOf(input: IndexConfigInput, pip: PipSettings): Setting<string> | undefined {
  const found =
    fromEnv(input, 'SSL_CERT_FILE') ??
    pipValue(input, pip, 'cert') ??
    fromEnv(input, 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE');
  return found === undefined ? undefined : { ...found, value: absolute(input, found.value, input.project) };
}

/** Paths outside the project are shown from the home folder, so that no name of a user stands in a plan. */
function fileBecause({ home }: IndexConfigInput, file: string, line: number | undefined, rule: string): Because {
  const shown = file.startsWith(`${home}/`) || file.startsWith(`${home}\\`) ? `~${file.slice(home.length)}` : file;
  return { file: shown.replaceAll('\\', '/'), ...(line === undefined ? {} : { line }), rule };
}

function absolute({ home, platform }: IndexConfigInput, value: string, folder: string | undefined): string {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix;
  if (urlOrUndefined(value) !== undefined || isAbsolute(value)) return value;
  if (/^~[/\\]/.test(value)) return join(home, value.slice(2));
  return folder === undefined ? value : join(folder, value);
}

function linkPlace(link: string): string {
  return link.startsWith('file://') ? fileURLToPath(link) : link;
}
