import type { DescribedBase, DescribedImage } from '../inspect/describe.ts';
import type { ImageParts } from '../inspect/image-parts.ts';
import { compareFolders, type FolderDifference } from './folders.ts';
import { compareDistributions, comparePackages, type NameDifference } from './names.ts';

/** What `tare compare IMAGE IMAGE… --json` prints. Sizes in bytes. */
export interface ImageComparison {
  /** In the order in which they were named. */
  readonly images: readonly ComparedImage[];
  /** Each with `images` in the same order, the largest difference first. */
  readonly differences: {
    readonly distributions: readonly NameDifference[];
    readonly packages: readonly NameDifference[];
    readonly folders: readonly FolderDifference[];
  };
}

/** An image in numbers. */
export interface ComparedImage {
  readonly name: string;
  readonly digest: string;
  readonly platform: string;
  readonly base: DescribedBase;
  /** Packed, what is pulled; null where the layers are at hand unpacked only. */
  readonly size: number | null;
  readonly unpackedSize: number;
  /** Of files that a later layer replaces or removes. */
  readonly hiddenSize: number;
  readonly layers: number;
  readonly python: string | null;
  readonly distributions: number;
  readonly packages: number;
  readonly parts: ImageParts;
}

/** Compares any number of images. Pure. `folders`: how many folders are told at most. */
export function compareImages(images: readonly DescribedImage[], folders: number): ImageComparison {
  return {
    images: images.map(summaryOf),
    differences: {
      distributions: compareDistributions(images),
      packages: comparePackages(images),
      folders: compareFolders(images, folders),
    },
  };
}

export function summaryOf(image: DescribedImage): ComparedImage {
  const { name, digest, platform, base, size, unpackedSize, hiddenSize, layers, python, parts } = image;
  return {
    name,
    digest,
    platform,
    base,
    size: size ?? null,
    unpackedSize,
    hiddenSize,
    layers,
    python: python ?? null,
    distributions: image.distributions.length,
    packages: image.packages.length,
    parts,
  };
}
