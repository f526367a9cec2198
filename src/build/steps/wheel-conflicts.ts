import type { LayerEntry } from '../../archive/layer-entry.ts';
import { TareError } from '../../base/errors.ts';
import { cachedPath, isSource, sourceOfCached } from '../../bytecode/paths.ts';
import type { Target } from '../../plan/types.ts';
import { installWheel } from '../../python/install.ts';
import { readWheel } from '../../python/wheel.ts';
import type { Conflict } from '../../python/wheel-conflicts.ts';
import { bundledBytecode } from '../bytecode-job.ts';
import { fileEntry } from '../entries.ts';
import type { TargetInputs } from '../inputs.ts';
import type { InstalledFacts } from '../layer-job.ts';
import type { TargetCompiler } from '../target-compiler.ts';
import type { BuildTools } from '../tools.ts';
import { compileProgress, compileWheelOnce } from './wheel-bytecode.ts';
import { fetchWheel, installScheme } from './wheel-layers.ts';

/** What a winner's file holds. */
export function shaOf(order: readonly InstalledFacts[], conflict: Conflict): string | undefined {
  const winner = order.find((one) => one.facts.name === conflict.winner);
  return winner?.facts.files.find((file) => file.path === conflict.path)?.sha256;
}

/** Says of each path with two owners who wins. Throws `FILE_CONFLICT` where that is not allowed. */
export function reportConflicts(
  tools: BuildTools,
  order: readonly InstalledFacts[],
  conflicts: readonly Conflict[],
  strict: boolean,
): void {
  const paths = new Set(conflicts.map((one) => one.path));
  for (const { path, owners, winner } of conflicts) {
    // Said of the source.
    const source = sourceOfCached(path);
    if (source !== undefined && (paths.has(source) || ownersAgree(order, source))) continue;
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

/** Whether all who bring a file bring the same. */
function ownersAgree(order: readonly InstalledFacts[], path: string): boolean {
  const digests = order.flatMap(({ facts }) =>
    facts.files.filter((file) => file.path === path).map((one) => one.sha256),
  );
  return digests.length > 0 && new Set(digests).size === 1;
}

/** Bytecode of a losing source whose winner has none: it would run in place of the winner. */
export function staleBytecode(
  order: readonly InstalledFacts[],
  conflicts: readonly Conflict[],
  cacheTag: string,
): readonly string[] {
  return conflicts.flatMap(({ path, winner }) => {
    if (!isSource(path)) return [];
    const cached = cachedPath(path, cacheTag);
    const owners = order.filter(({ facts }) => facts.files.some((file) => file.path === cached));
    return owners.length === 0 || owners.some(({ facts }) => facts.name === winner) ? [] : [cached];
  });
}

/** Hides a file of a layer below (OCI image specification, layer.md, "Whiteouts"). */
export function whiteoutEntry(path: string, mtime: number): LayerEntry {
  const slash = path.lastIndexOf('/') + 1;
  return fileEntry(`${path.slice(0, slash)}.wh.${path.slice(slash)}`, '', 0o644, mtime);
}

export interface WinningEntries {
  readonly entries: readonly LayerEntry[];
  /** To be called when they are written. */
  readonly releases: readonly (() => Promise<void>)[];
}

/** The winners' files, which go above all wheel layers so that each of these stays a function of its wheels alone. */
export async function winningEntries(
  tools: BuildTools,
  from: {
    readonly target: Pick<Target, 'python' | 'wheels'>;
    readonly inputs: Pick<TargetInputs, 'wheelUrls'>;
  },
  conflicts: readonly Conflict[],
  compiler: TargetCompiler | undefined,
): Promise<WinningEntries> {
  const entries: LayerEntry[] = [];
  const releases: (() => Promise<void>)[] = [];
  for (const winner of new Set(conflicts.map((one) => one.winner))) {
    const wheel = from.target.wheels.find((one) => one.name === winner);
    if (wheel === undefined) continue;
    const paths = new Set(conflicts.filter((one) => one.winner === winner).map((one) => one.path));
    const file = await fetchWheel(tools, from.inputs, wheel);
    const scheme = installScheme(from.target);
    const compiled =
      compiler === undefined
        ? undefined
        : await compileWheelOnce(tools, {
            wheel,
            file,
            scheme,
            compiler,
            isShared: false,
            progress: compileProgress(tools.context),
          });
    if (compiled !== undefined) releases.push(compiled.release);
    const bytecode = compiled?.bytecode;
    const all = installWheel(
      await readWheel(file, wheel.filename),
      scheme,
      bytecode === undefined ? [] : bundledBytecode(bytecode.bundle, bytecode.files, bytecode.cacheTag),
    );
    entries.push(...all.entries.filter((entry) => paths.has(entry.path)));
  }
  return { entries, releases };
}
