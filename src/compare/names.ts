import { compareText } from '../base/order.ts';
import type { DescribedDistribution } from '../inspect/described-distributions.ts';
import type { DescribedImage } from '../inspect/describe.ts';

/** One distribution or Debian package over several images. Sizes in bytes. */
export interface NameDifference {
  readonly name: string;
  /** In the order of the images; null where it is not there. */
  readonly images: readonly (NamedVersion | null)[];
  /** Files that are not the same in all images that have this version; only of distributions. */
  readonly changedFiles?: number;
}

export interface NamedVersion {
  readonly version: string;
  readonly bytes: number;
}

/** Distributions that are not in all images in one version with the same files, those with most bytes between them first. */
export function compareDistributions(
  images: readonly Pick<DescribedImage, 'distributions'>[],
): readonly NameDifference[] {
  return differencesOf(
    images.map(({ distributions }) => new Map(distributions.map((one) => [one.name, one]))),
    (all) => {
      const changedFiles = countChanged(all);
      return changedFiles === 0 ? {} : { changedFiles };
    },
  );
}

/** Debian packages that are not in all images in one version. */
export function comparePackages(images: readonly Pick<DescribedImage, 'packages'>[]): readonly NameDifference[] {
  return differencesOf(
    images.map(({ packages }) => new Map(packages.map((one) => [one.name, one]))),
    () => ({}),
  );
}

function differencesOf<T extends NamedVersion>(
  images: readonly ReadonlyMap<string, T>[],
  extra: (all: readonly T[]) => Pick<NameDifference, 'changedFiles'>,
): readonly NameDifference[] {
  const names = new Set(images.flatMap((image) => [...image.keys()]));
  const rows: NameDifference[] = [];
  for (const name of names) {
    const found = images.map((image) => image.get(name));
    const there = found.filter((one) => one !== undefined);
    const isSame = there.length === images.length && there.every((one) => one.version === there[0]?.version);
    const more = isSame ? extra(there) : {};
    if (isSame && more.changedFiles === undefined) continue;
    rows.push({
      name,
      images: found.map((one) => (one === undefined ? null : { version: one.version, bytes: one.bytes })),
      ...more,
    });
  }
  return rows.sort(
    (left, right) => spreadOf(right.images) - spreadOf(left.images) || compareText(left.name, right.name),
  );
}

/** Bytes between the image that has most and the one that has least. */
function spreadOf(images: readonly ({ readonly bytes: number } | null)[]): number {
  const bytes = images.map((one) => one?.bytes ?? 0);
  return Math.max(0, ...bytes) - Math.min(...bytes);
}

/** Modules, data and libraries whose bytes differ; what installers write for themselves and bytecode are not looked at. */
function countChanged(all: readonly DescribedDistribution[]): number {
  const [first, ...others] = all;
  if (first === undefined) return 0;
  const paths = new Set(all.flatMap(({ files }) => [...files.keys()]).filter((path) => isContent(path)));
  let changed = 0;
  for (const path of paths) {
    const sha256 = first.files.get(path)?.sha256;
    if (others.some(({ files }) => files.get(path)?.sha256 !== sha256)) changed++;
  }
  return changed;
}

function isContent(path: string): boolean {
  return !path.startsWith('../') && !path.endsWith('.pyc') && !/^[^/]+\.dist-info\//.test(path);
}
