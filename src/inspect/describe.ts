import type { Digest } from '../base/digest.ts';
import type { ImageConfig } from '../oci/config.ts';
import { type Platform, renderPlatform } from '../oci/platform.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { LayerContents } from '../root/layer-contents.ts';
import { layTree, type RootTree } from '../root/tree.ts';
import { type BaseLayers, findBaseLayers } from './base-layers.ts';
import { describeDistributions, type DescribedDistribution } from './described-distributions.ts';
import { type DescribedPackage, readDebianPackages } from './debian-packages.ts';
import { withoutSlashes } from './inspected-image.ts';
import { type ImageParts, partsOf } from './image-parts.ts';
import { findPythons } from './pythons.ts';

export interface DescribeInput {
  /** As a person knows it: `oci:…`, `docker://…`. */
  readonly name: string;
  /** Of the manifest. */
  readonly digest: Digest;
  readonly platform: Platform;
  readonly config: ImageConfig;
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Bottom to top. `size`: bytes as they are moved; undefined where the layer is at hand unpacked only. */
  readonly layers: readonly { readonly size: number | undefined; readonly contents: LayerContents }[];
}

/** What an image is and holds. Sizes in bytes. */
export interface DescribedImage {
  readonly name: string;
  readonly digest: Digest;
  readonly platform: string;
  readonly base: DescribedBase;
  /** Packed, what is pulled; undefined where the layers are at hand unpacked only. */
  readonly size: number | undefined;
  /** Of the archives of all layers. */
  readonly unpackedSize: number;
  /** Of files that a later layer replaces or removes: moved and never seen. */
  readonly hiddenSize: number;
  readonly layers: number;
  /** Minor version of the Python that the image starts; absent where none was found. */
  readonly python?: string;
  readonly parts: ImageParts;
  /** Sorted by name. */
  readonly distributions: readonly DescribedDistribution[];
  /** Sorted by name. */
  readonly packages: readonly DescribedPackage[];
  /** Files and links of the whole root, sorted by path. */
  readonly files: readonly FileFacts[];
}

export interface DescribedBase {
  /** `python:3.13-slim`, where the image names it; else what its os-release(5) calls itself. */
  readonly name: string;
  readonly digest?: string;
  /** Its layers, where it is known which they are. */
  readonly layers?: number;
  /** What says which layers they are. */
  readonly because?: string;
  /** Packed, as `DescribedImage` has it. */
  readonly size?: number;
  readonly unpackedSize?: number;
}

/** Describes an image of one platform. Pure; never throws for what is in the image. */
export function describeImage(input: DescribeInput): DescribedImage {
  const { name, digest, platform, config, layers } = input;
  const numbered = layers.map(({ contents }, layer) => contents.files.map((file): FileFacts => ({ ...file, layer })));
  const tree = layTree(numbered);
  const textOf = createTextLookup(tree, layers);
  const env = new Map(config.env.map((one) => [one.name, one.value]));
  const pythons = findPythons({ tree, env, textOf });
  const files = tree.entries().filter((file) => file.type !== 'directory');
  const distributions = describeDistributions(tree, files, pythons, textOf);
  const base = findBaseLayers(config);
  const own = ownFiles(files, numbered);
  const [python] = pythons;
  return {
    name,
    digest,
    platform: renderPlatform(platform),
    base: describeBase(input, textOf, base),
    size: sumOf(layers.map((layer) => layer.size)),
    unpackedSize: sumOf(layers.map((layer) => layer.contents.unpackedSize)) ?? 0,
    hiddenSize: Math.max(0, bytesIn(numbered.flat()) - bytesIn(own)),
    layers: layers.length,
    ...(python === undefined ? {} : { python: python.suffix }),
    parts: partsOf(own, {
      baseLayers: base?.count ?? 0,
      sites: pythons.flatMap((one) => one.siteFolders),
      environments: pythons.filter(({ prefix }) => prefix !== 'usr' && prefix !== 'usr/local').map((one) => one.prefix),
      applicationFolders: applicationFoldersOf(config, env),
    }),
    distributions,
    packages: readDebianPackages(tree, textOf),
    files,
  };
}

/** Files that have bytes of their own: a hard link has none. */
function ownFiles(files: readonly FileFacts[], layers: readonly (readonly FileFacts[])[]): readonly FileFacts[] {
  const links = new Map(layers.flatMap((layer) => layer.map(({ path, type }) => [path, type === 'hardlink'] as const)));
  return files.filter(({ path, type }) => type === 'file' && links.get(path) !== true);
}

function bytesIn(files: readonly FileFacts[]): number {
  return files.reduce((sum, file) => sum + (file.type === 'file' ? file.size : 0), 0);
}

/** By what names it (OCI image specification, annotations.md), else by what it calls itself. */
function describeBase(
  { annotations, config, layers }: DescribeInput,
  textOf: (path: string) => string | undefined,
  known: BaseLayers | undefined,
): DescribedBase {
  const told = { ...config.labels, ...annotations };
  const release = textOf('etc/os-release') ?? textOf('usr/lib/os-release') ?? '';
  const pretty = /^PRETTY_NAME=(?:"([^"\n]*)"|'([^'\n]*)'|(\S*))$/m.exec(release)?.slice(1).find(Boolean);
  const digest = told['org.opencontainers.image.base.digest'];
  const below = layers.slice(0, known?.count ?? 0);
  const size = sumOf(below.map((layer) => layer.size));
  return {
    name: told['org.opencontainers.image.base.name'] ?? pretty ?? 'unknown',
    ...(digest === undefined ? {} : { digest }),
    ...(known === undefined
      ? {}
      : {
          layers: known.count,
          because: known.because,
          ...(size === undefined ? {} : { size }),
          unpackedSize: sumOf(below.map((layer) => layer.contents.unpackedSize)) ?? 0,
        }),
  };
}

function sumOf(sizes: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const size of sizes) {
    if (size === undefined) return undefined;
    sum += size;
  }
  return sum;
}

function applicationFoldersOf({ workdir }: ImageConfig, env: ReadonlyMap<string, string>): readonly string[] {
  const named = (env.get('PYTHONPATH') ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [...named, workdir].map(withoutSlashes).filter((folder) => folder !== '');
}

/** The text that the layer has from which the file is, links followed. */
function createTextLookup(tree: RootTree, layers: DescribeInput['layers']): (path: string) => string | undefined {
  return (path) => {
    const found = tree.resolve(path);
    if (found?.facts.type !== 'file') return undefined;
    const texts = layers[found.facts.layer ?? -1]?.contents.texts ?? {};
    return Object.hasOwn(texts, found.path) ? texts[found.path] : undefined;
  };
}
