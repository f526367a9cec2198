import { digestFromHex, sha256 } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { canonicalJson, compareText } from '../base/order.ts';
import { type DebPackage, isPackageFile, isPackageName, type Provider, type SuiteIndex } from './package.ts';
import type { CompactIndex, CompactPackage } from './packages-index.ts';
import { parseRelations } from './relation.ts';
import { compareDebianVersions, parseDebianVersion } from './version.ts';

/** One index of several that make up a suite: the release itself, its updates, its security fixes. */
export interface SuitePart {
  readonly index: CompactIndex;
  /** The hash of the index file it was made from. */
  readonly digest: string;
  /** Address of the archive, without a final `/`. */
  readonly archive: string;
  /** For errors. */
  readonly where: string;
  readonly date: Date;
}

const priorities = ['required', 'important', 'standard', 'optional', 'extra'];

/** One view over the parts in which the newest version of each package wins. */
export function combineParts(suite: string, architecture: string, parts: readonly SuitePart[]): SuiteIndex {
  const found = new Map<string, DebPackage | undefined>();

  function find(name: string): DebPackage | undefined {
    if (!found.has(name)) found.set(name, newest(name));
    return found.get(name);
  }
  function newest(name: string): DebPackage | undefined {
    let best: DebPackage | undefined;
    for (const part of parts) {
      for (const record of part.index.find(name)) {
        const candidate = parsePackage(record, part, architecture);
        if (best === undefined || compareDebianVersions(candidate.version, best.version) > 0) best = candidate;
      }
    }
    return best;
  }
  function providers(name: string): readonly Provider[] {
    const names = new Set(parts.flatMap((part) => part.index.providers(name).map((record) => record('package'))));
    return [...names]
      .map(find)
      .filter((candidate) => candidate !== undefined)
      .flatMap((candidate) => providersIn(candidate, name))
      .sort((left, right) => byPreference(left.package, right.package));
  }
  return {
    suite,
    architecture,
    digest: sha256(canonicalJson({ suite, architecture, parts: parts.map((part) => part.digest) })),
    date: new Date(Math.max(...parts.map((part) => part.date.getTime()))),
    find,
    providers,
  };
}

function providersIn(candidate: DebPackage, name: string): Provider[] {
  return candidate.provides.flat().flatMap((provision) => {
    if (provision.name !== name) return [];
    return [{ package: candidate, ...(provision.version === undefined ? {} : { version: provision.version }) }];
  });
}

function byPreference(left: DebPackage, right: DebPackage): number {
  return priorities.indexOf(left.priority) - priorities.indexOf(right.priority) || compareText(left.name, right.name);
}

/** Makes a package of a record of the index. Throws `DEBIAN_INDEX_INVALID`. */
function parsePackage(record: CompactPackage, part: SuitePart, architecture: string): DebPackage {
  const name = record('package');
  const where = `${part.where}, package ${name}`;
  const filename = record('filename').replace(/^\.\//, '');
  if (!isPackageName(name)) throw invalid('its name', name, where);
  if (!isPackageFile(filename)) throw invalid('its file name', filename, where);
  if (!/^[0-9a-f]{64}$/.test(record('sha256'))) throw invalid('its SHA256', record('sha256'), where);
  const relations = (...fields: Parameters<CompactPackage>) => parseRelations(record(...fields), architecture, where);
  return {
    name,
    version: parseDebianVersion(record('version'), where),
    architecture: record('architecture'),
    filename,
    url: `${part.archive}/${filename}`,
    size: parseSize(record('size'), where),
    sha256: digestFromHex(record('sha256'), where),
    installedSize: parseSize(record('installed-size') || '0', where) * 1024,
    multiArch: multiArchOf(record('multi-arch')),
    priority: record('priority') || 'optional',
    depends: [...relations('pre-depends'), ...relations('depends')],
    conflicts: [...relations('conflicts'), ...relations('breaks')],
    provides: relations('provides'),
  };
}

function parseSize(text: string, where: string): number {
  if (!/^\d{1,13}$/.test(text)) throw invalid('its size', text, where);
  return Number(text);
}

function multiArchOf(text: string): DebPackage['multiArch'] {
  return text === 'same' || text === 'foreign' || text === 'allowed' ? text : 'no';
}

function invalid(what: string, value: string, where: string): TareError {
  return new TareError({
    code: 'DEBIAN_INDEX_INVALID',
    message: `the package index cannot be used: ${what} is \`${value.slice(0, 100)}\``,
    where,
    hint: 'the mirror is broken: set another `mirror` in `[tool.tare.debian]`',
  });
}
