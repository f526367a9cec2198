import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { makeTar, type TarMember } from './tar-maker.ts';

/** A Debian package that a test makes. */
export interface DebSpec {
  readonly name: string;
  readonly version?: string;
  readonly architecture?: string;
  /** Further fields of the control file and of the index: `Depends`, `Provides`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** What is in the data part, in order. */
  readonly data?: readonly TarMember[];
  /** Files beside `control`: `postinst`, `conffiles`. */
  readonly scripts?: Readonly<Record<string, string>>;
}

export interface MadeDeb {
  readonly spec: Required<Pick<DebSpec, 'name' | 'version' | 'architecture'>> & DebSpec;
  /** `pool/main/…` */
  readonly filename: string;
  readonly bytes: Buffer;
}

/** The common ar format (deb(5)). */
export function makeAr(members: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Buffer {
  const parts = members.flatMap(({ name, bytes }) => {
    const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
    const head = `${fields.join('')}${String(bytes.length).padEnd(10)}\`\n`;
    return [Buffer.from(head, 'latin1'), Buffer.from(bytes), Buffer.from(bytes.length % 2 === 1 ? '\n' : '')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

/** A `.deb` with gzip members and the hashes of its files in `md5sums`, without configuration files as dh_md5sums(1) has it. */
export function makeDeb(given: DebSpec): MadeDeb {
  const spec = { ...given, version: given.version ?? '1.0-1', architecture: given.architecture ?? 'amd64' };
  const data = spec.data ?? [];
  const control = renderFields({ ...basics(spec), ...spec.fields, Description: 'made by a test' });
  const files = { control, md5sums: md5sums(data, spec.scripts?.['conffiles']), ...spec.scripts };
  const members = Object.entries(files).map(([name, bytes]) => ({ name: `./${name}`, bytes }));
  const bytes = makeAr([
    { name: 'debian-binary', bytes: Buffer.from('2.0\n') },
    { name: 'control.tar.gz', bytes: gzipSync(makeTar(members)) },
    { name: 'data.tar.gz', bytes: gzipSync(makeTar(data)) },
  ]);
  const file = `${spec.name}_${spec.version.replace(/^\d+:/, '')}_${spec.architecture}.deb`;
  return { spec, bytes, filename: `pool/main/${spec.name[0] ?? 'x'}/${spec.name}/${file}` };
}

/** The paragraph of an index. */
export function renderIndexEntry(deb: MadeDeb): string {
  return renderFields({
    ...basics(deb.spec),
    'Installed-Size': '1',
    ...deb.spec.fields,
    Filename: deb.filename,
    Size: String(deb.bytes.length),
    SHA256: createHash('sha256').update(deb.bytes).digest('hex'),
    Description: 'made by a test',
  });
}

function basics(spec: MadeDeb['spec']): Record<string, string> {
  return {
    Package: spec.name,
    Version: spec.version,
    Architecture: spec.architecture,
    Maintainer: 'Nobody <n@x.example>',
  };
}

function renderFields(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

function md5sums(data: readonly TarMember[], conffiles = ''): string {
  const leftOut = new Set(conffiles.split('\n'));
  return data
    .filter((member) => (member.flag ?? '0') === '0' && !leftOut.has(member.name.replace(/^\./, '')))
    .map(
      (member) =>
        `${createHash('md5')
          .update(member.bytes ?? '')
          .digest('hex')}  ${member.name.replace(/^\.\//, '')}\n`,
    )
    .join('');
}
