import { createObserver } from '../root/observe.ts';
import type { FileFacts } from '../root/file-facts.ts';
import { archiveInvalid } from './archive-error.ts';
import { type ArchiveFile, type ArchiveLimits, readArchiveEntries } from './archive-entries.ts';
import { parseArchiveName } from './archive-name.ts';

/** What an archive is, by what is in it. Plain data: it is kept in the cache. */
export interface ArchiveFacts {
  /** Minor version: `3.12`. */
  readonly python: string;
  /** By its headers, else by the archive's name: `3.12.7`. */
  readonly fullVersion?: string;
  readonly isFreeThreaded: boolean;
  /** The interpreter below the folder: `bin/python3.12`, `bin/python3.13t`. */
  readonly interpreter: string;
  /** Debian's name: `amd64`. */
  readonly machine: string;
  /** By the loader that the interpreter asks for; `none` where it asks for none and cannot load extensions. */
  readonly libc: 'glibc' | 'musl' | 'none';
  /** Whether the interpreter itself is linked to `libpython3.N.so.1.0`. */
  readonly needsLibrary: boolean;
}

/** Raised whenever the same archive gives other facts. */
export const inspectVersion = 1;

const programPattern = /^bin\/python(3\.\d{1,3})(t?)$/;
const headerPattern = /^include\/python3\.\d{1,3}t?\/patchlevel\.h$/;
const libraryPattern = /^lib\/python(3\.\d{1,3}t?)\/os\.py$/;

/**
 * Reads what Python is in an archive, from its interpreter (System V ABI), its standard library and its headers. `spool` is a
 * path that a large interpreter may pass through. Throws `PYTHON_ARCHIVE_INVALID`.
 */
export async function inspectArchive(
  archive: ArchiveFile,
  spool: string,
  limits?: ArchiveLimits,
): Promise<ArchiveFacts> {
  const observer = createObserver({ spool, keep: (path) => headerPattern.test(path) });
  const libraries = new Set<string>();
  try {
    for await (const entry of readArchiveEntries(archive, limits)) {
      const [, library] = libraryPattern.exec(entry.path) ?? [];
      if (library !== undefined) libraries.add(library);
      if (!programPattern.test(entry.path) && !headerPattern.test(entry.path)) continue;
      const sink = observer.sinkFor(entry, entry.size);
      for await (const chunk of entry.body) sink.push(chunk);
      sink.end();
    }
    const headers = [...observer.kept()].map(([, bytes]) => Buffer.from(bytes).toString('utf8'));
    return factsOf(archive, observer.facts(), libraries, headers[0]);
  } finally {
    observer.close();
  }
}

function factsOf(
  { filename }: ArchiveFile,
  files: readonly FileFacts[],
  libraries: ReadonlySet<string>,
  header: string | undefined,
): ArchiveFacts {
  const programs = files.filter((one) => programPattern.test(one.path));
  // A free-threaded one may have its program under the plain name, too.
  const program = programs.find((one) => one.path.endsWith('t')) ?? programs[0];
  if (program === undefined) throw archiveInvalid(filename, 'has no `python/bin/python3.N`');
  const [, python = '', threads = ''] = programPattern.exec(program.path) ?? [];
  const file = behindLinks(files, program);
  if (file?.elf === undefined) {
    const problem = file?.elfProblem ?? 'is not there, or no program';
    throw archiveInvalid(filename, `has an interpreter \`python/${program.path}\` that cannot be used: ${problem}`);
  }
  if (!libraries.has(`${python}${threads}`)) {
    throw archiveInvalid(filename, `has no standard library \`python/lib/python${python}${threads}\``);
  }
  const written = /^#\s*define\s+PY_VERSION\s+"(3\.\d+\.\d+[a-z0-9]*)/m.exec(header ?? '')?.[1];
  const fullVersion = written ?? parseArchiveName(filename)?.fullVersion;
  const { elf } = file;
  return {
    python,
    ...(fullVersion?.startsWith(`${python}.`) === true ? { fullVersion } : {}),
    isFreeThreaded: threads !== '',
    interpreter: program.path,
    machine: elf.machine,
    libc: libcOf(elf.interpreter),
    needsLibrary: elf.needed.some((name) => name.startsWith('libpython3.')),
  };
}

function libcOf(loader: string | undefined): ArchiveFacts['libc'] {
  if (loader === undefined) return 'none';
  return loader.includes('ld-musl') ? 'musl' : 'glibc';
}

function behindLinks(files: readonly FileFacts[], from: FileFacts): FileFacts | undefined {
  let file: FileFacts | undefined = from;
  for (let steps = 0; steps < 4; steps++) {
    if (file === undefined || (file.type !== 'symlink' && file.type !== 'hardlink')) return file;
    const name: string = (file.linkTarget ?? '').split('/').at(-1) ?? '';
    file = files.find((one) => one.path === `bin/${name}`);
  }
  return undefined;
}
