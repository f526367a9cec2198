import { type Digest, digestFromHex } from '../base/digest.ts';
import { TareError } from '../base/errors.ts';
import { parseDeb822, type Stanza, words } from './deb822.ts';

export interface ReleaseFile {
  /** Relative to the release file's folder: `main/binary-amd64/Packages.xz`. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
}

/** A repository's `Release` file (Debian wiki, DebianRepository/Format, "Release files"). */
export interface Release {
  /** `trixie`, `trixie-updates`, `trixie-security`. */
  readonly codename: string;
  /** `stable`, `stable-updates`: what the codename is called at present. */
  readonly suite: string;
  readonly date: Date;
  readonly validUntil?: Date;
  readonly architectures: readonly string[];
  readonly acquireByHash: boolean;
  /** The archive says that indexes of packages for all architectures repeat what each architecture's own has. */
  readonly repeatsIndependent: boolean;
  /** By path, from the `SHA256` field. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

export function parseRelease(text: string, where: string): Release {
  const [stanza, second] = parseDeb822(text, where);
  if (stanza === undefined || second !== undefined) throw invalid('has not exactly one paragraph', where);
  const validUntil = stanza.get('valid-until');
  return {
    codename: stanza.get('codename') ?? '',
    suite: stanza.get('suite') ?? '',
    date: parseDate(required(stanza, 'Date', where), where),
    ...(validUntil === undefined ? {} : { validUntil: parseDate(validUntil, where) }),
    architectures: words(stanza.get('architectures')),
    acquireByHash: stanza.get('acquire-by-hash') === 'yes',
    repeatsIndependent: words(stanza.get('no-support-for-architecture-all')).includes('Packages'),
    files: parseFiles(required(stanza, 'SHA256', where), where),
  };
}

function parseFiles(field: string, where: string): ReadonlyMap<string, ReleaseFile> {
  const files = new Map<string, ReleaseFile>();
  for (const line of field.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^\s*([0-9a-f]{64})\s+(\d{1,15})\s+(\S+)\s*$/.exec(line);
    if (match === null) throw invalid(`has a line in \`SHA256\` that names no file: \`${line.slice(0, 100)}\``, where);
    const path = match[3] ?? '';
    files.set(path, { path, digest: digestFromHex(match[1] ?? '', where), size: Number(match[2]) });
  }
  return files;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const datePattern =
  /^[A-Z][a-z]{2}, +(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{1,2}):(\d{2}):(\d{2}) (?:UTC|GMT|Z|\+0000)$/;

/** `Sat, 21 Nov 2026 09:15:44 UTC`: always in UTC. */
function parseDate(text: string, where: string): Date {
  const match = datePattern.exec(text.trim());
  const month = months.indexOf(match?.[2] ?? '');
  if (match === null || month < 0) throw invalid(`has a date that is none: \`${text.slice(0, 60)}\``, where);
  const [day, year, hour, minute, second] = [match[1], match[3], match[4], match[5], match[6]].map(Number);
  return new Date(Date.UTC(year ?? 0, month, day, hour, minute, second));
}

function required(stanza: Stanza, name: string, where: string): string {
  const value = stanza.get(name.toLowerCase());
  if (value === undefined) throw invalid(`has no field \`${name}\``, where);
  return value;
}

function invalid(problem: string, where: string): TareError {
  return new TareError({
    code: 'DEBIAN_INDEX_INVALID',
    message: `the release file ${problem}`,
    where,
    hint: 'the mirror does not serve a Debian archive there: check `mirror` in `[tool.tare.debian]` or the apt sources of this machine',
  });
}
