import { isPackageNameText, parsePackageName, type PackageName } from './package-name.ts';
import type { Requirement } from './requirement.ts';
import { isSdistFilename } from './wheel-choice.ts';
import { wheelNameOrProblem } from './wheel-name.ts';

/** A requirement that is an address or a path without a name in front. */
export interface Location {
  readonly location: string;
  readonly extras: readonly string[];
  /** The text behind `;`. */
  readonly marker?: string;
}

const named = /^[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*@/;
const address = /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/|file:|git\+)/;

/** Tells `./folder[extra] ; marker`, `dist/x.whl` and `https://…` from a requirement with a name; undefined for the latter. */
export function parseLocation(text: string): Location | undefined {
  if (named.test(text) && !address.test(text)) return undefined;
  const isAddress = address.test(text);
  // An address may hold a `;`: its marker stands behind a space.
  const split = isAddress ? /\s+;\s*|;\s+/.exec(text) : /\s*;\s*/.exec(text);
  const body = split === null ? text : text.slice(0, split.index);
  const marker = split === null ? undefined : text.slice(split.index + split[0].length);
  const bracket = /^(.*[^\s[])\[([A-Za-z0-9._, -]*)\]$/s.exec(body);
  const location = bracket?.[1] ?? body;
  if (!isAddress && !isPath(location)) return undefined;
  return {
    location,
    extras: (bracket?.[2] ?? '')
      .split(',')
      .map((extra) => extra.trim())
      .filter((extra) => extra !== ''),
    ...(marker === undefined ? {} : { marker }),
  };
}

function isPath(text: string): boolean {
  if (text.startsWith('.') || text.startsWith('~/')) return true;
  if (/[<>=!~\s]/.test(text) && !/^[A-Za-z]:[\\/]/.test(text)) return text.endsWith('.whl') && !/\s/.test(text);
  return /[\\/]/.test(text) || text.endsWith('.whl') || isSdistFilename(text);
}

/** The name that a wheel's file name or `#egg=` gives to a location. */
export function nameOfLocation(
  location: string,
): { readonly name: PackageName; readonly version?: string } | undefined {
  const [before = '', fragment = ''] = location.split('#', 2);
  const egg = /(?:^|&)egg=([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(fragment)?.[1];
  if (egg !== undefined && isPackageNameText(egg)) return { name: parsePackageName(egg) };
  const filename = filenameOfLocation(before);
  const wheel = wheelNameOrProblem(filename);
  return typeof wheel === 'string' ? undefined : { name: wheel.name, version: wheel.version };
}

/** The last part of an address or path, percent signs decoded. */
export function filenameOfLocation(location: string): string {
  const path = location.split(/[?#]/, 1)[0] ?? '';
  const last = path.split(/[\\/]/).at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** The requirement that a location with a known name makes. */
export function requirementOfLocation(found: Location): Requirement | undefined {
  const named = nameOfLocation(found.location);
  if (named === undefined) return undefined;
  const extras = [...new Set(found.extras.map((extra) => parsePackageName(extra)))].sort();
  return { name: named.name, extras, specifiers: [], url: found.location };
}
