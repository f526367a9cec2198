import type { Because } from '../base/because.ts';
import { kebabCase } from './key-case.ts';
import { readEnvironmentConfig, variableName } from './environment.ts';
import type { DebianConfig, InlineConfig, ProcessConfig, UserConfig } from './schema.ts';

export type ConfigKey = keyof UserConfig;

/** Every setting decided; what is absent is left to detection. */
export interface ResolvedConfig extends UserConfig {
  readonly extras: readonly string[];
  readonly groups: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly strict: boolean;
  readonly output: string;
  readonly processes: Readonly<Record<string, Required<ProcessConfig>>>;
  readonly debian: DebianConfig;
  readonly systemPolicy: 'needed' | 'depends';
  readonly systemPackages: readonly string[];
  readonly excludeSystemPackages: readonly string[];
  readonly allow: readonly string[];
  /** Where each setting comes from: a flag, the environment, a file, the default. */
  readonly sources: Readonly<Partial<Record<ConfigKey, Because>>>;
}

export interface FileConfig {
  readonly config: UserConfig;
  /** `pyproject.toml` or `tare.toml`; absent where neither has settings. */
  readonly source?: string;
  /** One-based lines of the keys. */
  readonly lines: Readonly<Partial<Record<ConfigKey, number>>>;
}

const defaults = {
  extras: [],
  groups: [],
  include: [],
  exclude: [],
  user: '65532:65532',
  env: {},
  labels: {},
  workdir: '/app',
  strict: false,
  output: 'oci:.tare/image',
  debian: {},
  systemPolicy: 'needed',
  systemPackages: [],
  excludeSystemPackages: [],
  allow: [],
} as const satisfies UserConfig;

/** Flags win over the environment (`TARE_…`) over the file over defaults. */
export function resolveConfig(
  file: FileConfig,
  env: Readonly<Record<string, string | undefined>>,
  inline: InlineConfig,
): ResolvedConfig {
  const environment = readEnvironmentConfig(env);
  const sources: Partial<Record<ConfigKey, Because>> = {};
  note(sources, defaults, () => ({ rule: 'the default' }));
  note(sources, file.config, (key) => becauseOfFile(file, key));
  note(sources, environment, (key) => ({ rule: `the environment variable \`${variableName(key)}\`` }));
  note(sources, inline, (key) => ({ rule: `\`${kebabCase(key)}\` on the command line` }));
  const merged = { ...defaults, ...file.config, ...environment, ...inline };
  const processes = Object.entries(merged.processes ?? {}).map(
    ([name, { command, ports }]) => [name, { command, ports: ports ?? [] }] as const,
  );
  return { ...merged, processes: Object.fromEntries(processes), sources };
}

function note(
  sources: Partial<Record<ConfigKey, Because>>,
  config: UserConfig,
  because: (key: ConfigKey) => Because,
): void {
  for (const key of Object.keys(config) as ConfigKey[]) sources[key] = because(key);
}

function becauseOfFile(file: FileConfig, key: ConfigKey): Because {
  const line = file.lines[key];
  return {
    ...(file.source === undefined ? {} : { file: file.source }),
    ...(line === undefined ? {} : { line }),
    rule: `the setting \`${kebabCase(key)}\``,
  };
}
