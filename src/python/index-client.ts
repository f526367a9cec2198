import type { HttpClient } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import type { Credentials } from './index-config.ts';
import type { PackageName } from './package-name.ts';

/** One file of a project on an index or in a find-links folder. */
export interface IndexFile {
  readonly filename: string;
  /** Absolute address without credentials and fragment; for local files a `file:` URL. */
  readonly url: string;
  /** Absolute path, for files of a local find-links folder. */
  readonly localPath?: string;
  readonly sha256?: Digest;
  /** Bytes. */
  readonly size?: number;
  readonly requiresPython?: string;
  /** True or the reason where the file is yanked. */
  readonly yanked: boolean | string;
  /** Whether the index serves the wheel's METADATA beside it (PEP 658, 714), with its hash where known. */
  readonly metadata: boolean | Digest;
  /** The index or find-links entry that has it. */
  readonly index: string;
  readonly kind: 'wheel' | 'sdist' | 'other';
}

export interface IndexClientConfig {
  /** In the order in which they are asked; the first that knows a project wins. */
  readonly indexUrls: readonly string[];
  /** Addresses of pages, or absolute paths of folders. */
  readonly findLinks: readonly string[];
  readonly credentials: (url: string) => Credentials | undefined;
}

export interface IndexCache {
  readonly read: (key: string) => Promise<string | undefined>;
  readonly write: (key: string, text: string) => Promise<void>;
}

export interface IndexClientOptions {
  readonly offline: boolean;
  readonly refresh: boolean;
  readonly now: () => Date;
}

export interface IndexClient {
  /** Every file of a project. Throws `PROJECT_NOT_FOUND` where no index knows it. */
  readonly project: (name: PackageName) => Promise<readonly IndexFile[]>;
  /** The METADATA of a wheel where the index serves it, checked by hash; else undefined. */
  readonly metadata: (file: IndexFile) => Promise<string | undefined>;
  /** The hash of a local file, computed when asked for. */
  readonly sha256: (file: IndexFile) => Promise<Digest | undefined>;
}

export function createIndexClient(
  http: HttpClient,
  config: IndexClientConfig,
  cache: IndexCache,
  options: IndexClientOptions,
): IndexClient {
  throw new Error(`not yet ${[http, config, cache, options].length}`);
}
