import type { Context } from '../base/context.ts';
import { parseImageConfig } from '../oci/config.ts';
import type { Image } from '../oci/image.ts';
import { type Platform, renderPlatform } from '../oci/platform.ts';
import { readLoaderFolders } from '../root/loader-folders.ts';
import { type RootTree, layTree } from '../root/tree.ts';
import type { BaseCache, BaseImage } from './base-image.ts';
import { type LayerFacts, readLayerFacts } from './layer-facts.ts';
import { asOciLayer } from './layer-type.ts';
import { findLibc } from './libc.ts';
import { parseOsRelease } from './os-release.ts';
import { readPackageDatabase } from './package-database.ts';
import { findPythons } from './pythons.ts';

/**
 * Reads an image as a base. Each layer is streamed once, its facts are kept by its digests, and nothing is unpacked. What a base
 * must have is asked for later (`assertGlibc`, `assertPython`, `assertDatabase`, `suiteOf`). Throws `BASE_LAYER_FOREIGN`,
 * `BASE_DATABASE_BROKEN`, `LAYER_DIFF_ID_MISMATCH` and what reading layers throws.
 */
export async function readBaseImage(
  image: Image,
  cache: BaseCache,
  context: Pick<Context, 'signal' | 'progress'>,
): Promise<BaseImage> {
  const config = parseImageConfig(image.config, 'the configuration of the base');
  const layers = image.layers.map(asOciLayer);
  const facts = await readLayers(image, cache, context);
  const tree = layTree(facts.map((one) => one.files));
  const lookUp = createLookup(tree, facts);
  const text = (path: string): string | undefined => lookUp(path, (layer) => layer.texts);
  const versionInside = (path: string): string | undefined => lookUp(path, (layer) => layer.pythonVersions);
  const architecture = debianArchitecture(image.platform);
  const release = text('etc/os-release') ?? text('usr/lib/os-release');
  const database = readPackageDatabase(tree, text, architecture);
  const loaderFolders = readLoaderFolders(tree, text, architecture);
  const pythons = findPythons({ tree, config, database, text, versionInside });
  return {
    image,
    config,
    architecture,
    layers,
    unpackedSizes: facts.map((one) => one.unpackedSize),
    layerFiles: facts.map((one) => one.files),
    ...(release === undefined ? {} : { osRelease: parseOsRelease(release) }),
    tree,
    ...findLibc(tree, loaderFolders, database, pythons),
    database,
    hasApt: database.kind === 'dpkg' && tree.resolve('usr/bin/apt-get') !== undefined,
    loaderFolders,
    pythons,
    text,
  };
}

async function readLayers(
  image: Image,
  cache: BaseCache,
  context: Pick<Context, 'signal' | 'progress'>,
): Promise<readonly LayerFacts[]> {
  const total = image.layers.reduce((sum, layer) => sum + layer.descriptor.size, 0);
  const task = context.progress.start(`reading base image ${renderPlatform(image.platform)}`, total);
  const facts: LayerFacts[] = [];
  for (const layer of image.layers) {
    facts.push(await readLayerFacts(layer, cache, context.signal));
    task.advance(layer.descriptor.size);
  }
  task.done();
  return facts;
}

/** Looks up what the layer that a file comes from says of it; nothing where the file is hidden. */
function createLookup(
  tree: RootTree,
  layers: readonly LayerFacts[],
): (path: string, pick: (layer: LayerFacts) => Readonly<Record<string, string>>) => string | undefined {
  const owners = new Map(layers.flatMap((layer) => layer.files.map((file) => [file.path, layer] as const)));
  return (path, pick) => {
    const found = tree.resolve(path);
    const owner = found?.facts.type === 'file' ? owners.get(found.path) : undefined;
    const values = owner === undefined ? {} : pick(owner);
    return found !== undefined && Object.hasOwn(values, found.path) ? values[found.path] : undefined;
  };
}

const debianNames: ReadonlyMap<string, string> = new Map([
  ['386', 'i386'],
  ['arm', 'armhf'],
  ['ppc64le', 'ppc64el'],
]);

function debianArchitecture(platform: Platform): string {
  return debianNames.get(platform.architecture) ?? platform.architecture;
}
