import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { type ArMember, readAr } from '../archive/ar.ts';
import { readTar, type TarEntry } from '../archive/tar-reader.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';
import { parseDeb822, type Stanza } from './deb822.ts';
import { type Packing, unpack } from './unpack.ts';

/** Bounds on one package. Sizes in bytes. */
export const debLimits = {
  control: 64 * 1024 * 1024,
  data: 8 * 1024 * 1024 * 1024,
  /** A file of a package is held in memory. */
  file: 512 * 1024 * 1024,
};

/** The control part of a package: its fields, and the other files by name (`md5sums`, `postinst`, `conffiles`). */
export interface DebControl {
  readonly fields: Stanza;
  /** The `control` file as it is. */
  readonly text: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A file, folder or link of a package's data part, with a file's bytes. Paths as in `LayerEntry`. */
export interface DebEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly linkTarget?: string;
  /** Empty unless it is a file. */
  readonly bytes: Uint8Array;
}

/** Reads what a `.deb` says of itself (deb(5), deb-control(5)). Throws `DEB_INVALID` and what its parts throw. */
export async function readDebControl(file: string): Promise<DebControl> {
  const where = basename(file);
  for await (const entries of partOf(file, 'control.tar', debLimits.control)) {
    const files = new Map<string, Uint8Array>();
    for await (const entry of entries) {
      if (entry.type === 'file') files.set(entry.path, await bytesOf(entry, where));
    }
    const text = Buffer.from(files.get('control') ?? []).toString('utf8');
    const [fields, second] = parseDeb822(text, `${where}: control`);
    if (fields === undefined || second !== undefined) throw invalid('has no proper `control` file', where);
    for (const needed of ['package', 'version', 'architecture']) {
      if (!fields.has(needed)) throw invalid(`has no field \`${needed}\` in its \`control\` file`, where);
    }
    return { fields, text, files };
  }
  throw invalid('has no member `control.tar`', where);
}

/** Reads the files of a `.deb`, one after the other, in the order of the package. */
export async function* readDebData(file: string): AsyncGenerator<DebEntry, void, void> {
  const where = basename(file);
  let isThere = false;
  for await (const entries of partOf(file, 'data.tar', debLimits.data)) {
    isThere = true;
    for await (const { path, type, mode, uid, gid, mtime, linkTarget, size, body } of entries) {
      const bytes = type === 'file' ? await bytesOf({ path, size, body }, where) : new Uint8Array(0);
      yield { path, type, mode, uid, gid, mtime, ...(linkTarget === undefined ? {} : { linkTarget }), bytes };
    }
  }
  if (!isThere) throw invalid('has no member `data.tar`', where);
}

/** The entries of one member; nothing where there is no such member. */
async function* partOf(file: string, part: string, limit: number): AsyncGenerator<AsyncIterable<TarEntry>> {
  const where = basename(file);
  let position = 0;
  for await (const member of readAr(openFile(file), where)) {
    if (position === 0) await assertFormat(member, where);
    else if (member.name === part || member.name.startsWith(`${part}.`)) {
      const inside = `${where}: ${member.name}`;
      const bytes = unpack(member.bytes, packingOf(member.name, where), inside, limit);
      yield readTar(bytes, inside, { unpacked: limit });
      return;
    }
    position += 1;
  }
  if (position === 0) throw invalid('is empty', where);
}

async function* openFile(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 256 * 1024 });
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new TareError({
      code: 'DEB_MISSING',
      message: `the Debian package \`${file}\` is not there`,
      hint: 'run the command again: it will be downloaded anew',
      cause: error,
    });
  }
}

/** `debian-binary` is the first member and says `2.N` (deb(5)). */
async function assertFormat(member: ArMember, where: string): Promise<void> {
  let text = '';
  if (member.name === 'debian-binary' && member.size <= 100) {
    for await (const chunk of member.bytes) text += Buffer.from(chunk).toString('latin1');
  }
  if (!/^2\.\d+\n/.test(text)) throw invalid('is not of the format that is known', where, '`debian-binary` with `2.0`');
}

function packingOf(name: string, where: string): Packing {
  const packing = /^(?:control|data)\.tar(?:\.(gz|xz|zst))?$/.exec(name);
  if (packing === null)
    throw invalid(`is packed in a way that is not known: \`${name}\``, where, '.gz, .xz, .zst or none');
  switch (packing[1]) {
    case 'gz':
    case 'xz':
    case 'zst':
      return packing[1];
    default:
      return 'none';
  }
}

async function bytesOf(entry: Pick<TarEntry, 'path' | 'size' | 'body'>, where: string): Promise<Uint8Array> {
  if (entry.size > debLimits.file) {
    throw invalid(`has a file that is too large: \`${entry.path}\``, where, `at most ${debLimits.file} bytes`);
  }
  const bytes = Buffer.alloc(entry.size);
  let at = 0;
  for await (const chunk of entry.body) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function invalid(problem: string, where: string, expected?: string): TareError {
  return new TareError({
    code: 'DEB_INVALID',
    message: `the Debian package ${problem}`,
    where,
    ...(expected === undefined ? {} : { expected }),
  });
}
