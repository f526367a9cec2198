import type { Digest } from '../base/digest.ts';
import type { Plan } from '../plan/types.ts';

/** The ways of writing a Dockerfile, by what the builder must know. */
export const variants = ['plain', 'cached', 'venv', 'wheels', 'uv'] as const;

export type Variant = (typeof variants)[number];

/** An image that a stage begins with. */
export interface BaseReference {
  /** As a person writes it: `python:3.13-slim-trixie`. */
  readonly name: string;
  /** Absent where the registry could not be asked. */
  readonly digest?: Digest;
}

/** Where the pinned and hashed set of distributions stands. */
export type LockSource =
  /** A requirements file of the project, with all files that it includes; relative to the project. */
  | { readonly kind: 'requirements'; readonly file: string; readonly files: readonly string[] }
  /** `uv.lock`, with what of it is installed. */
  | { readonly kind: 'uv'; readonly extras: readonly string[]; readonly groups: readonly string[] }
  /** Nowhere that pip can read: the Dockerfile lists the wheels of the plan. */
  | { readonly kind: 'plan' };

/** An index that the project's own files name, without credentials. */
export interface ProjectIndex {
  readonly url: string;
  /** Normalised names of the distributions that come from it; empty where it is one more place to look at. */
  readonly names: readonly string[];
}

/** What a Dockerfile is made of: the plan, and what the plan does not hold. */
export interface DockerfileInputs {
  readonly plan: Plan;
  /** What the image stands on. */
  readonly base: BaseReference;
  /** The same with compilers and the headers of libraries. */
  readonly fullBase: BaseReference;
  readonly lock: LockSource;
  readonly indexes: readonly ProjectIndex[];
  /** Files that building the project's own distribution reads beside its modules, relative to the project. */
  readonly buildFiles: readonly string[];
  /** Files of the certificates of `plan.certificates`, relative to the project. */
  readonly certificateFiles: readonly string[];
  /** The plan was made on this very base, and its Debian packages are there once their files are: none but these has to be added. */
  readonly exactPackages?: boolean;
  /** Why this variant, where it is the one that the project leads to. */
  readonly because?: string;
}

export interface DockerfileOptions {
  readonly variant: Variant;
  /** @default full */
  readonly comments?: 'full' | 'brief' | 'none';
  /** `COPY --link` (Dockerfile syntax 1.4: BuildKit 0.10, Docker 23). @default true; never in `plain` */
  readonly link?: boolean;
  /** What the first line names beside them. */
  readonly asked?: AskedSettings;
}

/**
 * Settings that the command line gave in place of the configuration's, by their flag: `{ '--extra': ['fast'] }`. A file that is made again
 * needs them again.
 */
export type AskedSettings = Readonly<Record<string, readonly string[]>>;

export type SecretId = 'pip_conf' | 'netrc' | 'uv_toml' | 'apt_sources' | 'ca';

/** A file that a step of the build can read where it is given (`--secret id=…`); absent means upstream. It never gets into a layer. */
export interface DockerfileSecret {
  readonly id: SecretId;
  /** Where the step sees it, absolute. */
  readonly target: string;
  /** For people: `settings of pip: indexes, mirrors, credentials`. */
  readonly purpose: string;
  /** What its text must be. */
  readonly format: string;
  /** Where a person usually has such a file; tare composes it from the same settings. */
  readonly example: string;
}

export interface RenderedDockerfile {
  readonly variant: Variant;
  /** The Dockerfile, with its mark in the first line. */
  readonly text: string;
  /** To stand beside it as `<Dockerfile>.dockerignore`. */
  readonly dockerignore: string;
  /** What its steps read where it is given; none in `plain`. */
  readonly secrets: readonly DockerfileSecret[];
  /** What the builder must know. */
  readonly needs: readonly BuilderFeature[];
  /** Stages that other services on the same base may have word for word. */
  readonly shared?: SharedStage;
}

/** The first stages of a Dockerfile, up to one that later stages begin with. */
export interface SharedStage {
  readonly name: string;
  readonly text: string;
}

/** `RUN --mount` for caches and secrets (BuildKit; Docker 18.09, buildah 1.28), `COPY --link` (BuildKit 0.10; Docker 23). */
export type BuilderFeature = 'mounts' | 'link';
