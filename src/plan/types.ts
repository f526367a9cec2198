import type { Because, Fact } from '../base/because.ts';
import type { Digest } from '../base/digest.ts';

/**
 * The plan: every decision about an image, as plain JSON. No functions, no paths of the host, no dates, no addresses.
 * The JSON Schema in `schema/plan.json` is made from `plan/schema.ts`. Sizes are bytes.
 */
export interface Plan {
  readonly schemaVersion: 1;
  readonly project: PlannedProject;
  readonly targets: readonly Target[];
  /** One image, several commands; the first is the image's own. Never empty. */
  readonly processes: Readonly<Record<string, Process>>;
  readonly files: PlannedFiles;
  readonly user: PlannedUser;
  /** The whole environment of the image, in order. */
  readonly env: readonly EnvironmentVariable[];
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute, `/` separated, in the image. */
  readonly workdir: string;
  readonly bytecode: PlannedBytecode;
  readonly sources: PlannedSources;
  /** What the image trusts beside what its base does. */
  readonly certificates?: PlannedCertificates;
  /** Set where the image is to run with a root that cannot be written. */
  readonly readOnly?: PlannedReadOnly;
  /** Where the main process ends in good order on another signal than SIGTERM. */
  readonly stopSignal?: Fact<string>;
  /** How to see that the main process answers; absent where it serves nothing. */
  readonly healthcheck?: PlannedHealthcheck;
  /** Signs that something may go wrong, with what to do. */
  readonly warnings: readonly PlanWarning[];
  /** Reserved for later versions of the schema. */
  readonly accelerator?: never;
  readonly steps?: never;
}

export interface PlannedCertificates {
  /** Absolute path in the image of the bundle that programs read. */
  readonly bundle: string;
  /** Sorted by fingerprint. Never empty. */
  readonly added: readonly PlannedCertificate[];
  readonly because: Because;
}

export interface PlannedCertificate {
  /** `C=DE, O=Example, CN=Example Root`. */
  readonly subject: string;
  /** SHA-256 over its DER. */
  readonly fingerprint: Digest;
  /** Its last day, in UTC: `2035-12-31`. */
  readonly expires: string;
  /** Absolute path in the image where it is alone. */
  readonly path: string;
}

export interface PlannedReadOnly {
  /** Absolute folders that must be mounted. */
  readonly writable: readonly string[];
  readonly because: Because;
}

export interface PlannedHealthcheck {
  readonly port: number;
  /** A route that answers with 200 to 399; absent where an open port must do. */
  readonly path?: string;
  readonly because: Because;
}

/** The package of the debug layer. */
export interface PlannedDebug extends PlannedDebianPackage {
  readonly because: Because;
}

export interface PlannedBytecode {
  /** What was asked for: everything, the application alone, or nothing. A target without `compiler` has none. */
  readonly mode: 'all' | 'app' | 'none';
  readonly because: Because;
}

/** Whether the application's modules are there as text. */
export interface PlannedSources {
  /** `strip`: bytecode in place of the text (PEP 3147, sourceless), but for what is kept. */
  readonly mode: 'keep' | 'strip';
  readonly because: Because;
  /** Files that stay sources under `strip`, relative to the project, sorted. */
  readonly kept: readonly { readonly path: string; readonly because: Because }[];
}

/** The CPython whose bytecode the image holds. */
export interface PlannedCompiler {
  /** Full version: `3.13.5`. */
  readonly version: string;
  /** The number that its bytecode begins with: 3571. */
  readonly magic: number;
  /** In the names of its bytecode: `cpython-313`. */
  readonly cacheTag: string;
  readonly because: Because;
}

export interface PlannedProject {
  /** Normalised (PyPA name normalisation), or the folder's name. */
  readonly name: string;
  readonly version?: string;
  readonly because: Because;
  /** Where the project is installed as a distribution of its own; absent where it is the working folder only. */
  readonly distribution?: PlannedDistribution;
}

export interface PlannedDistribution {
  readonly name: string;
  readonly version: string;
  /** Folder of the import packages, relative to the project: `src` or `.` */
  readonly packageRoot: string;
  /** Top-level import packages and modules. */
  readonly packages: readonly string[];
  readonly because: Because;
}

export interface Target {
  /** `linux/amd64`, `linux/arm64` (OCI image index, platform). */
  readonly platform: string;
  readonly python: PlannedPython;
  readonly base: PlannedBase;
  /** Absent where nothing is compiled. */
  readonly compiler?: PlannedCompiler;
  readonly wheels: readonly PlannedWheel[];
  /** What the wheels were chosen by: a lock, a closed requirements file with hashes, or the resolver. */
  readonly resolution: { readonly kind: 'lock' | 'requirements' | 'resolved'; readonly because: Because };
  /** Debian packages beside those of the base, sorted by name. */
  readonly systemPackages: readonly PlannedSystemPackage[];
  /** How they were chosen. */
  readonly system: PlannedSystem;
  /** A busybox above all other layers. */
  readonly debug?: PlannedDebug;
  /** Bottom to top. */
  readonly layers: readonly PlannedLayer[];
}

export interface PlannedPython {
  /** Minor version: `3.13`. */
  readonly version: string;
  /** Full version where it is known before building: `3.13.5`. */
  readonly fullVersion?: string;
  /** `cp313`; `cp313t` where it runs without the global lock. */
  readonly abi: string;
  /** The interpreter of the base: `/usr/bin/python3.13`. */
  readonly interpreter: string;
  /** The virtual environment: `/opt/venv`. */
  readonly prefix: string;
  readonly because: Because;
}

export type PlannedBase = ComposedBase | StandaloneBase | ImageBase;

/** A root composed from Debian packages. */
export interface ComposedBase extends ComposedRoot {
  readonly provider: 'debian';
}

/** A root composed from Debian packages without Python, and a Python of an archive in `/opt/python` above it. */
export interface StandaloneBase extends ComposedRoot {
  readonly provider: 'standalone';
  readonly archive: PlannedArchive;
}

export interface PlannedArchive {
  /** `cpython-3.12.7+20241016-x86_64-unknown-linux-gnu-install_only.tar.gz`. */
  readonly filename: string;
  readonly sha256: Digest;
  /** Absent where nothing says it before the archive is fetched. */
  readonly size?: number;
  readonly because: Because;
}

interface ComposedRoot {
  readonly suite: string;
  /** Debian's name: `amd64`, `arm64`. */
  readonly architecture: string;
  /** `2.41`: which manylinux tags fit. */
  readonly glibc: string;
  readonly packages: readonly PlannedDebianPackage[];
  readonly because: Because;
}

/** An OCI image with a Python: its layers are taken as they are. */
export interface ImageBase {
  readonly provider: 'image';
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  readonly title: string;
  /** Debian's codename, where it is a Debian. */
  readonly suite?: string;
  readonly architecture: string;
  readonly glibc: string;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Of the installed packages and their versions: packages that are added depend on it. */
  readonly packageState: Digest;
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  /** Bottom to top. */
  readonly layers: readonly { readonly digest: Digest; readonly size: number }[];
  readonly because: Because;
}

export interface PlannedDebianPackage {
  readonly name: string;
  readonly version: string;
  /** Path in the archive, `pool/…`. */
  readonly filename: string;
  readonly sha256: Digest;
  readonly size: number;
}

export interface PlannedWheel {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly sha256: Digest;
  /** Absent where neither lock nor index says it and the wheel is not in the cache. */
  readonly size?: number;
  readonly because: Because;
  /** Where it was built here, as there was none for the target. */
  readonly built?: PlannedBuild;
}

/** How a wheel came to be. All that decides its bytes is in `key`. */
export interface PlannedBuild {
  readonly from: 'sdist' | 'git';
  /** `docopt-0.6.2.tar.gz`, or the last part of the repository's address. */
  readonly source: string;
  /** Of the archive. */
  readonly sha256?: Digest;
  /** Of the repository. */
  readonly commit?: string;
  /** The platform of the root that it was built in: another than the target's where the wheel is for any. */
  readonly platform: string;
  /** Wheels that it was built with, by file name, sorted. */
  readonly requires: readonly string[];
  /** Debian packages that the base got for it: `gcc 4:14.2.0-1`. */
  readonly packages: readonly string[];
  readonly key: Digest;
  readonly because: Because;
}

export interface PlannedSystemPackage extends PlannedDebianPackage {
  /** What it takes in the image. */
  readonly unpackedSize: number;
  /** From a distribution over its files to what this package provides. */
  readonly chain: readonly string[];
  readonly because: Because;
}

export interface PlannedSystem {
  /** `needed`: what really loads, with its data; `depends`: as apt without recommends. */
  readonly policy: 'needed' | 'depends';
  readonly because: Because;
  /** What `depends` would add and `needed` does not. */
  readonly leftOut: readonly { readonly name: string; readonly size: number; readonly unpackedSize: number }[];
  /** What could not be found: an image with an error among them is refused. */
  readonly open: readonly OpenSystemNeed[];
}

export interface OpenSystemNeed {
  readonly kind: 'library' | 'program' | 'package' | 'version';
  readonly name: string;
  readonly chain: readonly string[];
  readonly because: Because;
  readonly hint?: string;
}

/** Bottom to top. */
export const layerKinds = [
  'base',
  'bytecode',
  'system',
  'wheels',
  'environment',
  'data',
  'certificates',
  'application',
  'debug',
] as const;

export type LayerKind = (typeof layerKinds)[number];

export interface PlannedLayer {
  readonly kind: LayerKind;
  /** For people: `numpy 2.3.1`, `small pure wheels 2/4`. */
  readonly title: string;
  /** Names of what is in it: Debian packages, wheel file names, folders. */
  readonly contents: readonly string[];
  readonly because: Because;
}

export interface Process {
  /** Exec form. */
  readonly command: readonly string[];
  readonly ports: readonly number[];
  readonly because: Because;
}

export interface PlannedFiles {
  readonly groups: readonly FileGroup[];
  readonly leftOut: readonly { readonly path: string; readonly because: Because }[];
}

/** Files of the project that go to one place for one reason. */
export interface FileGroup {
  readonly kind: 'application' | 'data' | 'distribution';
  /** Absolute folder in the image. */
  readonly destination: string;
  /** What is cut off the front of each path: `src` or the empty text. */
  readonly strip: string;
  /** Relative to the project, sorted. */
  readonly paths: readonly string[];
  readonly bytes: number;
  readonly because: Because;
}

export interface PlannedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly because: Because;
}

export interface EnvironmentVariable extends Fact<string> {
  readonly name: string;
}

export interface PlanWarning {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}
