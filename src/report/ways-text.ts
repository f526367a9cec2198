import { renderBytes } from '../base/size-text.ts';
import type { ComparedWay, WayComparison } from '../compare/compare-ways.ts';
import { escapeMarkdown, renderTable } from './compare-markdown.ts';
import type { PictureBar } from './compare-svg.ts';
import { oneLine } from './compare-text.ts';
import { type Alignment, renderColumns, renderDuration } from './format.ts';

/** What a person sees of `tare compare [DIR]`: a row for each way to build the image. */
export function renderWaysText(comparison: WayComparison): string {
  const alignments: readonly Alignment[] = columnsOf(comparison).map(({ isText }) =>
    isText === true ? 'left' : 'right',
  );
  const table = renderColumns(tableOf(comparison, oneLine), alignments);
  const problems = comparison.ways.flatMap(({ way, problem }) =>
    problem === null
      ? []
      : [
          `${way}: error[${problem.code}]: ${oneLine(problem.message)}`,
          ...(problem.hint === undefined ? [] : [`  hint: ${oneLine(problem.hint)}`]),
        ],
  );
  return [`${titleOf(comparison)}\n\n${table}`, ...(problems.length === 0 ? [] : [problems.join('\n')])].join('\n\n');
}

/** The same as GitHub Flavored Markdown. */
export function renderWaysMarkdown(comparison: WayComparison): string {
  const [head = [], ...rows] = tableOf(comparison, escapeMarkdown);
  const texts = columnsOf(comparison).findIndex(({ isText }) => isText !== true);
  const problems = comparison.ways.flatMap(({ way, problem }) =>
    problem === null ? [] : [`- ${way}: ${problem.code}, ${escapeMarkdown(problem.message)}`],
  );
  return [renderTable(head, rows, texts), ...(problems.length === 0 ? [] : [problems.join('\n')])].join('\n\n');
}

/** A bar for each way that ended in an image. */
export function wayBars({ ways }: WayComparison): readonly PictureBar[] {
  return ways.flatMap(({ way, image }) => {
    if (image === null) return [];
    const note = image.size === null ? {} : { note: `${renderBytes(image.size)} packed` };
    return [{ label: way, parts: image.parts, ...note }];
  });
}

function titleOf({ project, platform, isCold, edited }: WayComparison): string {
  const caches = isCold ? 'nothing kept from before' : 'with the caches that were there';
  const edit = edited === null ? '' : `; edited: one line of ${oneLine(edited)}`;
  return `${oneLine(project)} for ${platform}, ${caches}${edit}`;
}

interface Column {
  readonly title: string;
  readonly isText?: boolean;
  readonly cell: (way: ComparedWay) => string | null;
}

function columnsOf({ isCold, edited }: WayComparison): readonly Column[] {
  const bytes = (size: number | null | undefined): string | null =>
    typeof size === 'number' ? renderBytes(size) : null;
  const time = (milliseconds: number | null): string | null =>
    milliseconds === null ? null : renderDuration(milliseconds);
  return [
    { title: 'way', isText: true, cell: ({ way }) => way },
    { title: 'base', isText: true, cell: ({ image }) => image?.base.name ?? null },
    { title: 'base size', cell: ({ image }) => bytes(image?.base.size) },
    { title: 'packed', cell: ({ image }) => bytes(image?.size) },
    { title: 'unpacked', cell: ({ image }) => bytes(image?.unpackedSize) },
    { title: 'to pull', cell: ({ pullSize }) => bytes(pullSize) },
    { title: isCold ? 'cold build' : 'build', cell: (way) => time(way.time) },
    ...(edited === null ? [] : [{ title: 'after an edit', cell: (way: ComparedWay) => time(way.editTime) }]),
    { title: 'layers', cell: ({ image }) => (image === null ? null : String(image.layers)) },
    { title: 'Python packages', cell: ({ image }) => (image === null ? null : String(image.distributions)) },
    { title: 'Debian packages', cell: ({ image }) => (image === null ? null : String(image.packages)) },
  ];
}

function tableOf(comparison: WayComparison, escape: (text: string) => string): readonly (readonly string[])[] {
  const columns = columnsOf(comparison);
  return [
    columns.map(({ title }) => title),
    ...comparison.ways.map((way) =>
      columns.map(({ cell }) => {
        const text = cell(way);
        return text === null ? '–' : escape(text);
      }),
    ),
  ];
}
