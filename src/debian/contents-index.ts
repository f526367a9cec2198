import { TareError } from '../base/errors.ts';
import { openLineTable, lineTableSize, renderLineTable } from './line-table.ts';
import { canonicalPath } from './root-layout.ts';

/** Forced up when the meaning of the compiled form changes: it is part of the file's name in the cache. */
export const contentsFormat = 1;

/** What a compiled Contents index answers, for one file of it, whatever the architecture. */
export interface CompiledContents {
  /** Who has a file of that name that may be a library: folders (`usr/lib/x86_64-linux-gnu`) and packages. */
  readonly libraries: (name: string) => readonly { readonly folder: string; readonly package: string }[];
  /** Which packages have a program of that name in `bin` or `sbin`. */
  readonly programs: (name: string) => readonly string[];
  /** What kinds of code a package holds; undefined where none is known. */
  readonly code: (packageName: string) => PackageCode | undefined;
}

export interface PackageCode {
  /** Libraries where the loader looks by itself. */
  readonly libraries: boolean;
  /** Shared objects in folders of their own: plug-ins, extension modules. */
  readonly plugins: boolean;
  readonly programs: boolean;
}

const magic = `tare-c${String(contentsFormat).padStart(2, '0')}`;
const [librariesList, programsList, packagesList] = [0, 1, 2];

export const contentsSizeOf = (header: Uint8Array): number | undefined => lineTableSize(magic, header);

/** Undefined where the bytes are no compiled form. */
export function openCompiledContents(bytes: Uint8Array): CompiledContents | undefined {
  const table = openLineTable(magic, bytes);
  if (table === undefined) return undefined;
  return {
    libraries: (name) =>
      table.find(librariesList, name).map(([folder = '', owner = '']) => ({ folder, package: owner })),
    programs: (name) => table.find(programsList, name).map(([owner = '']) => owner),
    code: (packageName) => {
      const marks = table.find(packagesList, packageName)[0]?.[0];
      if (marks === undefined) return undefined;
      return { libraries: marks.includes('l'), plugins: marks.includes('m'), programs: marks.includes('p') };
    },
  };
}

/** A line names all packages that have the file: the longest of Debian's own are some 10 kB. */
const longestLine = 1024 * 1024;
/** Debian has some 120,000 in each; this bounds memory. */
const mostRows = 4_000_000;

/** What gathers while the lines go by. */
interface Gathered {
  readonly libraries: string[];
  readonly programs: string[];
  readonly marks: Map<string, string>;
  /** Lines that looked like one of ours and had no package. */
  broken: number;
}

/**
 * Compiles a Contents index (Debian wiki, DebianRepository/Format, "Contents indices"), given in chunks: the shared objects
 * and programs of the suite and who has them. Lines without a package are passed over, and so is the text that old files
 * begin with. `where` names the index in errors. Throws `DEBIAN_CONTENTS_INVALID`.
 */
export async function compileContents(source: AsyncIterable<Uint8Array>, where: string): Promise<Uint8Array> {
  const gathered: Gathered = { libraries: [], programs: [], marks: new Map(), broken: 0 };
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0) rest = Buffer.concat([rest, chunk]);
    else {
      readBlock(Buffer.concat([rest, chunk.subarray(0, end)]), gathered);
      rest = Uint8Array.from(chunk.subarray(end));
    }
    if (rest.length > longestLine) throw invalid('has a line that does not end', where);
    if (gathered.libraries.length + gathered.programs.length > mostRows) throw invalid('names too many files', where);
  }
  readBlock(Buffer.concat([rest, Buffer.of(newline)]), gathered);
  const rows = gathered.libraries.length + gathered.programs.length;
  if (rows === 0 && gathered.broken > 0) throw invalid('has no packages in its lines', where);
  const packages = Array.from(gathered.marks, ([name, marks]) => `${name}\t${marks}`);
  return renderLineTable(magic, [withoutRepeats(gathered.libraries), withoutRepeats(gathered.programs), packages]);
}

const newline = 0x0a;
const [upperF, dot, slash, lowerB, lowerS, lowerU] = [0x46, 0x2e, 0x2f, 0x62, 0x73, 0x75];

function withoutRepeats(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}

/** Whole lines. Nearly all are of no interest, so they are not even cut out: that is most of the speed. */
function readBlock(bytes: Buffer, gathered: Gathered): void {
  const text = bytes.toString('latin1');
  let next = text.indexOf('.so');
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    if (next >= 0 && next < start) next = text.indexOf('.so', start);
    const mayBeLibrary = next >= 0 && next < end;
    if (mayBeLibrary || mayBeProgram(text, start)) {
      // Cut from the bytes, for a piece of a long text would keep the whole of it.
      readLine(bytes.toString('latin1', start, end), gathered);
    } else if (text.charCodeAt(start) === upperF && /^FILE\s+LOCATION\s*$/.test(text.slice(start, end))) {
      forget(gathered);
    }
    start = end + 1;
  }
}

function mayBeProgram(text: string, start: number): boolean {
  switch (text.charCodeAt(start)) {
    case lowerB:
      return text.startsWith('bin/', start);
    case lowerS:
      return text.startsWith('sbin/', start);
    case lowerU:
      return text.startsWith('usr/bin/', start) || text.startsWith('usr/sbin/', start);
    case dot:
    case slash:
      return true;
    default:
      return false;
  }
}

/** What stands before the heading of an old file is prose. */
function forget(gathered: Gathered): void {
  gathered.libraries.length = 0;
  gathered.programs.length = 0;
  gathered.marks.clear();
  gathered.broken = 0;
}

const packagePattern = /^[a-z0-9][a-z0-9+.-]{0,200}$/;
const programFolders = new Set(['usr/bin', 'usr/sbin']);
const libraryName = /\.so(?:\.|$)/;
/** Extension modules of Python are asked for by nobody but Python. */
const extensionModule = /\.(?:cpython-\d+\w*(?:-[\w-]+)?|abi3|pypy\d+-[\w-]+)\.so$/;
/** Where a loader looks by itself, that of a foreign architecture too. */
const loaderFolder = /^usr\/lib(?:32|64|x32|o32)?(?:\/[a-z0-9_]+-(?:linux|gnu|kfreebsd)[a-z0-9_-]*)?$/;

/** Path, white space, and packages with their sections: `usr/bin/file    utils/file,contrib/misc/other`. A path may hold spaces. */
function readLine(raw: string, gathered: Gathered): void {
  const line = raw.trimEnd();
  const gap = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
  const column = line.slice(gap + 1);
  const path = canonicalPath(
    line
      .slice(0, Math.max(gap, 0))
      .trim()
      .replace(/^\.?\//, ''),
  );
  const cut = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, Math.max(cut, 0)), path.slice(cut + 1)];
  const isProgram = programFolders.has(folder);
  const isLibrary = libraryName.test(name) && !isProgram;
  if (path !== '' && !isProgram && !isLibrary) return;
  const packages = column
    .split(',')
    .map((one) => one.slice(one.lastIndexOf('/') + 1))
    .filter((one) => packagePattern.test(one));
  if (path === '' || packages.length === 0 || path.includes('\t')) {
    gathered.broken += 1;
    return;
  }
  for (const owner of packages) {
    if (isProgram) {
      gathered.programs.push(`${name}\t${owner}`);
      mark(gathered, owner, 'p');
      continue;
    }
    if (!extensionModule.test(name)) gathered.libraries.push(`${name}\t${folder}\t${owner}`);
    if (loaderFolder.test(folder)) mark(gathered, owner, 'l');
    else if (folder.startsWith('usr/lib')) mark(gathered, owner, 'm');
  }
}

function mark({ marks }: Gathered, owner: string, kind: string): void {
  const known = marks.get(owner) ?? '';
  if (!known.includes(kind)) marks.set(owner, known + kind);
}

function invalid(problem: string, where: string): TareError {
  return new TareError({
    code: 'DEBIAN_CONTENTS_INVALID',
    message: `the Contents index ${problem}`,
    where,
    hint: 'run again with `--refresh`; if it stays so, the mirror is broken: set another `mirror` in `[tool.tare.debian]`',
  });
}
