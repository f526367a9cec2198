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
}

export interface PlatformReport {
  readonly platform: string;
  readonly digest: string;
  /** Packed, what is pulled. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly layers: readonly LayerReport[];
  /** What proving the image found; errors are among them only where they were allowed. */
  readonly findings: readonly FindingReport[];
}

export interface FindingReport {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly chain?: readonly string[];
  readonly isAllowed: boolean;
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
