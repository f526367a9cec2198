import type { Because } from '../base/because.ts';

/** The part of the resolved configuration that planning reads; `config/` gives more, and may import this, not the reverse. */
export interface ResolvedSettings {
  readonly command?: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly processes: Readonly<
    Record<string, { readonly command: readonly string[]; readonly ports: readonly number[] }>
  >;
  readonly bytecode: 'all' | 'app' | 'none';
  readonly sources: 'keep' | 'strip';
  readonly keepSources: readonly string[];
  readonly stripSources: readonly string[];
  readonly debug?: boolean;
  readonly readOnly?: boolean;
  /** Where each variable of `env` comes from. */
  readonly envOrigins?: Readonly<Record<string, Because>>;
  /** Where settings come from. */
  readonly origins: {
    readonly command?: Because;
    readonly bytecode?: Because;
    readonly sources?: Because;
    readonly readOnly?: Because;
  };
}
