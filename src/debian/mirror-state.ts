import { join } from 'node:path';
import { readTextIfThere, writeFileAtomically } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { digestHex, parseDigest, sha256 } from '../base/digest.ts';
import { sortedBy } from '../base/order.ts';
import type { Release, ReleaseFile } from './release.ts';

/** What is remembered of a release file that was fetched and verified. */
export interface ReleaseState {
  /** When the mirror was last asked. */
  readonly checkedAt: Date;
  /** The newest date that was ever seen there: an older one is a step back. */
  readonly date: Date;
  readonly validUntil?: Date;
  readonly acquireByHash: boolean;
  /** The package indexes it lists, by path. */
  readonly indexes: ReadonlyMap<string, ReleaseFile>;
}

const wantedPath = /^main\/binary-[a-z0-9-]+\/Packages(?:\.xz|\.gz)?$/;

export function stateOf(release: Release, checkedAt: Date): ReleaseState {
  return {
    checkedAt,
    date: release.date,
    ...(release.validUntil === undefined ? {} : { validUntil: release.validUntil }),
    acquireByHash: release.acquireByHash,
    indexes: new Map([...release.files].filter(([path]) => wantedPath.test(path))),
  };
}

function stateFile(context: Context, archive: string, codename: string): string {
  return join(context.cacheDir, 'debian', 'releases', `${digestHex(sha256(`${archive}\n${codename}`))}.json`);
}

/** Undefined where nothing is remembered, or nothing that can be read. */
export async function readState(
  context: Context,
  archive: string,
  codename: string,
): Promise<ReleaseState | undefined> {
  const text = await readTextIfThere(stateFile(context, archive, codename));
  if (text === undefined) return undefined;
  try {
    return parseState(JSON.parse(text) as StoredState);
  } catch (error) {
    context.log.debug(`what was remembered of ${codename} cannot be read, so it is fetched again: ${String(error)}`);
    return undefined;
  }
}

/** A form of tare's own: it is written by the function below and nowhere else. */
interface StoredState {
  readonly version: 1;
  readonly checkedAt: string;
  readonly date: string;
  readonly validUntil: string | null;
  readonly acquireByHash: boolean;
  readonly indexes: readonly { readonly path: string; readonly digest: string; readonly size: number }[];
}

function parseState(stored: StoredState): ReleaseState | undefined {
  if (stored.version !== 1) return undefined;
  return {
    checkedAt: parseDate(stored.checkedAt),
    date: parseDate(stored.date),
    ...(stored.validUntil === null ? {} : { validUntil: parseDate(stored.validUntil) }),
    acquireByHash: stored.acquireByHash,
    indexes: new Map(
      stored.indexes.map(({ path, digest, size }) => [path, { path, digest: parseDigest(digest), size }]),
    ),
  };
}

function parseDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new Error(`no date: ${text}`);
  return date;
}

export async function writeState(
  context: Context,
  archive: string,
  codename: string,
  state: ReleaseState,
): Promise<void> {
  const stored: StoredState = {
    version: 1,
    checkedAt: state.checkedAt.toISOString(),
    date: state.date.toISOString(),
    validUntil: state.validUntil?.toISOString() ?? null,
    acquireByHash: state.acquireByHash,
    indexes: sortedBy(state.indexes.values(), (file) => file.path),
  };
  await writeFileAtomically(stateFile(context, archive, codename), JSON.stringify(stored));
}
