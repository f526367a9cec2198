import type { Digest } from '../base/digest.ts';

/** Which repositories of a registry are known to have blobs: what this machine pushed there or pulled from there. */
export interface BlobSources {
  /** A repository other than `target` that had the blob. */
  readonly find: (digest: Digest, target: string) => Promise<string | undefined>;
  readonly note: (digests: readonly Digest[], repository: string) => Promise<void>;
}

/** A place for plain records, as the cache has it. */
export interface RecordStore {
  readonly readRecord: (kind: string, key: string) => Promise<unknown>;
  readonly writeRecord: (kind: string, key: string, value: unknown) => Promise<void>;
}

const kind = 'registry-blob';
/** Where a blob was last seen is nearly always enough. */
const mostKept = 4;

/** Remembers in the cache, by registry (`registry.example:5000`). */
export function openBlobSources(records: RecordStore, registry: string): BlobSources {
  const keyOf = (digest: Digest): string => `${registry} ${digest}`;
  return {
    find: async (digest, target) =>
      repositoriesOf(await records.readRecord(kind, keyOf(digest))).find((one) => one !== target),
    note: async (digests, repository) => {
      for (const digest of digests) {
        const known = repositoriesOf(await records.readRecord(kind, keyOf(digest)));
        if (known[0] === repository) continue;
        const kept = [repository, ...known.filter((one) => one !== repository)].slice(0, mostKept);
        await records.writeRecord(kind, keyOf(digest), { repositories: kept });
      }
    },
  };
}

function repositoriesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || !('repositories' in value)) return [];
  const { repositories } = value;
  return Array.isArray(repositories) ? repositories.filter((one) => typeof one === 'string') : [];
}
