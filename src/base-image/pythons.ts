import { TareError } from '../base/errors.ts';
import { parseDebianVersion, upstreamVersion } from '../debian/version.ts';
import type { ImageConfig } from '../oci/config.ts';
import type { RootTree } from '../root/tree.ts';
import type { BaseImage, BasePython, PackageDatabase } from './base-image.ts';

/** What a search for interpreters looks at. */
export interface PythonSearch {
  readonly tree: RootTree;
  readonly config: ImageConfig;
  readonly database: PackageDatabase;
  readonly text: (path: string) => string | undefined;
  /** The version that a program or library holds, by its real path. */
  readonly versionInside: (path: string) => string | undefined;
}

const programPattern = /^python(3\.\d+)(t?)$/;

/** All CPythons of an image: programs `python3.N` on its `PATH`, below `/usr` and `/opt`. */
export function findPythons(search: PythonSearch): readonly BasePython[] {
  const found = new Map<string, BasePython>();
  for (const folder of searchFolders(search)) {
    for (const name of search.tree.children(folder)) {
      const [, version, threads = ''] = programPattern.exec(name) ?? [];
      const program = version === undefined ? undefined : search.tree.resolve(`${folder}/${name}`);
      // A script of that name starts another one.
      if (version === undefined || program?.facts.elf === undefined || found.has(program.path)) continue;
      found.set(program.path, pythonAt(search, program.path, version, threads));
    }
  }
  return [...found.values()];
}

function searchFolders({ tree, config }: PythonSearch): readonly string[] {
  const path = config.env.findLast((one) => one.name === 'PATH')?.value ?? '';
  return [
    ...path.split(':').filter((folder) => folder.startsWith('/')),
    '/usr/local/bin',
    '/usr/bin',
    ...tree.children('opt').map((name) => `/opt/${name}/bin`),
  ];
}

function pythonAt(search: PythonSearch, path: string, version: string, threads: string): BasePython {
  const prefix = path.replace(/(?:^|\/)bin\/[^/]*$/, '');
  const full = fullVersion(search, path, prefix, `${version}${threads}`);
  return {
    version,
    ...(full?.startsWith(`${version}.`) === true ? { fullVersion: full } : {}),
    interpreter: `/${path}`,
    prefix: `/${prefix}`,
    abi: `cp${version.replace('.', '')}${threads}`,
  };
}

/** What is nearest to the interpreter wins: its headers, its package, its own bytes, then what the image says of itself. */
function fullVersion(search: PythonSearch, path: string, prefix: string, name: string): string | undefined {
  const header = search.text(`${prefix}/include/python${name}/patchlevel.h`);
  const written = /^#\s*define\s+PY_VERSION\s+"(3\.\d+\.\d+[a-z0-9]*)/m.exec(header ?? '')?.[1];
  const packaged = prefix === 'usr' ? packagedVersion(search.database, name) : undefined;
  return written ?? packaged ?? versionInside(search, path, prefix, name) ?? variableOf(search.config, prefix);
}

function packagedVersion(database: PackageDatabase, name: string): string | undefined {
  const owners = [`python${name}-minimal`, `python${name}`];
  const version = database.packages.find((one) => owners.includes(one.name))?.version;
  // `3.14.0~rc2` comes before `3.14.0` in Debian's order.
  return version === undefined ? undefined : upstreamVersion(parseDebianVersion(version)).replace('~', '');
}

function versionInside(search: PythonSearch, path: string, prefix: string, name: string): string | undefined {
  const library = search.tree.resolve(`${prefix}/lib/libpython${name}.so.1.0`)?.path;
  return search.versionInside(path) ?? (library === undefined ? undefined : search.versionInside(library));
}

/** `PYTHON_VERSION` in the environment of Docker's official images is that of the one at `/usr/local`. */
function variableOf(config: ImageConfig, prefix: string): string | undefined {
  if (prefix !== 'usr/local') return undefined;
  return config.env.findLast((one) => one.name === 'PYTHON_VERSION')?.value;
}

/** The base's interpreter of a minor version. Throws `BASE_PYTHON_MISSING`, saying which ones are there. */
export function assertPython(base: Pick<BaseImage, 'pythons' | 'osRelease'>, wanted: string): BasePython {
  const abi = `cp${wanted.replace('.', '')}`;
  const found = base.pythons.find((python) => python.abi === abi);
  if (found !== undefined) return found;
  const [first] = base.pythons;
  const there = base.pythons.map(
    (python) =>
      `${python.fullVersion ?? python.version}${python.abi.endsWith('t') ? ' (free-threaded)' : ''} at ${python.interpreter}`,
  );
  throw new TareError({
    code: 'BASE_PYTHON_MISSING',
    message: `the base has no Python ${wanted}`,
    expected: `\`python${wanted}\` on its PATH, in /usr/local/bin, /usr/bin or /opt/*/bin`,
    actual: there.length === 0 ? 'no Python at all' : there.join(', '),
    hint:
      first === undefined
        ? `take a base image that has one, such as \`python:${wanted}-slim\``
        : `build for what is there with \`--python ${first.version}\`, or take another base image`,
  });
}
