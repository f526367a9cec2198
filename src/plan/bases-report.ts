import type { Because } from '../base/because.ts';

/** What `tare bases --json` prints: the bases that a project can be built on, side by side. Sizes in bytes. */
export interface BasesReport {
  readonly project: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** Minor version that was asked for. */
  readonly python: string;
  readonly rows: readonly BaseRow[];
  /** Why the wheels of the project could not be compared, where they could not. */
  readonly wheelsProblem?: string;
}

export type BaseState = 'compared' | 'unreachable' | 'login' | 'missing' | 'failed';

/** One base. What is absent is not known. */
export interface BaseRow {
  /** `Debian trixie`, `python:3.13-slim`. */
  readonly base: string;
  readonly state: BaseState;
  /** As full as the base tells it: `3.13.5`. */
  readonly python?: string;
  readonly os?: string;
  /** `glibc 2.41`, `musl`, `none`. */
  readonly libc?: string;
  /** Of all layers, as they are moved. */
  readonly packed?: number;
  readonly unpacked?: number;
  /** Sizes are the sums of what packages say: the base was not made yet. */
  readonly isEstimate?: boolean;
  /** ISO 8601: when the image was made, or the state of the suite's index. */
  readonly created?: string;
  /** Of the manifest. */
  readonly digest?: string;
  readonly wheels?: WheelFit;
  /** Debian packages that the wheels need beside it. */
  readonly toAdd?: { readonly packages: readonly string[]; readonly size: number };
  /** Why there is no more to say, or what stands in the way of building on it. */
  readonly note?: string;
  /** Set for the one that a build would take: why. */
  readonly chosenBecause?: Because;
}

/** Which distributions of the project have a wheel that a base can use. */
export interface WheelFit {
  readonly total: number;
  /** Sorted by name. */
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
}
