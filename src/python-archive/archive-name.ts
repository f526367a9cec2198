import { sortedBy } from '../base/order.ts';
import { compareVersions, parseVersion } from '../python/version.ts';

/** What the file name of a python-build-standalone archive says. */
export interface ArchiveName {
  readonly filename: string;
  /** `3.12.7` */
  readonly fullVersion: string;
  /** Minor version: `3.12`. */
  readonly python: string;
  /** Tag of the release: `20241016`. */
  readonly release: string;
  /** `x86_64`, `aarch64`; `x86_64_v3` where it is for newer processors only. */
  readonly machine: string;
  readonly libc: 'gnu' | 'musl';
  readonly isFreeThreaded: boolean;
  readonly isStripped: boolean;
}

/** `cpython-3.13.1+20241205-x86_64-unknown-linux-gnu-freethreaded-install_only_stripped.tar.gz` */
const pattern =
  /^cpython-(3\.\d{1,3})(\.\d{1,3}(?:(?:a|b|rc)\d{1,3})?)\+(\d{8}(?:T\d{4,6})?)-([a-z0-9_]+)-unknown-linux-(gnu|musl)-(freethreaded(?:\+[a-z+]+)?-)?install_only(_stripped)?\.tar\.(?:gz|zst)$/;

/** Undefined for what is no archive to install from for Linux: full builds, debug builds, other systems. */
export function parseArchiveName(filename: string): ArchiveName | undefined {
  const match = pattern.exec(filename);
  if (match === null) return undefined;
  const [, python = '', patch = '', release = '', machine = '', libc, threads, stripped] = match;
  return {
    filename,
    fullVersion: `${python}${patch}`,
    python,
    release,
    machine,
    libc: libc === 'musl' ? 'musl' : 'gnu',
    isFreeThreaded: threads !== undefined,
    isStripped: stripped !== undefined,
  };
}

/** What an archive must be to be chosen among others. */
export interface ArchiveWish {
  readonly machine: string;
  readonly isFreeThreaded: boolean;
  /** Whether the project allows a minor version. */
  readonly allows: (python: string) => boolean;
  /** A patch version that comes first where it is offered. */
  readonly exact?: string;
}

/** The archives that fit, best first: final releases before others, newest first, of one release the stripped one. */
export function sortArchives<Name extends ArchiveName>(names: readonly Name[], wish: ArchiveWish): readonly Name[] {
  const fitting = names.filter(
    (one) =>
      one.libc === 'gnu' &&
      one.machine === wish.machine &&
      one.isFreeThreaded === wish.isFreeThreaded &&
      wish.allows(one.python),
  );
  return sortedBy(fitting, (one) => one.filename).sort((left, right) => compareNames(right, left, wish.exact));
}

function compareNames(left: ArchiveName, right: ArchiveName, exact: string | undefined): number {
  const [one, other] = [parseVersion(left.fullVersion), parseVersion(right.fullVersion)];
  return (
    Number(left.fullVersion === exact) - Number(right.fullVersion === exact) ||
    Number(one.pre === undefined) - Number(other.pre === undefined) ||
    compareVersions(one, other) ||
    Number(left.release.slice(0, 8)) - Number(right.release.slice(0, 8)) ||
    Number(left.isStripped) - Number(right.isStripped)
  );
}
