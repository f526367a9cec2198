import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';

/** What to download, and what it must be. */
export interface DownloadSource {
  /** `https:`, `http:`, `file:`, or an absolute path. */
  readonly url: string;
  readonly digest: Digest;
  /** Bytes, where they are known. */
  readonly size?: number;
  /** For people: `numpy-2.3.1-cp313-….whl`. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function hashMismatch(source: DownloadSource, actual: Digest): TareError {
  return new TareError({
    code: 'DOWNLOAD_HASH_MISMATCH',
    message: `${source.name} is not the file that was asked for: its hash differs`,
    where: source.url,
    expected: source.digest,
    actual,
    hint: 'if the file was replaced on purpose, lock again; otherwise somebody changed it on the way, or the mirror is damaged',
  });
}

export function sizeMismatch(source: DownloadSource, actual: string): TareError {
  return new TareError({
    code: 'DOWNLOAD_SIZE_MISMATCH',
    message: `${source.name} has another size than was promised`,
    where: source.url,
    expected: `${source.size ?? 'at most the limit of'} bytes`,
    actual,
    hint: 'the mirror or a proxy in between is damaged, or the lock is older than the file: try another mirror, or lock again',
  });
}

export function offlineMissing(source: DownloadSource): TareError {
  return new TareError({
    code: 'OFFLINE_MISSING',
    message: `${source.name} is not in the cache, and --offline forbids to download it`,
    where: source.url,
    hint: 'run the same command once without --offline',
  });
}
