import type { LayerEntry } from '../../archive/layer-entry.ts';
import { sortedBy } from '../../base/order.ts';
import type { FileGroup, PlannedLayer, PlannedUser } from '../../plan/types.ts';
import type { ProjectFile } from '../../project/project.ts';
import { contentTime, earliestTime } from '../content-time.ts';
import { directoryEntry, parentDirectories, symlinkEntry } from '../entries.ts';
import { type DigestedFile, readFileDigests } from '../file-digests.ts';
import type { BuildInputs } from '../inputs.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';
import { distributionEntries } from './distribution.ts';

/** Raised whenever the same files give other entries. */
const projectVersion = 1;

/** The layers of the project's own files: data apart, code last. The same for every platform. */
export async function buildProjectLayers(
  tools: BuildTools,
  inputs: BuildInputs,
  layers: readonly PlannedLayer[],
): Promise<ReadonlyMap<PlannedLayer, LayerRecord>> {
  const records = new Map<PlannedLayer, LayerRecord>();
  for (const layer of layers) {
    const entries = layer.kind === 'data' ? await dataEntries(tools, inputs, layer) : await codeEntries(tools, inputs);
    const withParents = addParents(entries, inputs);
    const recipe: Recipe = { kind: 'project', projectVersion, entries: withParents.map(recipeOf) };
    records.set(
      layer,
      await withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
        const plain = withParents.map((one) => one.entry);
        return tools.writeLayer({ kind: 'entries', output, entries: plain });
      }),
    );
  }
  return records;
}

export interface KeyedEntry {
  readonly entry: LayerEntry;
  /** SHA-256 of a file's content. */
  readonly digest?: string;
}

function recipeOf({ entry, digest }: KeyedEntry): readonly unknown[] {
  return [entry.path, entry.type, entry.mode, entry.uid, entry.gid, entry.mtime, entry.linkTarget ?? digest ?? ''];
}

async function dataEntries(tools: BuildTools, inputs: BuildInputs, layer: PlannedLayer): Promise<KeyedEntry[]> {
  const wanted = new Set(layer.contents);
  const groups = inputs.plan.files.groups.filter((group) => group.kind === 'data');
  const entries = await Promise.all(
    groups.map((group) => groupEntries(tools, inputs, group, (path) => wanted.has(path))),
  );
  return entries.flat();
}

async function codeEntries(tools: BuildTools, inputs: BuildInputs): Promise<KeyedEntry[]> {
  const groups = inputs.plan.files.groups.filter((group) => group.kind !== 'data');
  const entries = (await Promise.all(groups.map((group) => groupEntries(tools, inputs, group, () => true)))).flat();
  return [...entries, ...(await distributionEntries(inputs, entries))];
}

async function groupEntries(
  tools: BuildTools,
  inputs: BuildInputs,
  group: FileGroup,
  wanted: (path: string) => boolean,
): Promise<KeyedEntry[]> {
  const byPath = new Map(inputs.project.files.map((file) => [file.path, file]));
  const files = group.paths.filter(wanted).flatMap((path) => byPath.get(path) ?? []);
  const links = files.filter((file) => file.type === 'symlink');
  const regular = files.filter((file) => file.type === 'file');
  const digests = await readFileDigests(
    inputs.project.root,
    regular.map((file) => file.path),
    tools.cache,
  );
  return [
    ...regular.map((file, at) => regularEntry(inputs, group, file, digests[at] as DigestedFile)),
    ...links.map((file) => ({
      entry: symlinkEntry(placeOf(group, file.path), file.linkTarget ?? '', timeOf(inputs, undefined)),
    })),
  ];
}

function regularEntry(inputs: BuildInputs, group: FileGroup, file: ProjectFile, digested: DigestedFile): KeyedEntry {
  const { digest, bytes, size } = digested;
  return {
    digest,
    entry: {
      path: placeOf(group, file.path),
      type: 'file',
      mode: file.mode,
      uid: 0,
      gid: 0,
      mtime: timeOf(inputs, digested),
      content:
        bytes === undefined
          ? { kind: 'disk', file: `${inputs.project.root}/${file.path}`, size, sha256: digest }
          : { kind: 'bytes', bytes },
    },
  };
}

function placeOf(group: FileGroup, path: string): string {
  const inner = group.strip === '' ? path : path.slice(group.strip.length + 1);
  return `${group.destination.slice(1)}/${inner}`;
}

function timeOf(inputs: BuildInputs, file: DigestedFile | undefined): number {
  return inputs.sourceDateEpoch ?? (file === undefined ? earliestTime : contentTime(file.digest));
}

/** Folders above the files, and the working folder and home, which belong to the user of the image. */
function addParents(entries: readonly KeyedEntry[], inputs: BuildInputs): readonly KeyedEntry[] {
  const { plan } = inputs;
  const mtime = timeOf(inputs, undefined);
  const byPath = new Map(entries.map((one) => [one.entry.path, one]));
  const workdir = plan.workdir.slice(1);
  for (const folder of [...parentDirectories([...byPath.keys(), `${workdir}/.`], mtime)]) {
    if (byPath.has(folder.path)) continue;
    byPath.set(folder.path, {
      entry: folder.path === workdir ? directoryEntry(workdir, mtime, ownerOf(plan.user)) : folder,
    });
  }
  return sortedBy(byPath.values(), (one) => one.entry.path);
}

function ownerOf(user: PlannedUser): { uid: number; gid: number } {
  return { uid: user.uid, gid: user.gid };
}
