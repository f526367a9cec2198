import type { LayerEntry } from '../../archive/layer-entry.ts';
import { sortedBy } from '../../base/order.ts';
import { bundlePlaces, largestCertificateFile } from '../../plan/certificates.ts';
import { layTree, type RootTree } from '../../root/tree.ts';
import { earliestTime } from '../content-time.ts';
import { fileEntry, parentDirectories } from '../entries.ts';
import type { BuildInputs, TargetInputs } from '../inputs.ts';
import { readBaseFiles, readOwnLayer } from '../layer-files.ts';
import { readBaseText } from '../layer-text.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';
import type { BaseLayers } from './base-layers.ts';

/** Raised whenever the same certificates give other entries. */
const certificatesVersion = 1;

/**
 * The base's bundle with the image's own certificates at its end, and each of them in a file where update-ca-certificates(8) keeps
 * it; undefined where the image has none of its own.
 */
export async function buildCertificateLayer(
  tools: BuildTools,
  { plan, certificates, sourceDateEpoch }: BuildInputs,
  inputs: TargetInputs,
  { base, system }: { readonly base: BaseLayers; readonly system: LayerRecord | undefined },
): Promise<LayerRecord | undefined> {
  if (plan.certificates === undefined || certificates === undefined) return undefined;
  const { bundle } = plan.certificates;
  const mtime = sourceDateEpoch ?? earliestTime;
  const below = [...base, ...(system === undefined ? [] : [{ record: system }])];
  const recipe: Recipe = {
    kind: 'certificates',
    certificatesVersion,
    below: below.map(({ record }) => record.diffId),
    bundle,
    mtime,
    certificates: certificates.map((one) => [one.path, one.fingerprint]),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const files = [
      ...(await readBaseFiles(tools, base, inputs)),
      ...(system === undefined ? [] : [(await readOwnLayer(tools, system)).files]),
    ];
    const tree = layTree(files);
    const own = bundlePlaces.flatMap((place) => tree.resolve(place) ?? []).find(({ facts }) => facts.type === 'file');
    const text =
      own === undefined
        ? ''
        : await readBaseText(tools, below, files, { path: own.path, limit: largestCertificateFile });
    if (text === undefined) {
      tools.context.log.warn(
        `\`/${own?.path ?? ''}\` of the base cannot be taken over: the image trusts its own certificates only`,
      );
    }
    const all = [
      ...(text === undefined || text === '' ? [] : [text.replace(/\n*$/, '\n')]),
      ...certificates.map((one) => one.pem),
    ];
    const written = [
      fileEntry(realPath(tree, bundle), all.join(''), 0o644, mtime),
      ...certificates.map((one) => fileEntry(realPath(tree, one.path), one.pem, 0o644, mtime)),
    ];
    return tools.writeLayer({ kind: 'entries', output, entries: withParents(tree, written, mtime) });
  });
}

/** Where a file of this path is to be, relative to the root: links that lead to it stay links. */
function realPath(tree: RootTree, path: string): string {
  const found = tree.resolve(path);
  if (found !== undefined) return found.path;
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? path.slice(slash + 1) : `${realPath(tree, path.slice(0, slash))}/${path.slice(slash + 1)}`;
}

/** Folders that the base has keep their mode and owner. */
function withParents(tree: RootTree, entries: readonly LayerEntry[], mtime: number): readonly LayerEntry[] {
  const folders = parentDirectories(
    entries.map((entry) => entry.path),
    mtime,
  ).map((folder): LayerEntry => {
    const facts = tree.resolve(folder.path)?.facts;
    return facts?.type === 'directory' ? { ...folder, mode: facts.mode, uid: facts.uid, gid: facts.gid } : folder;
  });
  return sortedBy([...folders, ...entries], (entry) => entry.path);
}
