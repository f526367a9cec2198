import { createHash } from 'node:crypto';
import type { LayerEntry } from '../archive/layer-entry.ts';
import { compareText } from '../base/order.ts';
import type { DebControl } from './deb.ts';
import { TareError } from '../base/errors.ts';
import { words } from './deb822.ts';
import { renderStatusFiles } from './generated-files.ts';

/** A package that was placed. */
export interface PlacedPackage {
  readonly control: DebControl;
  /** Paths as in the package (not as placed) of what is in the image, in its order. */
  readonly paths: readonly string[];
  /** MD5 of its files by path as in the package, in hexadecimal. */
  readonly sums: ReadonlyMap<string, string>;
  readonly newest: number;
}

/**
 * What scanners and apt learn of added packages. Without `status`, the text of the base's `var/lib/dpkg/status`, files of
 * `status.d`, which dpkg does not read; with it dpkg's own database, so that a later `apt-get install` counts them in.
 * `texts` gives other files of that database. Throws `DEBIAN_ALREADY_INSTALLED`.
 */
export function renderRecords(
  packages: readonly PlacedPackage[],
  status: string | undefined,
  texts: (path: string) => string | undefined,
): readonly LayerEntry[] {
  if (status === undefined) {
    return packages.flatMap(({ control, paths, newest }) => {
      const there = new Set(paths);
      return renderStatusFiles(control, (path) => there.has(path), newest);
    });
  }
  const newest = Math.max(0, ...packages.map((one) => one.newest));
  const database = withStanzas(status, packages);
  return [
    file('var/lib/dpkg/status', database, newest),
    ...packages.flatMap(infoFiles),
    ...interests(packages, texts, newest),
  ];
}

function file(path: string, content: string | Uint8Array, mtime: number, mode = 0o644): LayerEntry {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { path, type: 'file', mode, uid: 0, gid: 0, mtime, content: { kind: 'bytes', bytes } };
}

/** The database with a paragraph for each package, in place of one that only has the package's old configuration. */
function withStanzas(status: string, packages: readonly PlacedPackage[]): string {
  const stanzas = status.split(/\n{2,}/).filter((text) => text.trim() !== '');
  const added = new Map(packages.map((one) => [keyOf(one.control), one]));
  const kept = stanzas.filter((text) => {
    const field = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(text)?.[1]?.trim() ?? '';
    const mine = added.get(`${field('Package')}:${field('Architecture')}`);
    if (mine !== undefined && / (?:installed|triggers-\w+)$/.test(field('Status'))) throw alreadyThere(mine.control);
    return mine === undefined;
  });
  return `${[...kept.map((text) => text.replace(/^\n+|\n+$/g, '')), ...packages.map(stanzaOf)].join('\n\n')}\n`;
}

function keyOf({ fields }: DebControl): string {
  return `${fields.get('package') ?? ''}:${fields.get('architecture') ?? ''}`;
}

function stanzaOf(placed: PlacedPackage): string {
  const text = placed.control.text.replace(/\n+$/, '').replace(/\n/, '\nStatus: install ok installed\n');
  const lines = conffilesOf(placed);
  return lines.length === 0 ? text : `${text}\nConffiles:\n${lines.map((line) => ` ${line}`).join('\n')}`;
}

/** `PATH MD5` for each configuration file that is there (dpkg-query(1), `Conffiles`). Debian's `md5sums` do not name these. */
function conffilesOf({ control, paths, sums }: PlacedPackage): readonly string[] {
  const there = new Set(paths);
  return linesOf(control.files.get('conffiles')).flatMap((line) => {
    const path = line.replace(/^remove-on-upgrade\s+/, '');
    const sum = sums.get(path.slice(1));
    return path.startsWith('/') && there.has(path.slice(1)) && sum !== undefined ? [`${path} ${sum}`] : [];
  });
}

function linesOf(bytes: Uint8Array | undefined): readonly string[] {
  return Buffer.from(bytes ?? [])
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** `var/lib/dpkg/info`: the list of files, then what the package brings for dpkg to keep. */
function infoFiles({ control, paths, newest }: PlacedPackage): readonly LayerEntry[] {
  const name = infoName(control);
  const there = new Set(paths);
  const list = ['/.', ...listed(paths).map((path) => `/${path}`), ''].join('\n');
  const entries = [file(`var/lib/dpkg/info/${name}.list`, list, newest)];
  for (const [part, bytes] of [...control.files].sort(([left], [right]) => compareText(left, right))) {
    if (part === 'control' || !/^[a-z][a-z0-9-]*$/.test(part)) continue;
    const isScript = /^(?:pre|post)(?:inst|rm)$|^config$/.test(part);
    const kept = part === 'md5sums' ? sumsOf(bytes, there) : bytes;
    entries.push(file(`var/lib/dpkg/info/${name}.${part}`, kept, newest, isScript ? 0o755 : 0o644));
  }
  return entries;
}

/** Every path after the folders that lead to it. */
function listed(paths: readonly string[]): readonly string[] {
  const all = new Set<string>();
  for (const path of paths) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) all.add(path.slice(0, slash));
    all.add(path);
  }
  return [...all];
}

function sumsOf(bytes: Uint8Array, there: ReadonlySet<string>): string {
  return linesOf(bytes)
    .filter((line) => there.has(line.slice(34)))
    .map((line) => `${line}\n`)
    .join('');
}

function infoName({ fields }: DebControl): string {
  const name = fields.get('package') ?? '';
  return fields.get('multi-arch') === 'same' ? `${name}:${fields.get('architecture') ?? ''}` : name;
}

/** Triggers that the packages are interested in: `triggers/File` for paths, `triggers/NAME` for others (deb-triggers(5)). */
function interests(
  packages: readonly PlacedPackage[],
  texts: (path: string) => string | undefined,
  mtime: number,
): readonly LayerEntry[] {
  const added = new Map<string, string[]>();
  for (const { control } of packages) {
    for (const line of linesOf(control.files.get('triggers'))) {
      const match = /^interest(-noawait)?(?:-await)?\s+(\S+)\s*$/.exec(line);
      const name = match?.[2] ?? '';
      const isPath = /^\/[^\0]+$/.test(name);
      if (match === null || (!isPath && !/^[\w.+-]+$/.test(name)) || /^\.{1,2}$/.test(name)) continue;
      const owner = `${infoName(control)}${match[1] === undefined ? '' : '/noawait'}`;
      const path = `var/lib/dpkg/triggers/${isPath ? 'File' : name}`;
      added.set(path, [...(added.get(path) ?? []), isPath ? `${name} ${owner}` : owner]);
    }
  }
  return [...added]
    .sort(([left], [right]) => compareText(left, right))
    .map(([path, lines]) => {
      const before = (texts(path) ?? '').split('\n').filter((line) => line !== '');
      const all = [...new Set([...before, ...lines])];
      return file(path, all.map((line) => `${line}\n`).join(''), mtime);
    });
}

/** Whether the hashes that a package gives for its files are theirs; the first path where one is not. */
export function wrongSum(control: DebControl, sums: ReadonlyMap<string, string>): string | undefined {
  return linesOf(control.files.get('md5sums'))
    .find((line) => {
      const actual = sums.get(line.slice(34));
      return actual !== undefined && actual !== line.slice(0, 32);
    })
    ?.slice(34);
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

function alreadyThere({ fields }: DebControl): TareError {
  const name = fields.get('package') ?? '';
  return new TareError({
    code: 'DEBIAN_ALREADY_INSTALLED',
    message: `the Debian package ${name} is to be added, and the base has it already`,
    expected: `${name} ${fields.get('version') ?? ''}`,
    hint: 'take a newer base, or leave the package out with `exclude-system-packages`',
  });
}

/** Names of a relation field, without versions: for `Replaces`. */
export function namesIn(field: string | undefined): ReadonlySet<string> {
  return new Set(words(field?.replaceAll(/\([^)]*\)|\[[^\]]*\]|[,|]/g, ' ')));
}
