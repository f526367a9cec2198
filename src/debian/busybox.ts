import { basename } from 'node:path';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { TareError } from '../base/errors.ts';
import { sortedBy } from '../base/order.ts';
import { assertSame, type NamedPackage } from './compose.ts';
import { readDebControl, readDebData } from './deb.ts';
import { renderStatusFiles } from './generated-files.ts';
import { canonicalPath } from './root-layout.ts';

/** The package of the debug tools. */
export const busyboxPackage = 'busybox-static';
/** Where they are in an image, relative to its root. */
const folder = 'busybox';

export interface BusyboxOptions {
  /** The base tells its packages one file each, in `var/lib/dpkg/status.d`. */
  readonly recordsPackages: boolean;
}

/**
 * busybox in a folder of its own with a link for each of its applets, its license, and where the base keeps it, what a scanner reads of
 * it. Throws `DEB_MISMATCH`, `BUSYBOX_INVALID` and what `readDebData` throws.
 */
export async function composeBusybox(
  deb: { readonly file: string; readonly package: NamedPackage },
  options: BusyboxOptions,
): Promise<readonly LayerEntry[]> {
  const control = await readDebControl(deb.file);
  assertSame(control, deb.package, deb.file);
  const entries: LayerEntry[] = [];
  const copyright = `usr/share/doc/${busyboxPackage}/copyright`;
  let newest = 0;
  for await (const entry of readDebData(deb.file)) {
    const path = canonicalPath(entry.path);
    if (entry.type !== 'file') continue;
    if (path === copyright) entries.push(fileOf(path, entry.bytes, 0o644, entry.mtime));
    if (path !== 'usr/bin/busybox') continue;
    newest = entry.mtime;
    entries.push(fileOf(`${folder}/busybox`, entry.bytes, 0o755, newest));
    for (const name of parseApplets(entry.bytes, basename(deb.file))) {
      const link = { path: `${folder}/${name}`, mode: 0o777, uid: 0, gid: 0, mtime: newest };
      if (name !== 'busybox') entries.push({ ...link, type: 'symlink', linkTarget: 'busybox' });
    }
  }
  if (newest === 0) throw invalid(basename(deb.file), 'it has no `bin/busybox`');
  if (options.recordsPackages) entries.push(...renderStatusFiles(control, (path) => path === copyright, newest));
  return sortedBy(withFolders(entries, newest), (entry) => entry.path);
}

function fileOf(path: string, bytes: Uint8Array, mode: number, mtime: number): LayerEntry {
  return { path, type: 'file', mode, uid: 0, gid: 0, mtime, content: { kind: 'bytes', bytes } };
}

function withFolders(entries: readonly LayerEntry[], mtime: number): readonly LayerEntry[] {
  const folders = new Set<string>();
  for (const { path } of entries) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
      folders.add(path.slice(0, slash));
  }
  return [
    ...[...folders].map((path): LayerEntry => ({ path, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime })),
    ...entries,
  ];
}

/** The first two of every build that has a shell. What is before them ends with anything. */
const tableStart = Buffer.from('[\0[[\0', 'latin1');
const mostApplets = 1000;

/**
 * The applets of a busybox program, sorted: what `busybox --list` prints, without running it. They are one after the other in its
 * table of names, each with a zero at its end, in ascending order. Throws `BUSYBOX_INVALID`.
 */
export function parseApplets(program: Uint8Array, where: string): readonly string[] {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength);
  let best: readonly string[] = [];
  for (let at = bytes.indexOf(tableStart); at >= 0; at = bytes.indexOf(tableStart, at + 1)) {
    const names = readNames(bytes, at);
    if (names.length > best.length) best = names;
  }
  if (!best.includes('sh') || !best.includes('ls'))
    throw invalid(where, 'it has no table of applets with `sh` and `ls`');
  return best;
}

function readNames(bytes: Buffer, start: number): readonly string[] {
  const names: string[] = [];
  for (let at = start; names.length < mostApplets; ) {
    const end = bytes.indexOf(0, at);
    const name = end < 0 || end - at > 40 ? '' : bytes.toString('latin1', at, end);
    if (!/^[a-z0-9[][a-z0-9._[-]*$/.test(name) || name <= (names.at(-1) ?? '')) break;
    names.push(name);
    at = end + 1;
  }
  return names;
}

function invalid(where: string, actual: string): TareError {
  return new TareError({
    code: 'BUSYBOX_INVALID',
    message: `the package ${busyboxPackage} is not as it was when tare was made`,
    where,
    expected: '`bin/busybox` with the names of its applets',
    actual,
    hint: 'build without `--debug`, and report it with the version that `tare plan` shows',
  });
}
