import type { LayerEntry } from '../../archive/layer-entry.ts';
import { sha256 } from '../../base/digest.ts';
import { TareError } from '../../base/errors.ts';
import { sortedBy } from '../../base/order.ts';
import type { PlannedUser, Target } from '../../plan/types.ts';
import { installWheel } from '../../python/install.ts';
import { readWheel } from '../../python/wheel.ts';
import { type Conflict, findConflicts } from '../../python/wheel-conflicts.ts';
import { directoryEntry, fileEntry, parentDirectories, symlinkEntry } from '../entries.ts';
import type { TargetInputs } from '../inputs.ts';
import type { InstalledFacts } from '../layer-job.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';
import { accountEntries } from './account.ts';
import { pipInstallOrder } from './install-order.ts';
import { fetchWheel, installScheme, type WheelLayers } from './wheel-layers.ts';

export interface EnvironmentInputs {
  readonly target: Target;
  readonly inputs: TargetInputs;
  readonly user: PlannedUser;
  readonly wheels: WheelLayers;
  readonly strict: boolean;
  /** Date of the generated files, seconds since the epoch. */
  readonly mtime: number;
}

/** The virtual environment around the wheels: `pyvenv.cfg`, interpreter links, console scripts, settled conflicts. */
export async function buildEnvironmentLayer(tools: BuildTools, from: EnvironmentInputs): Promise<LayerRecord> {
  const { target, mtime } = from;
  const order = pipInstallOrder(target, from.inputs.requested, from.wheels.installed);
  const conflicts = findConflicts(order.map((one) => ({ name: one.facts.name, files: one.facts.files })));
  reportConflicts(tools, conflicts, from.strict);
  const scripts = scriptsOf(order);
  const account = accountEntries(from);
  const recipe: Recipe = {
    kind: 'environment',
    environmentVersion: 1,
    python: target.python,
    mtime,
    scripts,
    ...(account.length === 0 ? {} : { account: account.map(accountKey) }),
    conflicts: conflicts.map((one) => [one.path, one.winner, shaOf(order, one)]),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const winners = await winningEntries(tools, from, conflicts);
    const entries = [
      ...account,
      ...venvSkeleton(target, mtime),
      ...scripts.map((one) => fileEntry(one.path, one.text, 0o755, mtime)),
      ...winners,
    ];
    const byPath = new Map(entries.map((entry) => [entry.path, entry]));
    for (const folder of parentDirectories(byPath.keys(), mtime))
      if (!byPath.has(folder.path)) byPath.set(folder.path, folder);
    const sorted = sortedBy(byPath.values(), (entry) => entry.path);
    return tools.writeLayer({ kind: 'entries', output, entries: sorted });
  });
}

function accountKey({ path, uid, gid, content }: LayerEntry): readonly unknown[] {
  return [path, uid, gid, content?.kind === 'bytes' ? sha256(content.bytes) : ''];
}

function venvSkeleton(target: Target, mtime: number): LayerEntry[] {
  const { prefix, interpreter, version, fullVersion } = target.python;
  const root = prefix.slice(1);
  const configuration = [
    `home = ${interpreter.slice(0, interpreter.lastIndexOf('/'))}`,
    'include-system-site-packages = false',
    `version = ${fullVersion ?? version}`,
    `executable = ${interpreter}`,
    '',
  ].join('\n');
  return [
    fileEntry(`${root}/pyvenv.cfg`, configuration, 0o644, mtime),
    symlinkEntry(`${root}/bin/python`, interpreter, mtime),
    symlinkEntry(`${root}/bin/python3`, 'python', mtime),
    symlinkEntry(`${root}/bin/python${version}`, 'python', mtime),
    directoryEntry(`${root}/lib/python${version}/site-packages`, mtime),
    symlinkEntry(`${root}/lib64`, 'lib', mtime),
  ];
}

/** In install order, so that of two scripts of one name the last installed stays, as with pip. */
function scriptsOf(order: readonly InstalledFacts[]): readonly { readonly path: string; readonly text: string }[] {
  const byPath = new Map<string, string>();
  for (const one of order) for (const script of one.scripts) byPath.set(script.path, script.text);
  return sortedBy(byPath, ([path]) => path).map(([path, text]) => ({ path, text }));
}

function shaOf(order: readonly InstalledFacts[], conflict: Conflict): string | undefined {
  const winner = order.find((one) => one.facts.name === conflict.winner);
  return winner?.facts.files.find((file) => file.path === conflict.path)?.sha256;
}

function reportConflicts(tools: BuildTools, conflicts: readonly Conflict[], strict: boolean): void {
  for (const { path, owners, winner } of conflicts) {
    const message = `\`${path}\` belongs to ${owners.map((one) => `\`${one}\``).join(' and ')} with different content`;
    if (!strict) {
      tools.context.log.warn(`${message}; the file of \`${winner}\` stays, as with pip`);
      continue;
    }
    throw new TareError({
      code: 'FILE_CONFLICT',
      message,
      hint: 'keep only one of them among the dependencies, or build without --strict',
    });
  }
}

/** The winners' files, which go above all wheel layers so that each of these stays a function of its wheels alone. */
async function winningEntries(
  tools: BuildTools,
  from: EnvironmentInputs,
  conflicts: readonly Conflict[],
): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  for (const winner of new Set(conflicts.map((one) => one.winner))) {
    const wheel = from.target.wheels.find((one) => one.name === winner);
    if (wheel === undefined) continue;
    const paths = new Set(conflicts.filter((one) => one.winner === winner).map((one) => one.path));
    const file = await fetchWheel(tools, from.inputs, wheel);
    const all = installWheel(await readWheel(file, wheel.filename), installScheme(from.target));
    entries.push(...all.entries.filter((entry) => paths.has(entry.path)));
  }
  return entries;
}
