import { createHash } from 'node:crypto';
import { type MadeArchive, type MadeMember, makeZip } from './zip-maker.ts';

/** A wheel to be made. What is not said is as an ordinary build tool writes it. */
export interface MadeWheel {
  readonly name?: string;
  readonly version?: string;
  /** Of the file name: `py3-none-any`. */
  readonly tag?: string;
  /** Members besides those of the `.dist-info`, in this order. */
  readonly files?: Readonly<Record<string, string | Buffer | Omit<MadeMember, 'name'>>>;
  /** Further lines of METADATA. */
  readonly metadata?: readonly string[];
  readonly entryPoints?: string;
  /** Replaces or, where undefined, leaves out files of the `.dist-info`. */
  readonly info?: Readonly<Record<string, string | Buffer | undefined>>;
  /** Changes the lines of RECORD, which have no line ends. */
  readonly record?: (lines: readonly string[]) => readonly string[];
  readonly archive?: MadeArchive;
}

export interface WheelBytes {
  readonly filename: string;
  readonly bytes: Buffer;
}

export function makeWheel(wheel: MadeWheel = {}): WheelBytes {
  const { name = 'demo', version = '1.0', tag = 'py3-none-any', files = { 'demo/__init__.py': '' } } = wheel;
  const stem = `${name.replaceAll('-', '_')}-${version}`;
  const members: MadeMember[] = Object.entries(files).map(([path, file]) =>
    typeof file === 'string' || Buffer.isBuffer(file) ? { name: path, data: file } : { name: path, ...file },
  );
  const lines = ['Metadata-Version: 2.1', `Name: ${name}`, `Version: ${version}`, ...(wheel.metadata ?? [])];
  const info: Record<string, string | Buffer | undefined> = {
    METADATA: `${lines.join('\n')}\n\nAbout ${name}.\n`,
    WHEEL: `Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: ${tag}\n`,
    'entry_points.txt': wheel.entryPoints,
    ...wheel.info,
  };
  for (const [file, data] of Object.entries(info)) {
    if (data !== undefined && file !== 'RECORD') members.push({ name: `${stem}.dist-info/${file}`, data });
  }
  if (!('RECORD' in info) || info['RECORD'] !== undefined) {
    const rows = [
      ...members.filter((member) => !String(member.name).endsWith('/')).map((member) => recordLine(member)),
      `${stem}.dist-info/RECORD,,`,
    ];
    const text = `${(wheel.record ?? ((all: readonly string[]) => all))(rows).join('\n')}\n`;
    members.push({ name: `${stem}.dist-info/RECORD`, data: info['RECORD'] ?? text });
  }
  return { filename: `${stem}-${tag}.whl`, bytes: makeZip(members, wheel.archive) };
}

/** A line of RECORD for a member. */
export function recordLine(member: MadeMember, algorithm = 'sha256'): string {
  const data = Buffer.from(member.data ?? '');
  const name = String(member.name);
  const path = /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
  return `${path},${algorithm}=${createHash(algorithm).update(data).digest('base64url')},${data.length}`;
}
