import { TareError } from '../base/errors.ts';
import type { DebPackage, SuiteIndex } from './package.ts';
import { parseRelations } from './relation.ts';
import { solvePackages } from './solve.ts';
import { type DebianVersion, upstreamVersion } from './version.ts';

/** The suites a base is composed from, with the one Python that each has. Newest first. */
export const debianPythons = [
  { suite: 'trixie', python: '3.13' },
  { suite: 'bookworm', python: '3.11' },
] as const satisfies readonly DebianPython[];

export interface DebianPython {
  /** Codename. */
  readonly suite: string;
  /** Minor version. */
  readonly python: string;
}

/** The suite that has a Python, or undefined where none has. */
export function suiteForPython(python: string): string | undefined {
  return debianPythons.find((one) => one.python === python)?.suite;
}

/** What every image has, besides Python: see `docs/debian-base.md`. */
const roots = [
  'base-files',
  'base-passwd',
  'ca-certificates',
  'dash',
  'libc-bin',
  'libgcc-s1',
  'libstdc++6',
  'media-types',
  'netbase',
  'tzdata',
  'zlib1g',
];

/** What packages of the core depend on, but is not in the image: see `docs/debian-base.md` for each. */
const provided = new Set([
  // Only maintainer scripts call these, and tare runs none.
  'awk',
  'debconf',
  'debconf-2.0',
  'debianutils',
  'dpkg',
  'libdebconfclient0',
  'libselinux1',
  'tar',
  // The program: tare makes the bundle of certificates itself.
  'openssl',
  // Ciphers that OpenSSL has switched off.
  'openssl-provider-legacy',
  // Behind `dbm.ndbm` and `nis`, which are left out.
  'libdb5.3',
  'libdb5.3t64',
  'libnsl2',
  'libtirpc3',
]);

/** The suite that a Python from elsewhere is laid on. */
export const standaloneSuite = debianPythons[0].suite;

/** Whether the core does without this package although others name it. */
export function isProvidedByCore(name: string): boolean {
  return provided.has(name);
}

/**
 * The core packages of an index for one Python, or without any, dependencies solved, sorted by name. Throws
 * `DEBIAN_PYTHON_MISSING`.
 */
export function resolveCore(index: SuiteIndex, python: string | undefined): readonly DebPackage[] {
  if (python !== undefined && suiteForPython(python) !== index.suite) {
    throw new TareError({
      code: 'DEBIAN_PYTHON_MISSING',
      message: `Debian ${index.suite} has no Python ${python}`,
      expected: debianPythons.map((one) => `${one.python} (${one.suite})`).join(' or '),
    });
  }
  const names = [...roots, ...(python === undefined ? [] : [`python${python}`])];
  return solvePackages(index, { wanted: parseRelations(names.join(', '), index.architecture), provided });
}

/** The version of glibc in a set of packages: `2.41`. It decides which manylinux wheels fit. */
export function glibcOf(packages: readonly { readonly name: string; readonly version: DebianVersion }[]): string {
  const version = versionIn(packages, 'libc6');
  const glibc = version === undefined ? undefined : /^\d+\.\d+/.exec(upstreamVersion(version))?.[0];
  if (glibc === undefined) throw new Error('a core set without libc6');
  return glibc;
}

/** The full version of the Python in a set of packages: `3.13.5`. */
export function pythonOf(
  packages: readonly { readonly name: string; readonly version: DebianVersion }[],
  python: string,
): string {
  const version = versionIn(packages, `python${python}`);
  const full = version === undefined ? undefined : /^\d+\.\d+\.\d+/.exec(upstreamVersion(version))?.[0];
  if (full === undefined) throw new Error('a core set without Python');
  return full;
}

function versionIn(
  packages: readonly { readonly name: string; readonly version: DebianVersion }[],
  name: string,
): DebianVersion | undefined {
  return packages.find((one) => one.name === name)?.version;
}
