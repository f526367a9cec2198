import { TareError } from '../base/errors.ts';
import { type MessageHeader, parseMessageHeaders } from './message-headers.ts';

/** What METADATA says, as far as tare uses it (core metadata specification 2.5). Names and versions are as written. */
export interface CoreMetadata {
  readonly metadataVersion: string;
  readonly name: string;
  readonly version: string;
  readonly summary?: string;
  readonly requiresDist: readonly string[];
  readonly requiresPython?: string;
  readonly providesExtra: readonly string[];
  readonly license?: string;
  readonly licenseExpression?: string;
  readonly licenseFiles: readonly string[];
  readonly author?: string;
  readonly authorEmail?: string;
  readonly homePage?: string;
  /** By label, as written; a label that occurs twice has its last address. */
  readonly projectUrls: Readonly<Record<string, string>>;
  readonly classifiers: readonly string[];
  /** Lower-case field names that may differ between distributions of one release. */
  readonly dynamic: readonly string[];
}

/** More fields than any real METADATA has. */
const mostFields = 100_000;

/** Parses METADATA; `where` is shown in errors: `numpy-2.3.1.whl: numpy-2.3.1.dist-info/METADATA`. Throws `METADATA_INVALID`. */
export function parseMetadata(text: string, where: string): CoreMetadata {
  const headers = parseMessageHeaders(text);
  if (headers.length > mostFields) throw invalid(`it has ${headers.length} fields`, where);
  const fields = groupByName(headers);
  const all = (name: string): readonly string[] => (fields.get(name) ?? []).filter((value) => value !== '');
  const only = (name: string): string => single(all(name), name, where);
  // Old build tools wrote UNKNOWN where they had nothing to say.
  const optional = (name: string): string | undefined => all(name).find((value) => value !== 'UNKNOWN');
  const metadataVersion = assertKnownVersion(all('metadata-version')[0] ?? '1.0', where);
  return {
    metadataVersion,
    name: only('name'),
    version: only('version'),
    requiresDist: all('requires-dist'),
    providesExtra: all('provides-extra'),
    licenseFiles: all('license-file'),
    projectUrls: parseProjectUrls(all('project-url')),
    classifiers: all('classifier'),
    dynamic: all('dynamic').map((value) => value.toLowerCase()),
    ...present('summary', optional('summary')),
    ...present('requiresPython', optional('requires-python')),
    ...present('license', optional('license')),
    ...present('licenseExpression', optional('license-expression')),
    ...present('author', optional('author')),
    ...present('authorEmail', optional('author-email')),
    ...present('homePage', optional('home-page')),
  };
}

function present<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<Key, string>>);
}

function groupByName(headers: readonly MessageHeader[]): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const { name, value } of headers) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

function single(values: readonly string[], field: string, where: string): string {
  const [value] = values;
  if (value === undefined) throw invalid(`it has no \`${field}\``, where);
  if (values.some((other) => other !== value)) throw invalid(`it has more than one \`${field}\``, where);
  if (value.includes('\n')) throw invalid(`its \`${field}\` has more than one line`, where);
  return value;
}

/** The specification: fail for a higher major version, go on for a higher minor one. */
function assertKnownVersion(version: string, where: string): string {
  if (!/^[12]\.[0-9]{1,3}$/.test(version)) {
    throw invalid(`its version \`${version.slice(0, 40)}\` is not known`, where, 'Metadata-Version 1.x or 2.x');
  }
  return version;
}

function parseProjectUrls(values: readonly string[]): Record<string, string> {
  const urls = new Map<string, string>();
  for (const value of values) {
    const comma = value.indexOf(',');
    if (comma > 0) urls.set(value.slice(0, comma).trim(), value.slice(comma + 1).trim());
  }
  return Object.fromEntries(urls);
}

function invalid(message: string, where: string, expected?: string): TareError {
  return new TareError({
    code: 'METADATA_INVALID',
    message: `METADATA cannot be used: ${message}`,
    where,
    hint: 'use another version of this package, or tell its maintainers',
    ...(expected === undefined ? {} : { expected }),
  });
}
