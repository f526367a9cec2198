import type { LayerEntry } from '../../archive/layer-entry.ts';
import { sha256 } from '../../base/digest.ts';
import { sortedBy } from '../../base/order.ts';
import { pythonSuffix, sitePackagesOf } from '../../plan/python.ts';
import type { PlannedUser, Target } from '../../plan/types.ts';
import { findConflicts } from '../../python/wheel-conflicts.ts';
import { directoryEntry, fileEntry, parentDirectories, symlinkEntry } from '../entries.ts';
import type { TargetInputs } from '../inputs.ts';
import type { InstalledFacts } from '../layer-job.ts';
import { type LayerRecord, type Recipe, withRecipe } from '../recipe.ts';
import type { BuildTools } from '../tools.ts';
import { accountEntries, readAccounts } from './account.ts';
import type { BaseLayers } from './base-layers.ts';
import { pipInstallOrder } from './install-order.ts';
import { reportConflicts, shaOf, staleBytecode, whiteoutEntry, winningEntries } from './wheel-conflicts.ts';
import type { WheelLayers } from './wheel-layers.ts';

/** What of a target a virtual environment depends on. */
type EnvironmentTarget = Pick<Target, 'platform' | 'python' | 'wheels'>;

export interface EnvironmentInputs {
  readonly target: EnvironmentTarget;
  readonly inputs: Pick<TargetInputs, 'requested' | 'wheelCompiler' | 'wheelUrls' | 'baseImage'>;
  readonly user: PlannedUser;
  readonly base: BaseLayers;
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
  reportConflicts(tools, order, conflicts, from.strict);
  const compiler = await from.inputs.wheelCompiler.ready;
  const stale = compiler === undefined ? [] : staleBytecode(order, conflicts, compiler.cacheTag);
  const scripts = scriptsOf(order);
  const account = accountEntries(from, await readAccounts(tools, from));
  const recipe: Recipe = {
    kind: 'environment',
    environmentVersion: 2,
    python: { ...target.python, because: undefined },
    mtime,
    scripts,
    ...(account.length === 0 ? {} : { account: account.map(accountKey) }),
    conflicts: conflicts.map((one) => [one.path, one.winner, shaOf(order, one), wheelOf(target, one.winner)]),
    ...(stale.length === 0 ? {} : { stale }),
  };
  return withRecipe(tools.cache, recipe, tools.context.signal, async (output) => {
    const winners = await winningEntries(tools, from, conflicts, compiler);
    const entries = [
      ...account,
      ...venvSkeleton(target, mtime),
      ...scripts.map((one) => fileEntry(one.path, one.text, 0o755, mtime)),
      ...winners.entries,
      ...stale.map((path) => whiteoutEntry(path, mtime)),
    ];
    const byPath = new Map(entries.map((entry) => [entry.path, entry]));
    for (const folder of parentDirectories(byPath.keys(), mtime))
      if (!byPath.has(folder.path)) byPath.set(folder.path, folder);
    const sorted = sortedBy(byPath.values(), (entry) => entry.path);
    try {
      return await tools.writeLayer({ kind: 'entries', output, entries: sorted });
    } finally {
      for (const release of winners.releases) await release();
    }
  });
}

/** Mode and date of a winning file are those that its wheel gives it. */
function wheelOf({ wheels }: EnvironmentTarget, name: string): string | undefined {
  return wheels.find((one) => one.name === name)?.sha256;
}

function accountKey({ path, uid, gid, content }: LayerEntry): readonly unknown[] {
  return [path, uid, gid, content?.kind === 'bytes' ? sha256(content.bytes) : ''];
}

function venvSkeleton(target: EnvironmentTarget, mtime: number): LayerEntry[] {
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
    symlinkEntry(`${root}/bin/python${pythonSuffix(target.python)}`, 'python', mtime),
    directoryEntry(sitePackagesOf(target.python).slice(1), mtime),
    symlinkEntry(`${root}/lib64`, 'lib', mtime),
  ];
}

/** In install order, so that of two scripts of one name the last installed stays, as with pip. */
function scriptsOf(order: readonly InstalledFacts[]): readonly { readonly path: string; readonly text: string }[] {
  const byPath = new Map<string, string>();
  for (const one of order) for (const script of one.scripts) byPath.set(script.path, script.text);
  return sortedBy(byPath, ([path]) => path).map(([path, text]) => ({ path, text }));
}
