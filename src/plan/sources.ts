import { dirname, join } from 'node:path/posix';
import type { Because } from '../base/because.ts';
import { sortedBy } from '../base/order.ts';
import { isSource } from '../bytecode/paths.ts';
import { makePatterns, type Patterns } from '../project/patterns.ts';
import type { ResolvedSettings } from './settings.ts';
import type { PlannedFiles, PlannedSources, PlanWarning } from './types.ts';

export interface SourceInputs {
  readonly settings: ResolvedSettings;
  readonly files: PlannedFiles;
  /** Files that something needs as text, with the reason; several for one file are possible. */
  readonly needs: readonly NeededSource[];
}

export interface NeededSource {
  readonly path: string;
  readonly because: Because;
  /** More files than this one may be needed. */
  readonly isUncertain?: true;
}

/** Which of the application's modules stay sources. What is forced away is warned of. */
export function planSources(inputs: SourceInputs): PlannedSources & { readonly warnings: readonly PlanWarning[] } {
  const { sources: mode, origins, keepSources, stripSources } = inputs.settings;
  const because = origins.sources ?? { rule: 'the default' };
  if (mode === 'keep') return { mode, because, kept: [], warnings: [] };
  const own = new Set(inputs.files.groups.flatMap((group) => group.paths).filter(isSource));
  const asked = patternsOf(keepSources, 'keep-sources');
  const forced = patternsOf(stripSources, 'strip-sources');
  const kept = new Map<string, Because>();
  const warnings: PlanWarning[] = [];
  for (const path of own) {
    const wish = asked.match(path);
    if (wish !== undefined) kept.set(path, wish);
  }
  for (const need of inputs.needs) {
    if (!own.has(need.path)) continue;
    if (need.isUncertain === true) warnings.push(uncertainWarning(need.because));
    if (kept.has(need.path)) continue;
    if (forced.match(need.path) === undefined) kept.set(need.path, need.because);
    else warnings.push(forcedWarning(need.path, need.because));
  }
  const list = sortedBy(kept, ([path]) => path).map(([path, reason]) => ({ path, because: reason }));
  return { mode, because, kept: list, warnings };
}

/** What symbolic links lead to: a link to a file that is not there would be all that is left of a module. */
export function linkedSources(
  files: readonly { readonly path: string; readonly linkTarget?: string }[],
): readonly NeededSource[] {
  return files.flatMap(({ path, linkTarget }) => {
    if (linkTarget === undefined) return [];
    return [{ path: join(dirname(path), linkTarget), because: { file: path, rule: 'a symbolic link leads to it' } }];
  });
}

function patternsOf(patterns: readonly string[], setting: string): Patterns {
  return makePatterns(patterns, (at) => ({ rule: `\`${setting}\`: \`${patterns[at] ?? ''}\`` }));
}

function placeOf({ file, line }: Because): string {
  return file === undefined ? '' : ` (${line === undefined ? file : `${file}:${line}`})`;
}

function uncertainWarning(because: Because): PlanWarning {
  return {
    code: 'SOURCE_UNCERTAIN',
    message: `which sources are read is seen at run time only: ${because.rule}${placeOf(because)}`,
    hint: 'name the files that must stay sources in `keep-sources`',
  };
}

function forcedWarning(path: string, because: Because): PlanWarning {
  return {
    code: 'SOURCE_STRIPPED',
    message: `\`${path}\` is stripped as asked, and may fail without its source: ${because.rule}${placeOf(because)}`,
    hint: 'take it out of `strip-sources` to keep it',
  };
}
