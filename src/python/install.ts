import type { LayerEntry } from '../archive/layer-entry.ts';
import type { Digest } from '../base/digest.ts';
import type { Wheel } from './wheel.ts';
export interface InstallScheme { readonly prefix: string; readonly pythonVersion: string; readonly uid: number; readonly gid: number; }
export interface InstalledFile { readonly path: string; readonly sha256: Digest; readonly size: number; }
export interface InstalledWheel {
  readonly entries: readonly LayerEntry[];
  readonly scripts: readonly LayerEntry[];
  readonly files: readonly InstalledFile[];
  readonly mtimeNewest: number;
}
export function installWheel(wheel: Wheel, scheme: InstallScheme): InstalledWheel { throw new Error(`${wheel}${scheme}`); }
