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
  /** Packages for all architectures are in each architecture's own index, too. */
  readonly repeatsIndependent: boolean;
  /** The package and Contents indexes it lists, by path. */
  readonly indexes: ReadonlyMap<string, ReleaseFile>;
}

/** Not those of the installer. Some archives have one Contents index for all components. */
const wantedPath =
  /^(?:(?:[A-Za-z0-9._+-]+\/){1,4}binary-[a-z0-9-]+\/Packages|(?:[A-Za-z0-9._+-]+\/){0,4}Contents-(?!udeb-)[a-z0-9-]+)(?:\.xz|\.gz)?$/;

export function stateOf(release: Release, checkedAt: Date): ReleaseState {
  return {
    checkedAt,
    date: release.date,
    ...(release.validUntil === undefined ? {} : { validUntil: release.validUntil }),
    acquireByHash: release.acquireByHash,
    repeatsIndependent: release.repeatsIndependent,
    indexes: new Map(
      [...release.files].filter(([path]) => wantedPath.test(path) && !path.includes('debian-installer/')),
    ),
  };
}

/** Which release file: `trust` tells apart what was verified by which keys. */
export interface ReleasePlace {
  /** Address of the archive, without a final `/`. */
  readonly archive: string;
  readonly codename: string;
  readonly trust?: string;
}

function stateFile(context: Context, { archive, codename, trust }: ReleasePlace): string {
  const name = [archive, codename, ...(trust === undefined ? [] : [trust])].join('\n');
  return join(context.cacheDir, 'debian', 'releases', `${digestHex(sha256(name))}.json`);
}

/** Undefined where nothing is remembered, or nothing that can be read. */
export async function readState(context: Context, place: ReleasePlace): Promise<ReleaseState | undefined> {
  const text = await readTextIfThere(stateFile(context, place));
  if (text === undefined) return undefined;
  try {
    return parseState(JSON.parse(text) as StoredState);
  } catch (error) {
    context.log.debug(
      `what was remembered of ${place.codename} cannot be read, so it is fetched again: ${String(error)}`,
    );
    return undefined;
  }
}

/** A form of tare's own: it is written by the function below and nowhere else. */
interface StoredState {
  readonly version: 2;
  readonly checkedAt: string;
  readonly date: string;
  readonly validUntil: string | null;
  readonly acquireByHash: boolean;
  readonly repeatsIndependent: boolean;
  readonly indexes: readonly { readonly path: string; readonly digest: string; readonly size: number }[];
}

function parseState(stored: StoredState): ReleaseState | undefined {
  if (stored.version !== 2) return undefined;
  return {
    checkedAt: parseDate(stored.checkedAt),
    date: parseDate(stored.date),
    ...(stored.validUntil === null ? {} : { validUntil: parseDate(stored.validUntil) }),
    acquireByHash: stored.acquireByHash,
    repeatsIndependent: stored.repeatsIndependent,
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

export async function writeState(context: Context, place: ReleasePlace, state: ReleaseState): Promise<void> {
  const stored: StoredState = {
    version: 2,
    checkedAt: state.checkedAt.toISOString(),
    date: state.date.toISOString(),
    validUntil: state.validUntil?.toISOString() ?? null,
    acquireByHash: state.acquireByHash,
    repeatsIndependent: state.repeatsIndependent,
    indexes: sortedBy(state.indexes.values(), (file) => file.path),
  };
  await writeFileAtomically(stateFile(context, place), JSON.stringify(stored));
}
