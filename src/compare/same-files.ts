import { sortedBy } from '../base/order.ts';
import type { DescribedDistribution } from '../inspect/described-distributions.ts';
import type { DescribedImage } from '../inspect/describe.ts';
import type { FileFacts } from '../root/file-facts.ts';

/** Something that two ways of installing do differently, and why that is right. */
export interface FileException {
  readonly reason: string;
  /** Whether it is about this file; `path` as in `DescribedDistribution.files`. */
  readonly covers: (path: string) => boolean;
}

/** What is not the same in two images. */
export interface FileDifference {
  /** Normalised. */
  readonly distribution: string;
  /** As in `DescribedDistribution.files`; absent where it is about the whole distribution. */
  readonly path?: string;
  readonly kind: 'only-in-first' | 'only-in-second' | 'version' | 'content';
  /** Why it may be so; absent where nothing says so. */
  readonly reason?: string;
}

export interface SameFiles {
  /** Distributions that are in both images in one version. */
  readonly distributions: number;
  /** Files that both have with the same content. */
  readonly sameFiles: number;
  /** Sorted by distribution and path. */
  readonly differences: readonly FileDifference[];
}

/**
 * Which distributions of two images have the same files with the same content, bytecode among them. Modes and owners are not compared. Pure.
 */
export function compareFiles(
  first: Pick<DescribedImage, 'distributions'>,
  second: Pick<DescribedImage, 'distributions'>,
  exceptions: readonly FileException[],
): SameFiles {
  const [left, right] = [byName(first), byName(second)];
  const differences: FileDifference[] = [];
  let distributions = 0;
  let sameFiles = 0;
  const tell = (distribution: string, path: string | undefined, kind: FileDifference['kind']): void => {
    const reason = path === undefined ? undefined : exceptions.find(({ covers }) => covers(path))?.reason;
    differences.push({
      distribution,
      ...(path === undefined ? {} : { path }),
      kind,
      ...(reason === undefined ? {} : { reason }),
    });
  };
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [one, other] = [left.get(name), right.get(name)];
    if (one === undefined || other === undefined) {
      tell(name, undefined, one === undefined ? 'only-in-second' : 'only-in-first');
      continue;
    }
    if (one.version !== other.version) {
      tell(name, undefined, 'version');
      continue;
    }
    distributions++;
    for (const path of new Set([...one.files.keys(), ...other.files.keys()])) {
      const kind = differenceOf(one.files.get(path), other.files.get(path));
      if (kind === undefined) sameFiles++;
      else tell(name, path, kind);
    }
  }
  return {
    distributions,
    sameFiles,
    differences: sortedBy(differences, ({ distribution, path = '' }) => `${distribution}\n${path}`),
  };
}

function byName({ distributions }: Pick<DescribedImage, 'distributions'>): ReadonlyMap<string, DescribedDistribution> {
  return new Map(distributions.map((one) => [one.name, one]));
}

function differenceOf(one: FileFacts | undefined, other: FileFacts | undefined): FileDifference['kind'] | undefined {
  if (one === undefined) return 'only-in-second';
  if (other === undefined) return 'only-in-first';
  const isSame = one.type === other.type && one.sha256 === other.sha256 && one.linkTarget === other.linkTarget;
  return isSame ? undefined : 'content';
}
