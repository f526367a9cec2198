import type { LayerEntry } from '../../archive/layer-entry.ts';
import { sortedBy } from '../../base/order.ts';
import type { FileGroup, Plan, PlannedLayer, PlannedUser } from '../../plan/types.ts';
import type { ProjectFile } from '../../project/project.ts';
import { contentTime, earliestTime } from '../content-time.ts';
import { directoryEntry, parentDirectories, symlinkEntry } from '../entries.ts';
import { type DigestedFile, readFileDigests } from '../file-digests.ts';
import type { BuildInputs } from '../inputs.ts';
import type { LayerJobResult } from '../layer-job.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import { bytecodeRecipe, type TargetCompiler } from '../target-compiler.ts';
import type { BuildTools } from '../tools.ts';
import { distributionEntries } from './distribution.ts';
import { compileProject } from './project-bytecode.ts';

/** Raised whenever the same files give other entries. */
const projectVersion = 2;

/** The layers of the project's own files: data apart, code last. The same for every platform. */
export async function buildProjectLayers(
  tools: BuildTools,
  inputs: BuildInputs,
  layers: readonly PlannedLayer[],
): Promise<ReadonlyMap<PlannedLayer, LayerRecord>> {
  const records = new Map<PlannedLayer, LayerRecord>();
  for (const layer of layers) {
    const record = layer.kind === 'data' ? await dataLayer(tools, inputs, layer) : await codeLayer(tools, inputs);
    records.set(layer, record);
  }
  return records;
}

async function dataLayer(tools: BuildTools, inputs: BuildInputs, layer: PlannedLayer): Promise<LayerRecord> {
  const entries = addParents(await dataEntries(tools, inputs, layer), inputs);
  const recipe: Recipe = { kind: 'project', projectVersion, entries: entries.map(recipeOf) };
  return withRecipe(tools.cache, recipe, tools.context.signal, (output) => writeEntries(tools, output, entries));
}

/** Keyed by the sources, as bytecode follows from them: what is in the cache is not compiled again to be found. */
async function codeLayer(tools: BuildTools, inputs: BuildInputs): Promise<LayerRecord> {
  const { plan } = inputs;
  const compiler = await firstCompiler(inputs);
  const files = await codeFiles(tools, inputs);
  const sources = addParents([...files, ...(await distributionEntries(inputs, files))], inputs);
  const kept = keptPaths(plan);
  const recipe: Recipe = {
    kind: 'project',
    projectVersion,
    entries: sources.map(recipeOf),
    bytecode: bytecodeRecipe(compiler),
    ...(plan.sources.mode === 'keep' ? {} : { kept: [...kept] }),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    if (compiler === undefined) return writeEntries(tools, output, sources);
    const isKept = (path: string): boolean => plan.sources.mode === 'keep' || kept.has(path);
    const compiled = await compileProject(tools, { entries: files, compiler, isKept });
    const all = [...compiled, ...(await distributionEntries(inputs, compiled))];
    return writeEntries(tools, output, addParents(all, inputs));
  });
}

/** The application is one layer for all targets, and their Pythons read the same bytecode. */
async function firstCompiler({ targets }: BuildInputs): Promise<TargetCompiler | undefined> {
  const compilers = await Promise.all(targets.map((target) => target.compiler.ready));
  return compilers.find((one) => one !== undefined);
}

/** Paths in the image of the files that stay sources when the others are stripped. */
function keptPaths({ files, sources }: Plan): ReadonlySet<string> {
  const kept = new Set(sources.kept.map((one) => one.path));
  return new Set(
    files.groups.flatMap((group) => group.paths.filter((path) => kept.has(path)).map((path) => placeOf(group, path))),
  );
}

async function writeEntries(
  tools: BuildTools,
  output: string,
  entries: readonly KeyedEntry[],
): Promise<LayerJobResult> {
  return tools.writeLayer({ kind: 'entries', output, entries: entries.map((one) => one.entry) });
}

export interface KeyedEntry {
  readonly entry: LayerEntry;
  /** SHA-256 of a file's content; absent for bytecode, which RECORD lists without. */
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

async function codeFiles(tools: BuildTools, inputs: BuildInputs): Promise<KeyedEntry[]> {
  const groups = inputs.plan.files.groups.filter((group) => group.kind !== 'data');
  return (await Promise.all(groups.map((group) => groupEntries(tools, inputs, group, () => true)))).flat();
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
