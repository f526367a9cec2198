import { TareError } from '../base/errors.ts';
import { kebabCase } from './key-case.ts';
import type { ConfigKey } from './resolve.ts';
import type { UserConfig } from './schema.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const textKeys = [
  'name',
  'version',
  'python',
  'entrypoint',
  'user',
  'workdir',
  'output',
  'tag',
  'base',
  'mirror',
] as const;
const listKeys = [
  'platforms',
  'extras',
  'groups',
  'include',
  'exclude',
  'systemPackages',
  'excludeSystemPackages',
  'keepSources',
  'stripSources',
  'allow',
  'buildPackages',
  'buildConstraints',
  'caCertificates',
] as const;
const switchKeys = ['strict', 'debug', 'readOnly'] as const;

/** The name of the environment variable of a setting: `TARE_PLATFORMS`. */
export function variableName(key: ConfigKey): string {
  return `TARE_${kebabCase(key).replaceAll('-', '_').toUpperCase()}`;
}

/** Settings in `TARE_…`: texts as they are, lists separated by commas. Empty variables count as absent. */
export function readEnvironmentConfig(env: Environment): UserConfig {
  const config: { -readonly [Key in keyof UserConfig]: UserConfig[Key] } = {};
  for (const key of textKeys) {
    const value = valueOf(env, key);
    if (value !== undefined) config[key] = value;
  }
  for (const key of listKeys) {
    const value = valueOf(env, key);
    if (value !== undefined)
      config[key] = value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
  }
  const port = valueOf(env, 'port');
  if (port !== undefined) config.port = parsePort(port);
  for (const key of switchKeys) {
    const value = valueOf(env, key);
    if (value !== undefined) config[key] = parseSwitch(variableName(key), value);
  }
  const built = valueOf(env, 'buildWheels');
  if (built !== undefined) config.buildWheels = parseBuildWheels(built);
  const seconds = valueOf(env, 'buildSeconds');
  if (seconds !== undefined) config.buildSeconds = parseSeconds(variableName('buildSeconds'), seconds);
  const policy = parseChoice(env, 'systemPolicy', ['needed', 'depends']);
  if (policy !== undefined) config.systemPolicy = policy;
  const bytecode = parseChoice(env, 'bytecode', ['all', 'app', 'none']);
  if (bytecode !== undefined) config.bytecode = bytecode;
  const sources = parseChoice(env, 'sources', ['keep', 'strip']);
  if (sources !== undefined) config.sources = sources;
  const mirror = env['TARE_DEBIAN_MIRROR'];
  const securityMirror = env['TARE_DEBIAN_SECURITY_MIRROR'];
  const snapshot = env['TARE_DEBIAN_SNAPSHOT'];
  if (mirror || securityMirror || snapshot) {
    config.debian = {
      ...(mirror ? { mirror } : {}),
      ...(securityMirror ? { securityMirror } : {}),
      ...(snapshot ? { snapshot } : {}),
    };
  }
  const archive = env['TARE_PYTHON_ARCHIVE'];
  if (archive) config.standalone = { archive };
  return config;
}

function valueOf(env: Environment, key: ConfigKey): string | undefined {
  const value = env[variableName(key)];
  return value === '' ? undefined : value;
}

/** `auto`, `never`, or names separated by commas. */
function parseBuildWheels(text: string): 'auto' | 'never' | readonly string[] {
  if (text === 'auto' || text === 'never') return text;
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parseSeconds(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw invalid(name, text, 'a whole number of seconds');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw invalid(variableName('port'), text, 'a port from 1 to 65535');
}

function parseChoice<Choice extends string>(
  env: Environment,
  key: ConfigKey,
  choices: readonly Choice[],
): Choice | undefined {
  const value = valueOf(env, key);
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw invalid(variableName(key), value, choices.map((choice) => `\`${choice}\``).join(' or '));
}

function parseSwitch(name: string, text: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false;
  throw invalid(name, text, '1 or 0');
}

function invalid(name: string, actual: string, expected: string): TareError {
  return new TareError({
    code: 'CONFIG_INVALID',
    message: `the environment variable \`${name}\` cannot be used`,
    where: name,
    expected,
    actual,
    hint: `unset it, or set it to ${expected}`,
  });
}
