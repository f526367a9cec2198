import { renderBytes } from '../base/size-text.ts';
import type { ComparedImage, ImageComparison } from '../compare/compare-images.ts';
import { letterOf, oneLine, partNames, partTitles } from './compare-text.ts';
import { renderCount } from './format.ts';

/** The same as `renderComparisonText`, as GitHub Flavored Markdown: all rows. */
export function renderComparisonMarkdown({ images, differences }: ImageComparison): string {
  const { distributions, packages, folders } = differences;
  const letters = images.map((_, at) => letterOf(at));
  return [
    renderTable(
      ['', 'image', 'platform', 'base', ...numberTitles],
      images.map((image, at) => [
        letterOf(at),
        code(image.name),
        image.platform,
        escapeMarkdown(image.base.name),
        ...numbersOf(image),
      ]),
      4,
    ),
    renderTable(
      ['', ...partNames.map((name) => partTitles[name])],
      images.map(({ parts }, at) => [letterOf(at), ...partNames.map((name) => renderBytes(parts[name]))]),
      1,
    ),
    ...(
      [
        ['Python package', distributions],
        ['Debian package', packages],
      ] as const
    ).map(([title, rows]) =>
      rows.length === 0
        ? `No ${title} differs.`
        : renderTable(
            [title, ...letters],
            rows.map(({ name, images: found, changedFiles }) => [
              escapeMarkdown(name),
              ...found.map((one) => {
                if (one === null) return '–';
                const note = changedFiles === undefined ? '' : `, ${renderCount(changedFiles, 'file')} not the same`;
                return `${escapeMarkdown(one.version)} (${renderBytes(one.bytes)}${note})`;
              }),
            ]),
            1,
          ),
    ),
    folders.length === 0
      ? 'No file differs.'
      : renderTable(
          ['folder', ...letters, ...letters.map((letter) => `only in ${letter}`), 'not the same'],
          folders.map(({ path, images: found, changedFiles }) => [
            code(path),
            ...found.map((one) => (one === null ? '–' : renderBytes(one.bytes))),
            ...found.map((one) => renderCount(one?.onlyHere ?? 0, 'file')),
            String(changedFiles),
          ]),
          1,
        ),
  ].join('\n\n');
}

const numberTitles = ['base size', 'packed', 'unpacked', 'hidden', 'layers', 'Python packages', 'Debian packages'];

function numbersOf(image: ComparedImage): readonly string[] {
  const size = (bytes: number | null | undefined): string => (typeof bytes === 'number' ? renderBytes(bytes) : '–');
  return [
    size(image.base.size),
    size(image.size),
    renderBytes(image.unpackedSize),
    renderBytes(image.hiddenSize),
    String(image.layers),
    String(image.distributions),
    String(image.packages),
  ];
}

/** The first `texts` columns are to the left, the others to the right. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[], texts: number): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at < texts ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Text that means nothing in Markdown or HTML, on one line. */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|~>]/g, (mark) => (mark === '>' ? '&gt;' : `\\${mark}`));
}

/** A code span, in which nothing but its own fence and the bar of a table has a meaning. */
export function code(text: string): string {
  const plain = oneLine(text).replace(/\|/g, '\\|');
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${plain}${fence}` : `${fence} ${plain} ${fence}`;
}
