import type { NativeCall } from './detect/native-calls.ts';
import type { SourceNeed } from './detect/source-needs.ts';
import type { Because, Fact } from '../base/because.ts';

/** A sign that something may go wrong, for the person. */
export interface ProjectWarning {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly because?: Because;
}

/** Which locked or declared set of dependencies the project has. */
export interface LockFact {
  /** `manifest`: the dependencies of the manifest, still to be resolved; `none`: there are no dependencies. */
  readonly kind: 'uv' | 'pylock' | 'requirements' | 'manifest' | 'none';
  /** Relative to the project; absent for `none`. */
  readonly file?: string;
  readonly because: Because;
}

/** The wanted Python. */
export interface PythonFact {
  /** PEP 440 specifier set, `>=3.11,<3.14`; the empty text where everything fits. */
  readonly specifiers: string;
  /** `3.13` where one minor version is named. */
  readonly minor?: string;
  /** `3.13.2` where a patch version is named too. */
  readonly exact?: string;
  /** Where one without the global lock is named: `3.13t`. */
  readonly isFreeThreaded?: boolean;
  readonly because: Because;
}

export type EntryKind =
  | 'asgi'
  | 'asgi-factory'
  | 'wsgi'
  | 'wsgi-factory'
  | 'django-asgi'
  | 'django-wsgi'
  | 'script'
  | 'module';

/** Something that could be started, with what speaks for it. */
export interface EntryCandidate {
  readonly kind: EntryKind;
  /** `pkg.mod`; for `script` the path of the file, or the name of the console script where there is no path. */
  readonly module: string;
  readonly attribute?: string;
  /** Relative folder that must be on `sys.path`: the empty text, `src`, `backend`. */
  readonly importRoot: string;
  /** Path of the file that defines it, where it is in the project. */
  readonly file?: string;
  /** The framework's name for people: `FastAPI`, `Django`. */
  readonly framework?: string;
  readonly because: Because;
  /** Higher is better; only comparable within one project. */
  readonly score: number;
}

/** The project as a distribution that can be installed. */
export interface DistributionFact {
  /** As the manifest writes it. */
  readonly name: string;
  readonly version: string;
  /** Folder of the import packages, relative to the project: `src` or `.`. */
  readonly packageRoot: string;
  /** Top-level import packages, relative to `packageRoot`. */
  readonly packages: readonly string[];
  /** Top-level single modules, without `.py`. */
  readonly modules: readonly string[];
  readonly because: Because;
}

export interface FolderFacts {
  /** Relative folders that are served as they are. */
  readonly static: readonly Fact<string>[];
  readonly templates: readonly Fact<string>[];
  /** Relative paths of large files (model weights, data): they get a layer of their own. */
  readonly data: readonly Fact<string>[];
}

/** A process of a Procfile. */
export interface ProcessFact {
  readonly name: string;
  /** Exec form where the line needs no shell, else `['sh', '-c', LINE]`. */
  readonly command: readonly string[];
  readonly because: Because;
}

/** Everything that was found out about an application folder. */
export interface ProjectFacts {
  /** Normalised (PyPA name normalisation). */
  readonly name: Fact<string>;
  readonly version?: Fact<string>;
  readonly description?: Fact<string>;
  readonly lock: LockFact;
  /** Lock files that are recognised but not read. */
  readonly unreadLocks: readonly Fact<string>[];
  /** PEP 508 requirements of the manifest, with the chosen extras and groups; also where a lock is there (to compare). */
  readonly dependencies: readonly Fact<string>[];
  /** Extras and groups that the manifest has, as it writes them. */
  readonly extras: readonly string[];
  readonly groups: readonly string[];
  /** Absent where nothing says it. */
  readonly python?: PythonFact;
  /** Best first. */
  readonly candidates: readonly EntryCandidate[];
  /** What was asked for by `entryPoint`, already checked. */
  readonly explicitEntryPoint?: EntryCandidate;
  readonly port: Fact<number>;
  /** Path of a health route: `/healthz`. */
  readonly health?: Fact<string>;
  readonly folders: FolderFacts;
  readonly distribution?: DistributionFact;
  readonly processes: readonly ProcessFact[];
  /** Libraries and programs that the sources load and run by name. */
  readonly nativeCalls: readonly NativeCall[];
  /** Sources that cannot be delivered as bytecode; empty where `sourceNeeds` was not asked for. */
  readonly sourceNeeds: readonly SourceNeed[];
  /** Beside those of the project's files (`Project.warnings`). */
  readonly warnings: readonly ProjectWarning[];
}
