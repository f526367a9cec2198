import type { InstalledFile, InstalledWheel } from './install.ts';
import type { Wheel } from './wheel.ts';
export interface WheelFacts {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly requiresDist: readonly string[];
  readonly requiresPython?: string;
  readonly providesExtra: readonly string[];
  readonly rootIsPurelib: boolean;
  readonly consoleScripts: readonly { readonly name: string; readonly module: string; readonly attribute: string }[];
  readonly topLevel: readonly string[];
  readonly license?: string;
  readonly files: readonly InstalledFile[];
  readonly unpackedSize: number;
  readonly newest: number;
}
export function wheelFacts(wheel: Wheel, installed: InstalledWheel): WheelFacts { throw new Error(`${wheel}${installed}`); }
