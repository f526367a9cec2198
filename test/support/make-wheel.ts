import { createHash } from 'node:crypto';
import { makeZip, type ZipFaults, type ZipMember } from './make-zip.ts';

/** A wheel (PyPA "Binary distribution format") as a test wants it. */
export interface WheelDescription {
  readonly name: string;
  readonly version: string;
  /** `py3-none-any` unless told. */
  readonly tag?: string;
  /** By path in the wheel: modules, package data, `NAME-VERSION.data/…` members. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Scripts of the `.data/scripts` scheme, by name. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** The text of `entry_points.txt`. */
  readonly entryPoints?: string;
  /** `Requires-Dist` values. */
  readonly requires?: readonly string[];
  readonly requiresPython?: string;
  readonly faults?: WheelFaults;
}

/** What is deliberately wrong. Paths are those of `files`. */
export interface WheelFaults {
  /** Faults of the zip, by member. */
  readonly members?: Readonly<Record<string, ZipFaults>>;
  /** RECORD gives this member a hash that is not its own. */
  readonly wrongRecordHash?: string;
  /** RECORD does not list this member. */
  readonly notInRecord?: string;
  /** RECORD lists this member, which does not exist. */
  readonly onlyInRecord?: string;
  /** The whole text of RECORD. */
  readonly record?: string;
  /** Members after all others, not in RECORD: duplicates, escaping paths. */
  readonly extraMembers?: readonly ZipMember[];
  /** Bytes that are cut off the end of the archive. */
  readonly cut?: number;
}

export interface WheelFile {
  readonly filename: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  /** The METADATA member. */
  readonly metadata: string;
  readonly requiresPython: string | undefined;
}

/** Builds a wheel; the same description is always the same bytes. */
export function makeWheel(description: WheelDescription): WheelFile {
  const { version, faults = {} } = description;
  const name = description.name.replaceAll(/[-_.]+/g, '_').toLowerCase();
  const info = `${name}-${version}.dist-info`;
  const metadata = renderMetadata(description);
  const members = new Map<string, Buffer>();
  for (const [path, text] of Object.entries(description.files ?? {})) members.set(path, Buffer.from(text));
  for (const [script, text] of Object.entries(description.scripts ?? {})) {
    members.set(`${name}-${version}.data/scripts/${script}`, Buffer.from(text));
  }
  members.set(`${info}/METADATA`, Buffer.from(metadata));
  members.set(`${info}/WHEEL`, Buffer.from(renderWheel(description.tag ?? 'py3-none-any')));
  if (description.entryPoints !== undefined) {
    members.set(`${info}/entry_points.txt`, Buffer.from(description.entryPoints));
  }
  const record = faults.record ?? renderRecord(members, `${info}/RECORD`, faults);
  members.set(`${info}/RECORD`, Buffer.from(record));
  const zip = makeZip([
    ...[...members].map(([path, bytes]) => ({ path, bytes, faults: faults.members?.[path] ?? {} })),
    ...(faults.extraMembers ?? []),
  ]);
  const bytes = zip.subarray(0, zip.length - (faults.cut ?? 0));
  return {
    filename: `${name}-${version}-${description.tag ?? 'py3-none-any'}.whl`,
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    metadata,
    requiresPython: description.requiresPython,
  };
}

/** A line of a closed requirements file: the pin with the wheel's hash. */
export function pinned(wheel: WheelFile): string {
  const [name = '', version = ''] = wheel.filename.split('-');
  return `${name.replaceAll('_', '-')}==${version} --hash=sha256:${wheel.sha256}\n`;
}

function renderMetadata(description: WheelDescription): string {
  const lines = ['Metadata-Version: 2.1', `Name: ${description.name}`, `Version: ${description.version}`];
  if (description.requiresPython !== undefined) lines.push(`Requires-Python: ${description.requiresPython}`);
  for (const requirement of description.requires ?? []) lines.push(`Requires-Dist: ${requirement}`);
  return `${lines.join('\n')}\n`;
}

function renderWheel(tag: string): string {
  const pure = tag.endsWith('-none-any');
  return `Wheel-Version: 1.0\nGenerator: tare-tests\nRoot-Is-Purelib: ${pure}\nTag: ${tag}\n`;
}

function renderRecord(members: ReadonlyMap<string, Buffer>, own: string, faults: WheelFaults): string {
  const lines: string[] = [];
  for (const [path, bytes] of members) {
    if (path === faults.notInRecord) continue;
    const hashed = path === faults.wrongRecordHash ? Buffer.concat([bytes, Buffer.from('?')]) : bytes;
    lines.push(`${path},sha256=${createHash('sha256').update(hashed).digest('base64url')},${bytes.length}`);
  }
  if (faults.onlyInRecord !== undefined) {
    lines.push(`${faults.onlyInRecord},sha256=${createHash('sha256').update('').digest('base64url')},0`);
  }
  return `${[...lines, `${own},,`].join('\n')}\n`;
}
