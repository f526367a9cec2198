import { TareError } from '../base/errors.ts';
import { upstreamVersion } from '../debian/version.ts';
import type { RootTree } from '../root/tree.ts';
import type { BaseImage, BasePython, PackageDatabase } from './base-image.ts';

export type FoundLibc = Pick<BaseImage, 'libc' | 'glibc'>;

const muslLoader = /(?:^|\/)ld-musl-[^/]+\.so\.1$/;

/** Which C library the base's programs run with: the Python's where it has one, for Debian's package of musl changes nothing. */
export function findLibc(
  tree: RootTree,
  folders: readonly string[],
  database: PackageDatabase,
  pythons: readonly BasePython[],
): FoundLibc {
  const loader = pythons
    .map((python) => tree.resolve(python.interpreter)?.facts.elf?.interpreter)
    .find((path) => path !== undefined);
  const library = libraryOf(tree, folders);
  if (loader === undefined ? library === undefined && hasMusl(tree) : muslLoader.test(loader)) return { libc: 'musl' };
  if (library === undefined) return { libc: 'none' };
  const glibc = packagedVersion(database) ?? newestOf(library);
  return { libc: 'glibc', ...(glibc === undefined ? {} : { glibc }) };
}

function hasMusl(tree: RootTree): boolean {
  return ['lib', 'usr/lib'].some((folder) => tree.children(folder).some((name) => muslLoader.test(name)));
}

/** The versions that the base's `libc.so.6` defines. */
function libraryOf(tree: RootTree, folders: readonly string[]): readonly string[] | undefined {
  for (const folder of folders) {
    const elf = tree.resolve(`${folder}/libc.so.6`)?.facts.elf;
    if (elf !== undefined) return elf.definedVersions;
  }
  return undefined;
}

function packagedVersion(database: PackageDatabase): string | undefined {
  const version = database.packages.find((one) => one.name === 'libc6')?.version;
  return version === undefined ? undefined : /^\d+\.\d+/.exec(upstreamVersion(version))?.[0];
}

/** The newest `GLIBC_2.N`: at most the true version, for not every release defines one. */
function newestOf(versions: readonly string[]): string | undefined {
  const minors = versions.flatMap((version) => /^GLIBC_2\.(\d{1,4})(?:\.\d+)?$/.exec(version)?.[1] ?? []).map(Number);
  return minors.length === 0 ? undefined : `2.${Math.max(...minors)}`;
}

/** The glibc that decides which manylinux wheels fit. Throws `BASE_MUSL`, `BASE_GLIBC_MISSING`. */
export function assertGlibc(base: Pick<BaseImage, 'libc' | 'glibc' | 'osRelease'>): string {
  if (base.glibc !== undefined) return base.glibc;
  const name = base.osRelease?.prettyName ?? 'an unknown distribution';
  if (base.libc === 'musl') {
    throw new TareError({
      code: 'BASE_MUSL',
      message: `the base is ${name}, whose C library is musl: wheels for manylinux and packages of Debian do not load there`,
      expected: 'glibc',
      actual: 'musl',
      hint: 'take a base image with glibc, such as `python:3.13-slim`: it needs no compiler, for nearly all wheels are there',
    });
  }
  throw new TareError({
    code: 'BASE_GLIBC_MISSING',
    message:
      base.libc === 'none'
        ? `the base (${name}) has no C library: no Python can run there`
        : `the base (${name}) has a C library that does not say its version`,
    expected: 'glibc: `libc.so.6` in a folder of the loader',
    hint: 'take a base image that has a Python, such as `python:3.13-slim` or a distroless one',
  });
}
