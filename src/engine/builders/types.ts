import type { Context } from '../../base/context.ts';

/** Programs that build a Dockerfile, in the order in which `auto` looks for them. */
export const builderNames = ['buildx', 'docker', 'podman', 'buildah', 'buildctl'] as const;

export type BuilderName = (typeof builderNames)[number];

/** What not every builder can do. */
export type Feature =
  /** `RUN --mount` for caches and secrets. */
  | 'mounts'
  /** `COPY --link`. */
  | 'link'
  /** Several platforms in one image. */
  | 'platforms'
  /** Reading and writing a cache elsewhere. */
  | 'cache-from'
  | 'cache-to'
  /** Times of files from `SOURCE_DATE_EPOCH`. */
  | 'rewrite-timestamp'
  /** Into a store of images on this machine. */
  | 'load'
  | 'push';

/** A file that steps of the build may read. */
export interface BuildSecret {
  readonly id: string;
  readonly content: string;
}

/** Where the image goes. Several may be wanted of one build. */
export type BuildOutput =
  /** A new folder that becomes an OCI layout. */
  { readonly kind: 'layout'; readonly dir: string } | { readonly kind: 'push' } | { readonly kind: 'load' };

export interface BuildRequest {
  readonly dockerfile: string;
  /** Patterns of a `.dockerignore`. */
  readonly ignorefile: string;
  /** Absolute; nothing is written there. */
  readonly directory: string;
  /** `linux/amd64`; none means the builder's own. */
  readonly platforms: readonly string[];
  readonly tag?: string;
  readonly secrets: readonly BuildSecret[];
  /** Variables for proxies (`https_proxy`): steps see them, the image and its history do not. */
  readonly proxies: Readonly<Record<string, string>>;
  /** Steps get the network of the machine that builds: what they ask is on its loopback. */
  readonly hostNetwork: boolean;
  readonly outputs: readonly BuildOutput[];
  /** As the builder's own options have them. */
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  /** Seconds since 1970: `SOURCE_DATE_EPOCH`. */
  readonly epoch?: number;
  readonly noCache: boolean;
  /** The registry is spoken to without TLS, or with any certificate. */
  readonly insecure: boolean;
  /** What the Dockerfile needs. */
  readonly needs: readonly Feature[];
}

/** What lives as long as one build. */
export interface BuildSession {
  readonly context: Context;
  /** A folder that only this user can enter, removed at the end: the Dockerfile, its ignore file, secrets. */
  readonly room: string;
  readonly onLine: (line: string) => void;
}

export interface BuildOutcome {
  /** Digest of the manifest, or of the index over several; as far as the builder tells. */
  readonly digest?: string;
  /** Digest of the configuration. */
  readonly imageId?: string;
}

/** A builder that answered. */
export interface Builder {
  readonly name: BuilderName;
  readonly version: string;
  /** For people: `buildx 0.38.2, builder team (remote, BuildKit 0.34.2)`. */
  readonly title: string;
  /** What it lacks, and what would have it: `BuildKit 0.10 (Docker 23)`. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
  /** What it builds for; absent where it does not say. */
  readonly platforms?: readonly string[];
  readonly build: (request: BuildRequest, session: BuildSession) => Promise<BuildOutcome>;
}

/** Why a builder cannot be used, in words that follow `podman: `. */
export interface BuilderAbsence {
  readonly reason: string;
  readonly hint: string;
}
