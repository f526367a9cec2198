import type { Because } from '../base/because.ts';
import type { InlineConfig, UserConfig } from './schema.ts';

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
  readonly processes: Readonly<Record<string, Required<import('./schema.ts').ProcessConfig>>>;
  readonly debian: import('./schema.ts').DebianConfig;
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

/** Flags win over the environment (`TARE_…`) over the file over defaults. */
export function resolveConfig(
  file: FileConfig,
  env: Readonly<Record<string, string | undefined>>,
  inline: InlineConfig,
): ResolvedConfig {
  throw new Error(`not yet: ${file.source} ${String(env)} ${String(inline)}`);
}
