import type { ServedImage } from '../serving/served-image.ts';

/** What can run an image, in the order in which it is looked for. */
export type EngineName = 'docker' | 'podman' | 'runc' | 'namespaces';

/** What of an image's configuration matters to a running process (OCI image specification, config). */
export interface RunConfig {
  /** `NAME=VALUE`, in order. */
  readonly env: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd: readonly string[];
  /** `uid:gid` in numbers; `uid` alone means group 0. */
  readonly user: string;
  /** Absolute, in the image. */
  readonly workingDir: string;
}

export interface RunnableImage {
  /** Absolute path of the OCI layout. */
  readonly layoutDir: string;
  /** `linux/amd64`. */
  readonly platform: string;
  readonly config: RunConfig;
  /** Digest of the image's config: an engine that has it already is not given the image again. */
  readonly configDigest?: string;
}

export interface PortMapping {
  /** Port on 127.0.0.1 of the host. */
  readonly host: number;
  readonly container: number;
}

export interface VolumeMount {
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface HealthcheckRequest {
  /** Path of the address, with its leading `/`. */
  readonly path: string;
  readonly timeoutSeconds: number;
  /** Port on the host. */
  readonly port: number;
}

/** An image as a registry of this process serves it. */
export interface RunnableServing {
  readonly image: ServedImage;
  /** Of its manifest. */
  readonly digest: string;
  /** What it is called in the engine, where the one that was run before loses the name. */
  readonly name: string;
}

export interface RunRequest {
  readonly image: RunnableImage;
  /** Lets docker and podman pull the image, so that only what they lack moves. @default they get an archive */
  readonly served?: RunnableServing;
  /** Writes the image as a docker archive, when an engine wants it. */
  readonly writeDockerArchive: (file: string) => Promise<void>;
  /** Unpacks the image's root file system into an existing empty folder, when it is wanted. */
  readonly unpackRootfs: (dir: string) => Promise<void>;
  readonly ports: readonly PortMapping[];
  /** Beside the image's own; wins over it. */
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly VolumeMount[];
  /** `none`: a network of its own that leads nowhere. @default the host's, or the engine's own */
  readonly network?: 'none';
  /** The root cannot be written; an empty `/tmp` in memory can. */
  readonly readOnly?: boolean;
  /** Whether docker and podman remove the container at its end; the others never leave one. */
  readonly remove: boolean;
  /** Standard input goes to the process. */
  readonly interactive: boolean;
  readonly tty: boolean;
  /** In place of the image's `cmd`. */
  readonly command?: readonly string[];
  /** Only this one; else the first that answers. */
  readonly engine?: EngineName;
  /** Which are looked for, in order. @default all, docker first */
  readonly engines?: readonly EngineName[];
  readonly healthcheck?: HealthcheckRequest;
  /** Ends the container once the health check answers, with exit code 0. */
  readonly stopAfterHealthcheck?: boolean;
  /** Receives the output in place of the caller's own standard output and error. Not with `tty`. */
  readonly onOutput?: (stream: OutputStream, bytes: Uint8Array) => void;
}

export type OutputStream = 'stdout' | 'stderr';

export interface RunResult {
  /** That of the process; 128 and the signal's number where a signal ended it. */
  readonly exitCode: number;
  /** The signal that ended it, as far as the exit code tells. */
  readonly signal?: NodeJS.Signals;
}
