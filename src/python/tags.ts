import { TareError } from '../base/errors.ts';

/** The architectures of wheels, as `platform.machine()` and wheel tags call them, and the platforms of images for them. */
export const machinePlatforms = {
  x86_64: 'linux/amd64',
  aarch64: 'linux/arm64',
  armv7l: 'linux/arm/v7',
  i686: 'linux/386',
  ppc64le: 'linux/ppc64le',
  riscv64: 'linux/riscv64',
  s390x: 'linux/s390x',
} as const;
export type Machine = keyof typeof machinePlatforms;

/** What an image's interpreter and C library are. */
export interface TagTarget {
  /** `3.13`. */
  readonly python: string;
  readonly freeThreaded?: boolean;
  readonly glibc: { readonly major: number; readonly minor: number };
  /** Where it has musl, its version counts, and not that of glibc. */
  readonly musl?: { readonly major: number; readonly minor: number };
  readonly architecture: Machine;
}

const legacyAliases: Readonly<Record<string, string>> = {
  '2.17': 'manylinux2014',
  '2.12': 'manylinux2010',
  '2.5': 'manylinux1',
};

/** The minor version of `3.13`. Throws `PYTHON_VERSION_INVALID`. */
export function pythonMinor(python: string): number {
  const match = /^3\.(\d{1,3})$/.exec(python);
  if (match === null) {
    throw new TareError({
      code: 'PYTHON_VERSION_INVALID',
      message: `\`${python}\` is not a Python version that can be a target`,
      expected: 'a minor version of Python 3 such as `3.13`',
      hint: 'set `python` in `[tool.tare]`, or pass `--python 3.13`',
    });
  }
  return Number(match[1]);
}

/**
 * The wheel tags that an interpreter installs, best first (platform compatibility tags specification; the order of PyPA
 * packaging's `sys_tags`).
 */
export function compatibleTags(target: TagTarget): readonly string[] {
  const minor = pythonMinor(target.python);
  const platforms = platformTags(target);
  const interpreter = `cp3${minor}`;
  const stable = target.freeThreaded === true ? 'abi3t' : 'abi3';
  const on = (tag: string): string[] => platforms.map((platform) => `${tag}-${platform}`);
  const below = (lowest: number): number[] =>
    Array.from({ length: Math.max(0, minor - lowest) }, (_, index) => minor - 1 - index);
  const pure = [`py3${minor}`, 'py3', ...below(0).map((older) => `py3${older}`)];
  return [
    ...on(`${interpreter}-${interpreter}${abiFlags(minor, target.freeThreaded === true)}`),
    ...on(`${interpreter}-${stable}`),
    ...on(`${interpreter}-none`),
    ...below(2).flatMap((older) => on(`cp3${older}-${stable}`)),
    ...pure.flatMap((version) => on(`${version}-none`)),
    `${interpreter}-none-any`,
    ...pure.map((version) => `${version}-none-any`),
  ];
}

function abiFlags(minor: number, freeThreaded: boolean): string {
  return freeThreaded ? 't' : minor < 8 ? 'm' : '';
}

/**
 * `linux_ARCH`, then manylinux from the C library's version down (PEP 600), with the old names (PEP 513, 571, 599); with musl, musllinux
 * (PEP 656).
 */
function platformTags(target: TagTarget): readonly string[] {
  const { glibc, musl, architecture } = target;
  const tags = [`linux_${architecture}`];
  if (musl !== undefined) {
    for (let minor = musl.minor; minor >= 0; minor--) tags.push(`musllinux_${musl.major}_${minor}_${architecture}`);
    return tags;
  }
  const oldest = architecture === 'x86_64' || architecture === 'i686' ? 5 : 17;
  for (let major = glibc.major; major >= 2; major--) {
    const newest = major === glibc.major ? glibc.minor : 50;
    for (let minor = newest; minor >= (major === 2 ? oldest : 0); minor--) {
      tags.push(`manylinux_${major}_${minor}_${architecture}`);
      const alias = legacyAliases[`${major}.${minor}`];
      if (alias !== undefined) tags.push(`${alias}_${architecture}`);
    }
  }
  return tags;
}
