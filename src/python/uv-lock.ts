import { TareError } from '../base/errors.ts';
import { checkShape, parseToml, tableLines } from './toml.ts';
import { type UvDocument, type UvPackageTable, uvLockSchema } from './uv-lock-schema.ts';

export { selectFromUvLock, type UvLockSelection } from './uv-lock-selection.ts';
export { type UvLockManifest, uvLockMatches } from './uv-lock-staleness.ts';

/** A parsed `uv.lock`. */
export interface UvLock {
  readonly version: number;
  /** The lock's path, for messages. */
  readonly where: string;
  readonly requiresPython?: string;
  /** Markers of which one must hold; empty where the lock is universal. */
  readonly supportedMarkers: readonly string[];
  /** Sets of extras and groups of which one at most may be on. */
  readonly conflicts: UvDocument['conflicts'];
  readonly manifest: UvDocument['manifest'];
  readonly packages: readonly UvPackage[];
}

/** One `[[package]]`, with the line where it begins. */
export interface UvPackage {
  readonly table: UvPackageTable;
  readonly line?: number;
}

/** Parses `uv.lock`. Throws `TOML_INVALID`, `LOCK_VERSION_UNKNOWN`, `LOCK_INVALID`. */
export function parseUvLock(text: string, where: string): UvLock {
  const table = parseToml(text, where);
  if (table['version'] !== 1) {
    throw new TareError({
      code: 'LOCK_VERSION_UNKNOWN',
      message: `\`${where}\` has a lock version that is not known`,
      where,
      expected: '`version = 1`',
      actual: JSON.stringify(table['version'])?.slice(0, 50) ?? 'none',
      hint: 'update tare, or lock again with a uv that writes version 1',
    });
  }
  const hint = 'lock again with `uv lock`';
  const document = checkShape(uvLockSchema, table, { code: 'LOCK_INVALID', where, hint });
  const lines = tableLines(text, 'package');
  return {
    version: document.version,
    where,
    ...(document['requires-python'] === undefined ? {} : { requiresPython: document['requires-python'] }),
    supportedMarkers: document['supported-markers'],
    conflicts: document.conflicts,
    manifest: document.manifest,
    packages: document.package.map((entry, index) => {
      const line = lines[index];
      return line === undefined ? { table: entry } : { table: entry, line };
    }),
  };
}
