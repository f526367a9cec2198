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
  readonly sources: { readonly command?: Because };
}
