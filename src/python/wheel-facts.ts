import { sortedBy } from '../base/order.ts';
import type { InstalledFile, InstalledWheel } from './install.ts';
import type { CoreMetadata } from './metadata.ts';
import type { Wheel } from './wheel.ts';

/** What planning and verifying need of a wheel once it is gone. Plain JSON. Sizes in bytes. */
export interface WheelFacts {
  /** Normalised. */
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  /** As METADATA has them. */
  readonly requiresDist: readonly string[];
  readonly requiresPython?: string;
  readonly providesExtra: readonly string[];
  readonly rootIsPurelib: boolean;
  readonly consoleScripts: readonly { readonly name: string; readonly module: string; readonly attribute: string }[];
  /** Import packages and modules that it brings, sorted. */
  readonly topLevel: readonly string[];
  /** An SPDX expression where METADATA has one, else its own words. */
  readonly license?: string;
  readonly files: readonly InstalledFile[];
  readonly unpackedSize: number;
  /** Newest time in the wheel, seconds since the epoch. */
  readonly newest: number;
}

export function wheelFacts(wheel: Wheel, installed: InstalledWheel): WheelFacts {
  const { name, version, filename, rootIsPurelib, metadata } = wheel;
  const license = licenseOf(metadata);
  return {
    name,
    version,
    filename,
    requiresDist: metadata.requiresDist,
    ...(metadata.requiresPython === undefined ? {} : { requiresPython: metadata.requiresPython }),
    providesExtra: metadata.providesExtra,
    rootIsPurelib,
    consoleScripts: wheel.entryPoints.flatMap(({ group, name: script, reference }) => {
      const attribute = reference?.attribute;
      if (group !== 'console_scripts' || reference === undefined || attribute === undefined) return [];
      return [{ name: script, module: reference.module, attribute }];
    }),
    topLevel: topLevelOf(wheel),
    ...(license === undefined ? {} : { license }),
    files: installed.files,
    unpackedSize: installed.files.reduce((sum, { size }) => sum + size, 0),
    newest: installed.mtimeNewest,
  };
}

/** What an importer finds: folders with a module inside, and modules. */
function topLevelOf(wheel: Wheel): string[] {
  const found = new Set<string>();
  for (const { name } of wheel.members) {
    const path = inSitePackages(name, wheel.dataFolder);
    if (path === undefined || !/\.(?:py|so)$/.test(path)) continue;
    const [first = '', second] = path.split('/', 2);
    const module = second === undefined ? (first.split('.', 1)[0] ?? '') : first;
    if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(module) && module !== '__pycache__') found.add(module);
  }
  return sortedBy(found, (module) => module);
}

function inSitePackages(member: string, dataFolder: string | undefined): string | undefined {
  if (dataFolder === undefined || !member.startsWith(`${dataFolder}/`)) return member;
  const [scheme = '', ...rest] = member.slice(dataFolder.length + 1).split('/');
  return scheme === 'purelib' || scheme === 'platlib' ? rest.join('/') : undefined;
}

/** Licence texts pasted into the field are no names. */
const longestLicense = 200;

function licenseOf({ licenseExpression, license, classifiers }: CoreMetadata): string | undefined {
  if (licenseExpression !== undefined) return licenseExpression;
  if (license !== undefined && license.length <= longestLicense && !license.includes('\n')) return license;
  const named = classifiers.filter((classifier) => /^License :: .* :: /.test(classifier));
  if (named.length > 0) return named.map((classifier) => classifier.split(' :: ').at(-1) ?? '').join(', ');
  return license === undefined ? undefined : license.split('\n', 1)[0]?.slice(0, longestLicense);
}
