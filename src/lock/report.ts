import type { LockChange } from './compare.ts';

/** What `tare lock --json` prints. Sizes are bytes. */
export interface LockReport {
  readonly state: 'created' | 'unchanged' | 'updated';
  /** Why what was there did not do. */
  readonly reasons: readonly string[];
  readonly changes: readonly LockChange[];
  /** Packed, of all files that are new, each once. */
  readonly bytes: number;
  readonly targets: readonly {
    readonly platform: string;
    readonly python: string;
    /** How many Debian packages the base has, and how many come beside them. */
    readonly base: number;
    readonly system: number;
    /** Absent where a lock of the project's own says them. */
    readonly wheels?: number;
  }[];
}
