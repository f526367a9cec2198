import { isTareError, TareError } from '../base/errors.ts';
import { parseDeb822, type Stanza, words } from '../debian/deb822.ts';
import { parseRelations, type RelationGroup } from '../debian/relation.ts';
import { parseDebianVersion } from '../debian/version.ts';
import type { InstalledPackage } from './base-image.ts';

export interface StatusFile {
  /** In the image. */
  readonly path: string;
  readonly text: string;
  readonly record: InstalledPackage['record'];
}

/**
 * The installed packages of `var/lib/dpkg/status`, or of one file of `status.d`. `architecture` is the image's. Throws
 * `BASE_DATABASE_BROKEN` with the line: what dpkg itself could not go on with.
 */
export function parseStatus(file: StatusFile, architecture: string): readonly InstalledPackage[] {
  const stanzas = atLine(file.path, () => parseDeb822(file.text, file.path));
  const lines = stanzaLines(file.text);
  return stanzas.flatMap((stanza, index) => {
    const where = `${file.path}:${lines[index] ?? 1}`;
    const installed = atLine(where, () => parseStanza(stanza, file.record, architecture, where));
    return installed === undefined ? [] : [installed];
  });
}

function parseStanza(
  stanza: Stanza,
  record: InstalledPackage['record'],
  architecture: string,
  where: string,
): InstalledPackage | undefined {
  const name = stanza.get('package') ?? '';
  if (!/^[a-z0-9][a-z0-9+.-]*$/.test(name)) throw broken(where, 'has a paragraph that names no package');
  const status = statusOf(stanza, record, name, where);
  if (status === undefined) return undefined;
  const own = stanza.get('architecture') ?? architecture;
  const relations = (...fields: readonly string[]): readonly RelationGroup[] =>
    fields.flatMap((field) => parseRelations(stanza.get(field) ?? '', own === 'all' ? architecture : own, where));
  return {
    name,
    version: parseDebianVersion(stanza.get('version') ?? '', where),
    architecture: own,
    status,
    record,
    multiArch: multiArchOf(stanza.get('multi-arch')),
    depends: relations('pre-depends', 'depends'),
    conflicts: relations('conflicts', 'breaks'),
    provides: relations('provides'),
  };
}

/** `want flag status` (dpkg-query(1)); undefined where the package's files are not there. */
function statusOf(
  stanza: Stanza,
  record: InstalledPackage['record'],
  name: string,
  where: string,
): InstalledPackage['status'] | undefined {
  const field = stanza.get('status');
  if (field === undefined && record === 'status.d') return 'installed';
  const [, flag, state] = words(field);
  if (flag === 'ok') {
    if (state === 'installed' || state === 'triggers-awaited' || state === 'triggers-pending') return state;
    if (state === 'not-installed' || state === 'config-files') return undefined;
  }
  throw broken(where, `says that \`${name}\` is not installed whole`, field ?? 'no `Status`');
}

function multiArchOf(value: string | undefined): InstalledPackage['multiArch'] {
  return value === 'same' || value === 'foreign' || value === 'allowed' ? value : 'no';
}

/** The line that each paragraph begins at, counted as `parseDeb822` counts them. */
function stanzaLines(text: string): readonly number[] {
  const lines: number[] = [];
  let isInside = false;
  for (const [index, line] of text.split('\n').entries()) {
    const isBlank = line.trim() === '';
    if (!isBlank && !isInside) lines.push(index + 1);
    isInside = !isBlank;
  }
  return lines;
}

function atLine<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isTareError(error) || error.code === 'BASE_DATABASE_BROKEN') throw error;
    throw broken(error.where ?? where, `cannot be read: ${error.message}`, error.actual, error);
  }
}

/** An error about the base's dpkg database. */
export function broken(where: string, what: string, actual?: string, cause?: unknown): TareError {
  return new TareError({
    code: 'BASE_DATABASE_BROKEN',
    message: `the dpkg database of the base ${what}`,
    where,
    ...(actual === undefined ? {} : { actual }),
    hint: 'where the base image is made, run `dpkg --configure -a && apt-get install --fix-broken`, or take another base',
    ...(cause === undefined ? {} : { cause }),
  });
}
