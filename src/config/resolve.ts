import type { Because } from '../base/because.ts';
import { kebabCase } from './key-case.ts';
import { readEnvironmentConfig, variableName } from './environment.ts';
import { assertEnvironment, assertLabels, assertTag, parseWorkdir } from './image-settings.ts';
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
  readonly buildWheels: 'auto' | 'never' | readonly string[];
  readonly buildPackages: readonly string[];
  readonly buildConstraints: readonly string[];
  readonly buildSeconds: number;
  readonly bytecode: 'all' | 'app' | 'none';
  readonly sources: 'keep' | 'strip';
  readonly keepSources: readonly string[];
  readonly stripSources: readonly string[];
  readonly debug: boolean;
  readonly caCertificates: readonly string[];
  readonly readOnly: boolean;
  /** Where each variable of `env` comes from. */
  readonly envOrigins: Readonly<Record<string, Because>>;
  /** Where each setting comes from: a flag, the environment, a file, the default. */
  readonly origins: Readonly<Partial<Record<ConfigKey, Because>>>;
}

export interface FileConfig {
  readonly config: UserConfig;
  /** `pyproject.toml` or `tare.toml`; absent where neither has settings. */
  readonly source?: string;
  /** One-based lines of the keys. */
  readonly lines: Readonly<Partial<Record<ConfigKey, number>>>;
}

/** Where an image goes that is not sent elsewhere. */
export const defaultOutput = 'oci:.tare/image';
/** The output of a build that leaves nothing on disk. */
export const noOutput = 'none';

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
  output: defaultOutput,
  debian: {},
  systemPolicy: 'needed',
  systemPackages: [],
  excludeSystemPackages: [],
  allow: [],
  buildWheels: 'auto',
  buildPackages: [],
  buildConstraints: [],
  buildSeconds: 3600,
  bytecode: 'all',
  sources: 'keep',
  keepSources: [],
  stripSources: [],
  debug: false,
  caCertificates: [],
  readOnly: false,
} as const satisfies UserConfig;

/**
 * Flags win over the environment (`TARE_…`) over the file over defaults; of `env` and `labels` each name by itself. Throws
 * `CONFIG_INVALID`.
 */
export function resolveConfig(
  file: FileConfig,
  env: Readonly<Record<string, string | undefined>>,
  inline: InlineConfig,
): ResolvedConfig {
  const { defaultOutput: output = defaults.output, ...flags } = inline;
  const environment = readEnvironmentConfig(env);
  const origins: Partial<Record<ConfigKey, Because>> = {};
  note(origins, defaults, () => ({ rule: 'the default' }));
  note(origins, file.config, (key) => becauseOfFile(file, key));
  note(origins, environment, (key) => ({ rule: `the environment variable \`${variableName(key)}\`` }));
  note(origins, flags, (key) => ({ rule: `\`${kebabCase(key)}\` on the command line` }));
  const merged = { ...defaults, output, ...file.config, ...environment, ...flags };
  const debian = mergeDebian(file.config.debian, environment.debian, inline.debian);
  const processes = Object.entries(merged.processes ?? {}).map(
    ([name, { command, ports }]) => [name, { command, ports: ports ?? [] }] as const,
  );
  if (merged.tag !== undefined) assertTag(merged.tag, whereOf(origins.tag));
  const image = imageSettings(merged, file, inline, origins);
  return { ...merged, ...image, debian, processes: Object.fromEntries(processes), origins };
}

function imageSettings(
  { workdir }: { readonly workdir: string },
  file: FileConfig,
  inline: InlineConfig,
  origins: Partial<Record<ConfigKey, Because>>,
): Pick<ResolvedConfig, 'workdir' | 'env' | 'labels' | 'envOrigins'> {
  const env = assertEnvironment({ ...file.config.env, ...inline.env }, whereOf(origins.env));
  return {
    workdir: parseWorkdir(workdir, whereOf(origins.workdir)),
    env,
    labels: assertLabels({ ...file.config.labels, ...inline.labels }, whereOf(origins.labels)),
    envOrigins: Object.fromEntries(Object.keys(env).map((name) => [name, becauseOfVariable(file, inline, name)])),
  };
}

function becauseOfVariable(file: FileConfig, { env = {} }: InlineConfig, name: string): Because {
  return Object.hasOwn(env, name) ? { rule: '`--env` on the command line' } : becauseOfFile(file, 'env');
}

/** For an error: `tare.toml:3`, or what says it. */
function whereOf(because: Because | undefined): string {
  if (because?.file === undefined) return because?.rule ?? 'the configuration';
  return because.line === undefined ? because.file : `${because.file}:${because.line}`;
}

/** Mirrors are named together; where old packages are says nothing of where new ones are. */
function mergeDebian(...given: readonly (DebianConfig | undefined)[]): DebianConfig {
  const all = given.filter((one) => one !== undefined);
  const mirrors = all.findLast(({ snapshot: _snapshot, ...rest }) => Object.keys(rest).length > 0) ?? {};
  const snapshot = all.findLast((one) => one.snapshot !== undefined)?.snapshot;
  return { ...mirrors, ...(snapshot === undefined ? {} : { snapshot }) };
}

function note(
  origins: Partial<Record<ConfigKey, Because>>,
  config: UserConfig,
  because: (key: ConfigKey) => Because,
): void {
  for (const key of Object.keys(config) as ConfigKey[]) origins[key] = because(key);
}

function becauseOfFile(file: FileConfig, key: ConfigKey): Because {
  const line = file.lines[key];
  return {
    ...(file.source === undefined ? {} : { file: file.source }),
    ...(line === undefined ? {} : { line }),
    rule: `the setting \`${kebabCase(key)}\``,
  };
}
