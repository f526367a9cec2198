import { relative } from 'node:path/posix';
import type { FileContent, LayerEntry } from '../archive/layer-entry.ts';
import { type Digest, digestHex, sha256 } from '../base/digest.ts';
import { sortedBy } from '../base/order.ts';
import { sourceOfCached } from '../bytecode/paths.ts';
import { findConsoleScripts, renderConsoleScript, rewriteFirstLine } from './console-script.ts';
import { assertNotReserved, destinationOf, type InstallFolders, installFolders, pathClash } from './install-paths.ts';
import { type RecordRow, renderRecord } from './record.ts';
import type { Wheel, WheelMember } from './wheel.ts';
import { isRecordSignature } from './wheel-record.ts';

/** Where and for whom a wheel is installed. */
export interface InstallScheme {
  /** The virtual environment, absolute: `/opt/venv`. */
  readonly prefix: string;
  /** Minor version: `3.13`. */
  readonly pythonVersion: string;
  /** Its folders have a `t` at their end: `python3.13t`. */
  readonly isFreeThreaded?: boolean;
  readonly uid: number;
  readonly gid: number;
}

/** Bytecode of a wheel's modules, made for the places that they are installed at. */
export interface InstalledBytecode {
  /** Relative to the root of the image, with a time of its own source. */
  readonly path: string;
  /** Of its source, as `path`. */
  readonly source: string;
  readonly content: FileContent;
  readonly sha256: Digest;
  /** Bytes. */
  readonly size: number;
}

export interface InstalledFile {
  /** Relative to the root of the image. */
  readonly path: string;
  readonly sha256: Digest;
  /** In bytes. */
  readonly size: number;
}

/** What installing a wheel brings into an image. */
export interface InstalledWheel {
  /** The wheel's own layer, sorted by path: files and all folders above them, from the root of the image. */
  readonly entries: readonly LayerEntry[];
  /** Console and GUI scripts, sorted by path, for the layer of the environment; without folders. */
  readonly scripts: readonly LayerEntry[];
  /** Every installed file, sorted by path. */
  readonly files: readonly InstalledFile[];
  /** The newest time in the wheel, seconds since the epoch: the time of all generated files and folders. */
  readonly mtimeNewest: number;
}

/** 1980-01-01T00:00:00Z, the earliest time of a member. */
const earliestTime = 315_532_800;

interface Placed extends InstalledFile {
  readonly content: FileContent;
  readonly mode: number;
  readonly mtime: number;
  /** RECORD lists it without hash and size. */
  readonly isUnhashed?: boolean;
}

/**
 * Lays out a wheel as pip does (binary distribution format, "Installing a wheel"; recording installed projects), without
 * touching a disk. The result depends on the wheel and the scheme alone.
 */
export function installWheel(
  wheel: Wheel,
  scheme: InstallScheme,
  bytecode: readonly InstalledBytecode[] = [],
): InstalledWheel {
  const folders = installFolders(scheme, wheel);
  const interpreter = `${scheme.prefix}/bin/python`;
  const mtimeNewest = wheel.members.reduce((newest, { modified }) => Math.max(newest, modified), earliestTime);
  const commands = findConsoleScripts(wheel.entryPoints, scheme.pythonVersion, wheel.filename);
  const wrapped = new Set(commands.map((command) => command.name));
  const placed = placeMembers(wheel, folders, interpreter, wrapped);
  if (bytecode.length > 0) placeBytecode(placed, bytecode, mtimeNewest);
  const scripts = new Map<string, Placed>();
  for (const command of commands) {
    const path = `${folders.scripts}/${command.name}`;
    placed.delete(path);
    scripts.set(path, generated(path, renderConsoleScript(command, interpreter), mtimeNewest, 0o755));
  }
  const info = `${folders.site}/${wheel.distInfo}`;
  const installer = generated(`${info}/INSTALLER`, 'tare\n', mtimeNewest);
  placed.set(installer.path, installer);
  const recordPath = `${info}/RECORD`;
  placed.delete(recordPath);
  const record = generated(
    recordPath,
    recordText([...placed.values(), ...scripts.values()], folders, recordPath),
    mtimeNewest,
  );
  placed.set(recordPath, record);
  const all = sortedBy([...placed.values(), ...scripts.values()], (file) => file.path);
  for (const { path } of all) assertNotReserved(path, wheel, folders);
  const own = sortedBy(placed.values(), (file) => file.path);
  const directories = parentDirectories(own, all, wheel);
  return {
    entries: sortedBy(
      [
        ...directories.map((path) => toEntry({ path, type: 'directory', mode: 0o755, mtime: mtimeNewest }, scheme)),
        ...own.map((file) => fileEntry(file, scheme)),
      ],
      (entry) => entry.path,
    ),
    scripts: sortedBy(scripts.values(), (file) => file.path).map((file) => fileEntry(file, scheme)),
    files: all.map(({ path, sha256: hash, size }) => ({ path, sha256: hash, size })),
    mtimeNewest,
  };
}

/** Members by destination, in pip's order, so that the last of several for one place stays: library, data, scripts. */
function placeMembers(
  wheel: Wheel,
  folders: InstallFolders,
  interpreter: string,
  wrapped: ReadonlySet<string>,
): Map<string, Placed> {
  const stages: readonly [Placed[], Placed[], Placed[]] = [[], [], []];
  for (const member of wheel.members) {
    const { path, kind } = destinationOf(member.name, wheel, folders);
    if (kind === 'script' && wrapped.has(wrappedName(path))) continue;
    const isRoot = wheel.dataFolder === undefined || !member.name.startsWith(`${wheel.dataFolder}/`);
    const stage = kind === 'script' ? stages[2] : isRoot ? stages[0] : stages[1];
    const content = contentOf(member, interpreter);
    const isUnhashed = isRecordSignature(member.name, wheel.distInfo);
    const mode = kind === 'script' || isExecutable(member.mode) ? 0o755 : 0o644;
    stage.push({ path, ...content, mode, mtime: member.modified, ...(isUnhashed ? { isUnhashed } : {}) });
  }
  return new Map(stages.flat().map((file) => [file.path, file]));
}

/** What the wheel brings of bytecode itself gives way: stale or of another Python, nobody would read it. */
function placeBytecode(placed: Map<string, Placed>, bytecode: readonly InstalledBytecode[], newest: number): void {
  for (const path of [...placed.keys()]) {
    const source = sourceOfCached(path);
    if (source !== undefined && placed.has(source)) placed.delete(path);
  }
  for (const { path, source, content, sha256: hash, size } of bytecode) {
    const mtime = placed.get(source)?.mtime ?? newest;
    // As pip records what it compiles: without hash and size.
    placed.set(path, { path, content, sha256: hash, size, mode: 0o644, mtime, isUnhashed: true });
  }
}

/** setuptools once put wrappers of its entry points among the scripts; installers make them anew. */
function wrappedName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/(?:\.exe|-script\.py|\.pya)$/i, '');
}

function contentOf(member: WheelMember, interpreter: string): Pick<Placed, 'content' | 'sha256' | 'size'> {
  const { slice, script } = member;
  if (script === undefined) return { content: slice, sha256: slice.sha256, size: slice.size };
  const bytes = rewriteFirstLine(script, interpreter);
  return { content: { kind: 'bytes', bytes }, sha256: sha256(bytes), size: bytes.length };
}

/** pip's rule: a plain file with any executable bit. */
function isExecutable(mode: number): boolean {
  return (mode & 0o170000) === 0o100000 && (mode & 0o111) !== 0;
}

function generated(path: string, text: string, mtime: number, mode = 0o644): Placed {
  const bytes = Buffer.from(text);
  return { path, content: { kind: 'bytes', bytes }, sha256: sha256(bytes), size: bytes.length, mode, mtime };
}

/** RECORD of what is installed, with paths relative to site-packages. */
function recordText(files: readonly Placed[], folders: InstallFolders, recordPath: string): string {
  const rows: RecordRow[] = files.map(({ path, sha256: hash, size, isUnhashed }) => ({
    path: fromSite(path, folders),
    ...(isUnhashed === true ? {} : { hash: { algorithm: 'sha256' as const, hex: digestHex(hash) }, size }),
  }));
  return renderRecord([...rows, { path: fromSite(recordPath, folders) }]);
}

function fromSite(path: string, { site }: InstallFolders): string {
  return path.startsWith(`${site}/`) ? path.slice(site.length + 1) : relative(site, path);
}

/** Every folder above the wheel's own files. */
function parentDirectories(own: readonly Placed[], all: readonly Placed[], wheel: Wheel): string[] {
  const files = new Set(all.map((file) => file.path));
  const found = new Set<string>();
  for (const { path } of own) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (found.has(parent)) break;
      if (files.has(parent)) throw pathClash(parent, `two members of \`${wheel.filename}\``);
      found.add(parent);
    }
  }
  return [...found];
}

function fileEntry({ path, mode, mtime, content }: Placed, scheme: InstallScheme): LayerEntry {
  return toEntry({ path, type: 'file', mode, mtime, content }, scheme);
}

function toEntry(entry: Omit<LayerEntry, 'uid' | 'gid'>, { uid, gid }: InstallScheme): LayerEntry {
  return { ...entry, uid, gid };
}
