import { renderBytes } from '../base/size-text.ts';
import type { LockChange } from '../lock/compare.ts';
import type { LockReport } from '../lock/report.ts';
import { renderColumns, renderCount, renderPlainText } from './format.ts';

const states = {
  created: 'was written',
  updated: 'was brought up to date',
  unchanged: 'is as it should be',
} as const satisfies Record<LockReport['state'], string>;

/** What changed in the lock, package by package, and what that moves. A new lock is told by its numbers alone. */
export function renderLockText(report: LockReport): string {
  const { state, reasons, changes, bytes } = report;
  const why = reasons.map((reason) => `  because ${reason}`);
  const moved = bytes === 0 ? [] : [`${renderBytes(bytes)} of packages and wheels are new`];
  const listed = state === 'updated' && changes.length > 0 ? [renderChanges(changes), ...moved] : [];
  const targets = report.targets.map((one) => `  ${targetText(one)}`);
  return renderPlainText([...listed, `tare.lock ${states[state]}`, ...why, ...targets].join('\n'));
}

function renderChanges(changes: readonly LockChange[]): string {
  const rows = changes.map(({ kind, name, from, to, platforms, bytes }) => [
    kind === 'python' ? '' : kind,
    name,
    change(from, to),
    bytes === 0 ? '' : renderBytes(bytes),
    platforms.join(', '),
  ]);
  return renderColumns(rows, ['left', 'left', 'left', 'right', 'left'], '  ');
}

function change(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `new: ${to ?? ''}`;
  if (to === undefined) return `gone: ${from}`;
  return from === to ? `${to}, another file` : `${from} → ${to}`;
}

function targetText({ platform, python, base, system, wheels }: LockReport['targets'][number]): string {
  const parts = [
    `Python ${python}`,
    ...(base === 0 ? [] : [`${renderCount(base, 'package')} in the base`]),
    ...(system === 0 ? [] : [`${renderCount(system, 'package')} beside it`]),
    ...(wheels === undefined ? [] : [renderCount(wheels, 'wheel')]),
  ];
  return `${platform}: ${parts.join(', ')}`;
}
