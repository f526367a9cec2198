import type { LayerKind } from '../plan/types.ts';

/** What `tare build --json` prints. Sizes are bytes, timings milliseconds. */
export interface BuildReport {
  /** Digest of the manifest, or of the index where there are several platforms. */
  readonly digest: string;
  /** `oci:…` as it was written. */
  readonly output: string;
  readonly platforms: readonly PlatformReport[];
  readonly timings: Readonly<Record<string, number>>;
  readonly cache: { readonly hits: number; readonly misses: number; readonly bytesDownloaded: number };
  /** Where a lock of the image was used: how it stood, and where the files that it names came from. */
  readonly lock?: LockUse;
}

export interface LockUse {
  readonly state: 'unchanged' | 'updated';
  /** Sorted by source; `cache` for what was there, as a file or in a layer. */
  readonly sources: readonly { readonly source: string; readonly files: number; readonly bytes: number }[];
}

export interface PlatformReport {
  readonly platform: string;
  readonly digest: string;
  /** Packed, what is pulled. */
  readonly size: number;
  readonly unpackedSize: number;
  /** Bytes of bytecode among what is unpacked. */
  readonly bytecodeSize: number;
  readonly layers: readonly LayerReport[];
  /** Wheels that were built from their source, in this run or before; absent where there are none. */
  readonly builtWheels?: readonly BuiltWheelReport[];
  /** What proving the image found; errors are among them only where they were allowed. */
  readonly findings: readonly FindingReport[];
}

export interface BuiltWheelReport {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  /** `docopt-0.6.2.tar.gz`, or the name of a repository. */
  readonly source: string;
}

export interface FindingReport {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly chain?: readonly string[];
  readonly isAllowed: boolean;
  /** It is about a file that the base brings, as it brings it. */
  readonly isOfBase: boolean;
}

export interface LayerReport {
  readonly digest: string;
  readonly diffId: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly kind: LayerKind;
  readonly title: string;
  readonly contents: readonly string[];
}
