/** A command of the image beside the main one. */
export interface ProcessConfig {
  readonly command: readonly string[];
  readonly ports?: readonly number[];
}

/** Where Debian packages come from. */
export interface DebianConfig {
  /** Address of a Debian archive. @default the apt sources of this machine */
  readonly mirror?: string;
  /** Address of the security archive (`security-mirror` in files). @default the apt sources of this machine */
  readonly securityMirror?: string;
  /** Files with armoured public keys to trust besides Debian's own, relative to the project. @default none */
  readonly keys?: readonly string[];
  /** Further archives. @default none */
  readonly sources?: readonly DebianSource[];
  /** Address of an archive of old packages, or a pattern of one (docs/lock.md). @default none */
  readonly snapshot?: string;
}

/** An archive beside Debian's, each signed by a key of its own. */
export interface DebianSource {
  readonly url: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** File with its armoured public key, relative to the project. */
  readonly key: string;
}

/** Where a Python comes from that no Debian suite has. */
export interface StandaloneConfig {
  /** A file, a folder that holds archives, or an address. @default uv's `python-install-mirror` */
  readonly archive?: string;
  /** What the archive must hash to, for all platforms or by platform. @default what stands beside the archive */
  readonly sha256?: string | Readonly<Record<string, string>>;
}

/** `[tool.tare]` of `pyproject.toml`, or `tare.toml`. In files the keys are in kebab-case. */
export interface UserConfig {
  /** Name of the project. @default that of the manifest, else the folder's */
  readonly name?: string;
  /** Version of the project. @default that of the manifest */
  readonly version?: string;
  /** Python wanted: `3.13` or a specifier set. @default what the project says */
  readonly python?: string;
  /** OCI platforms. @default the machine's architecture, on Linux */
  readonly platforms?: readonly string[];
  /** `pkg.mod:app`, `pkg.mod:create_app()`, `pkg.mod` or a script. @default what is found in the sources */
  readonly entrypoint?: string;
  /** Exec-form command. @default the server that fits the entry point */
  readonly command?: readonly string[];
  /** Port that the application listens on. @default what is found, else 8000 */
  readonly port?: number;
  /** Extras of the project to install. @default none */
  readonly extras?: readonly string[];
  /** Dependency groups to install. @default none */
  readonly groups?: readonly string[];
  /** Files to take although they are ignored, in the syntax of .gitignore. @default none */
  readonly include?: readonly string[];
  /** Files to leave out, in the syntax of .gitignore. @default none */
  readonly exclude?: readonly string[];
  /** `UID`, `UID:GID` or `root`. @default 65532:65532 */
  readonly user?: string;
  /** Environment variables of the image. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Labels of the image. @default none beside the project's own */
  readonly labels?: Readonly<Record<string, string>>;
  /** Absolute working folder in the image. @default /app */
  readonly workdir?: string;
  /** Warnings about files of two owners are errors. @default false */
  readonly strict?: boolean;
  /** `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, `rootfs:DIR`, or `none` for an image that goes elsewhere. @default oci:.tare/image */
  readonly output?: string;
  /** Name and tag of the image. @default the project's name and `latest` */
  readonly tag?: string;
  /** Further commands of the image by name. @default those of a Procfile */
  readonly processes?: Readonly<Record<string, ProcessConfig>>;
  readonly debian?: DebianConfig;
  readonly standalone?: StandaloneConfig;
  /** `debian` for a composed one, `standalone` for one with the Python of an archive, `docker://REF` or `oci:DIR` for an image. @default debian where it has the Python */
  readonly base?: string;
  /** Images that `tare bases` compares besides, as in `base`. @default none */
  readonly bases?: readonly string[];
  /** How far dependencies of system libraries are followed: `needed` or `depends`. @default needed */
  readonly systemPolicy?: 'needed' | 'depends';
  /** Debian packages to add (`system-packages` in files). @default none beside what is worked out */
  readonly systemPackages?: readonly string[];
  /** Debian packages that are never added. @default none */
  readonly excludeSystemPackages?: readonly string[];
  /**
   * What may be built from its source where it has no wheel: `auto` for everything, `never`, or names (`build-wheels` in files,
   * docs/sdists.md). @default auto
   */
  readonly buildWheels?: 'auto' | 'never' | readonly string[];
  /** Debian packages to build with, beside a compiler (`build-packages` in files). @default none */
  readonly buildPackages?: readonly string[];
  /** Versions that build requirements keep to (`build-constraints` in files). @default none */
  readonly buildConstraints?: readonly string[];
  /** Seconds after which the build of a wheel is ended (`build-seconds` in files). @default 3600 */
  readonly buildSeconds?: number;
  /** Codes of findings of `tare verify` that do not fail a build. @default none */
  readonly allow?: readonly string[];
  /** What is compiled before the image starts for the first time: `all`, `app` (the application alone) or `none`. @default all */
  readonly bytecode?: 'all' | 'app' | 'none';
  /** `strip` leaves the application's sources out where its bytecode is enough. @default keep */
  readonly sources?: 'keep' | 'strip';
  /** Application files that stay sources, in the syntax of .gitignore (`keep-sources` in files). @default none beside what is found */
  readonly keepSources?: readonly string[];
  /** Application files that are stripped although something speaks against it (`strip-sources` in files). @default none */
  readonly stripSources?: readonly string[];
  /** A busybox with a shell in a layer of its own, above all others. @default false */
  readonly debug?: boolean;
  /** Files of certificates that the image trusts beside its base's, relative to the project (`ca-certificates` in files). @default none */
  readonly caCertificates?: readonly string[];
  /** The image will run with a root that cannot be written (`read-only` in files). @default false */
  readonly readOnly?: boolean;
  /** Named set of mirrors to build with: `aliyun`, `tuna`, `ustc`, `tencent`, `huawei`. @default what pip, uv and apt are configured with */
  readonly mirror?: string;
}

/** What the flags say, in the words of `UserConfig`. */
export interface InlineConfig extends UserConfig {
  /** The output where neither a flag nor the environment nor a file names one. @default that of `UserConfig` */
  readonly defaultOutput?: string;
}
