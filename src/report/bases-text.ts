import { renderBytes } from '../base/size-text.ts';
import type { BaseRow, BasesReport, WheelFit } from '../plan/bases-report.ts';
import { renderBecause } from './because-text.ts';
import { type Alignment, renderColumns, renderCount, renderPlainText } from './format.ts';

const titles = ['', 'Python', 'system', 'libc', 'packed', 'unpacked', 'age', 'wheels', 'to add'];
const alignments: readonly Alignment[] = ['left', 'left', 'left', 'left', 'right', 'right', 'right', 'left', 'left'];

/** The bases side by side, and below what does not go into a column. */
export function renderBasesText(report: BasesReport, now: Date): string {
  const head = `${renderPlainText(report.project)}, Python ${report.python}, ${report.platform}`;
  const table = renderColumns([titles, ...report.rows.map((row) => cellsOf(row, now))], alignments, '  ');
  return [head, table, ...notesOf(report)].join('\n');
}

/** The same as a table of Markdown. */
export function renderBasesMarkdown(report: BasesReport, now: Date): string {
  const rows = [
    ['base', ...titles.slice(1)],
    alignments.map((one) => (one === 'right' ? '--:' : '---')),
    ...report.rows.map((row) => cellsOf(row, now)),
  ];
  const lines = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  return [...lines, '', ...notesOf(report).map((line) => line.trim())].join('\n');
}

function cellsOf(row: BaseRow, now: Date): readonly string[] {
  const size = (bytes: number | undefined): string =>
    bytes === undefined ? '?' : `${row.isEstimate === true ? '~' : ''}${renderBytes(bytes)}`;
  const name = `${row.base}${row.chosenBecause === undefined ? '' : ' *'}`;
  if (row.state !== 'compared')
    return [renderPlainText(name), '', '', '', '', '', '', renderPlainText(row.note ?? ''), ''];
  return [
    name,
    row.python ?? '?',
    row.os ?? '?',
    row.libc ?? '?',
    size(row.packed),
    size(row.unpacked),
    row.created === undefined ? '?' : renderAge(row.created, now),
    row.wheels === undefined ? '?' : renderFit(row.wheels),
    renderAdditions(row.toAdd),
  ].map(renderPlainText);
}

function renderFit({ total, missing }: WheelFit): string {
  if (total === 0) return 'none needed';
  if (missing.length > 0) return `${missing.length} of ${total} ${missing.length === 1 ? 'does' : 'do'} not fit`;
  return total === 1 ? 'it fits' : `all ${total} fit`;
}

function renderAdditions(toAdd: BaseRow['toAdd']): string {
  if (toAdd === undefined) return '?';
  const { packages, size } = toAdd;
  return packages.length === 0 ? 'nothing' : `${renderCount(packages.length, 'package')}, ${renderBytes(size)}`;
}

const dayMs = 24 * 60 * 60 * 1000;

/** `4 days`, `11 weeks`, `2 years`; some builders say 1970, or nothing that is a date. */
function renderAge(created: string, now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(created)) / dayMs);
  if (!Number.isFinite(days) || Date.parse(created) < 365 * dayMs) return '?';
  if (days < 1) return 'today';
  if (days < 60) return renderCount(days, 'day');
  if (days < 365) return renderCount(Math.floor(days / 7), 'week');
  return `${(days / 365).toFixed(1)} years`;
}

/** As many names as fit on a line. */
const mostNamed = 6;

function notesOf({ rows, wheelsProblem }: BasesReport): readonly string[] {
  const lines = rows.flatMap((row) => [
    ...(row.chosenBecause === undefined
      ? []
      : [`* ${row.base}: what a build takes: ${renderBecause(row.chosenBecause)}`]),
    ...(row.wheels === undefined || row.wheels.missing.length === 0
      ? []
      : [`${row.base}: no wheel that fits for ${renderMissing(row.wheels)}`]),
    ...(row.toAdd === undefined || row.toAdd.packages.length === 0
      ? []
      : [`${row.base}: to add ${row.toAdd.packages.join(', ')}`]),
    ...(row.state !== 'compared' || row.note === undefined ? [] : [`${row.base}: ${row.note}`]),
  ]);
  const open = rows.some((row) => row.state === 'compared' && row.toAdd === undefined && row.note === undefined);
  return [
    ...lines,
    ...(wheelsProblem === undefined ? [] : [`the wheels could not be compared: ${wheelsProblem}`]),
    ...(open ? ['?: not known yet; `tare plan` finds out what the wheels need of the system'] : []),
  ].map((line) => `  ${renderPlainText(line)}`);
}

/** Those of one reason together. */
function renderMissing({ missing }: WheelFit): string {
  const reasons = [...new Set(missing.map(({ reason }) => reason))];
  return reasons
    .map((reason) => {
      const names = missing.filter((one) => one.reason === reason).map(({ name }) => name);
      const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
      return `${names.slice(0, mostNamed).join(', ')}${more} (${reason})`;
    })
    .join('; ');
}
