/** The instructions that a Dockerfile is made of, as data: quoting is the business of `render-instruction.ts` alone. */
export type Instruction =
  | (Commented & { readonly kind: 'from'; readonly image: string; readonly alias: string })
  | (Commented & { readonly kind: 'env' | 'label'; readonly pairs: readonly NamedText[] })
  | (Commented & { readonly kind: 'workdir'; readonly path: string })
  | (Commented & CopyInstruction)
  | (Commented & RunInstruction)
  | (Commented & { readonly kind: 'expose'; readonly ports: readonly number[] })
  | (Commented & { readonly kind: 'user' | 'stopsignal'; readonly value: string })
  /** Without words: none, whatever the base has. */
  | (Commented & { readonly kind: 'healthcheck'; readonly options: readonly string[]; readonly command: Words })
  | (Commented & { readonly kind: 'entrypoint' | 'cmd'; readonly command: Words });

type Words = readonly string[];

interface Commented {
  readonly comment?: Comment;
}

/** Why an instruction is there. */
export interface Comment {
  /** One sentence. */
  readonly brief: string;
  /** What else is worth knowing. */
  readonly more?: string;
}

export interface NamedText {
  readonly name: string;
  readonly value: string;
}

export interface CopyInstruction {
  readonly kind: 'copy';
  /** A stage; absent for the build context. */
  readonly from?: string;
  /** Paths, never patterns. */
  readonly sources: readonly string[];
  /** A folder ends in `/`. */
  readonly destination: string;
  /** `65532:65532` */
  readonly owner?: string;
  readonly link?: boolean;
}

export interface RunInstruction {
  readonly kind: 'run';
  readonly mounts: readonly Mount[];
  /** One after the other, the next only where the one before succeeds. */
  readonly commands: readonly ShellCommand[];
}

export type Mount =
  | { readonly type: 'cache'; readonly target: string; readonly isLocked?: boolean }
  | { readonly type: 'secret'; readonly id: string; readonly target: string; readonly mode?: string }
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly from?: string };

/** Lines of words; each line but the first is indented below it. */
export type ShellCommand = readonly (readonly ShellWord[])[];

/** A text that the program gets as it is, or shell syntax that is written as it is: never made of anything from outside. */
export type ShellWord = string | { readonly shell: string };
