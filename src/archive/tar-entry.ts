import type { Header } from 'tar-stream';
import { TareError } from '../base/errors.ts';

/** What the header of an entry says, checked. */
export interface TarFacts {
  /** Empty for the root. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly linkTarget?: string;
  readonly size: number;
}

const types: Readonly<Record<string, TarFacts['type']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'hardlink',
};

/** Checks one header. `where` names the archive. */
export function parseTarHeader(header: Header, where: string): TarFacts {
  const { name } = header;
  // Before there was a flag for them, directories were files whose name ends in a slash.
  const type = header.type === 'file' && name.endsWith('/') ? 'directory' : types[header.type];
  if (type === undefined) throw unsupported(name, where, `is a ${header.type ?? 'thing of an unknown type'}`);
  const pax = paxOf(header);
  if (Object.keys(pax).some((key) => key.startsWith('GNU.sparse.'))) throw unsupported(name, where, 'is a sparse file');
  const whole = (field: string, value: number): number => {
    if (Number.isSafeInteger(value)) return value;
    throw tarInvalid(where, `has an entry ${quoted(name)} without a usable ${field}`);
  };
  const natural = (field: string, value: number): number =>
    value >= 0 ? whole(field, value) : whole(field, Number.NaN);
  const size = natural('size', header.size);
  if (type !== 'file' && size > 0) throw tarInvalid(where, `has a ${type} ${quoted(name)} with content`);
  return {
    path: normalPath(name, name, where),
    type,
    mode: natural('mode', header.mode) % 0o10000,
    uid: natural('user', numberOf(pax.uid) ?? header.uid),
    gid: natural('group', numberOf(pax.gid) ?? header.gid),
    mtime: whole('time', Math.floor(numberOf(pax.mtime) ?? header.mtime.getTime() / 1000)),
    size,
    ...linkOf(type, header, where),
  };
}

function linkOf(type: TarFacts['type'], header: Header, where: string): { readonly linkTarget?: string } {
  if (type !== 'symlink' && type !== 'hardlink') return {};
  const target = header.linkname ?? '';
  if (target === '' || target.includes('\0')) throw pathInvalid(header.name, where, 'its link has no usable target');
  if (type === 'symlink') return { linkTarget: target };
  const linkTarget = normalPath(target, header.name, where);
  if (linkTarget === '') throw pathInvalid(header.name, where, 'it is a hard link to the root');
  return { linkTarget };
}

/** The records of the extended header. */
function paxOf(header: Header): Readonly<Record<string, string | undefined>> {
  return (header.pax ?? {}) as Readonly<Record<string, string>>;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  return /^-?\d+(\.\d*)?$/.test(text) ? Number(text) : Number.NaN;
}

function normalPath(path: string, name: string, where: string): string {
  if (path.startsWith('/')) throw pathInvalid(name, where, 'it is absolute');
  if (path.includes('\0')) throw pathInvalid(name, where, 'it has a NUL');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw pathInvalid(name, where, 'it has a part `..`');
  return parts.join('/');
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 300 ? `${name.slice(0, 300)}…` : name);
}

const hint = 'the archive is damaged or hostile: fetch it again, or take another version of it';

export function tarInvalid(where: string, what: string, cause?: unknown): TareError {
  const message = `the tar archive ${what}`;
  return new TareError({ code: 'TAR_INVALID', message, where, hint, cause });
}

function pathInvalid(name: string, where: string, what: string): TareError {
  const message = `the tar archive has an entry with an unsafe path ${quoted(name)}: ${what}`;
  return new TareError({ code: 'TAR_PATH_INVALID', message, where, hint });
}

function unsupported(name: string, where: string, what: string): TareError {
  return new TareError({
    code: 'TAR_TYPE_UNSUPPORTED',
    message: `the tar archive has an entry ${quoted(name)} that ${what}`,
    where,
    expected: 'a file, directory, symbolic or hard link',
    hint: 'take another version of it, without device nodes, pipes and sparse files',
  });
}
