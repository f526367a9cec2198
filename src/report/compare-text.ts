import { renderBytes } from '../base/size-text.ts';
import type { ComparedImage, ImageComparison } from '../compare/compare-images.ts';
import type { FolderDifference } from '../compare/folders.ts';
import type { NameDifference } from '../compare/names.ts';
import type { ImagePart } from '../inspect/image-parts.ts';
import { type Alignment, renderColumns, renderCount, renderPlainText } from './format.ts';

/** More rows of one kind are counted only. */
const mostRows = 20;

/** What a person sees of `tare compare IMAGE IMAGE…`. */
export function renderComparisonText({ images, differences }: ImageComparison): string {
  const { distributions, packages, folders } = differences;
  return [
    renderImages(images),
    renderNames('Python package', distributions, images),
    renderNames('Debian package', packages, images),
    renderFolders(folders, images),
  ].join('\n\n');
}

/** `A`, `B`, … `Z`, `27`. */
export function letterOf(at: number): string {
  return at < 26 ? String.fromCharCode(65 + at) : String(at + 1);
}

function renderImages(images: readonly ComparedImage[]): string {
  const names = images.map((image, at) => `${letterOf(at)}  ${oneLine(image.name)}, ${image.platform}`);
  const rows = images.map((image, at) => [
    letterOf(at),
    oneLine(image.base.name),
    sizeOf(image.base.size ?? null),
    sizeOf(image.size),
    renderBytes(image.unpackedSize),
    renderBytes(image.hiddenSize),
    String(image.layers),
    image.python ?? '–',
    String(image.distributions),
    String(image.packages),
  ]);
  const head = [
    '',
    'base',
    'base size',
    'packed',
    'unpacked',
    'hidden',
    'layers',
    'Python',
    'Python packages',
    'Debian packages',
  ];
  const partRows = images.map(({ parts }, at) => [letterOf(at), ...partNames.map((name) => renderBytes(parts[name]))]);
  const numbers = (count: number): readonly Alignment[] => new Array<Alignment>(count).fill('right');
  return [
    names.join('\n'),
    renderColumns([head, ...rows], ['left', 'left', ...numbers(8)]),
    renderColumns([['', ...partNames.map((name) => partTitles[name])], ...partRows], ['left', ...numbers(5)]),
  ].join('\n\n');
}

/** The parts of an image, in the order in which they lie on each other. */
export const partNames = [
  'base',
  'system',
  'packages',
  'application',
  'bytecode',
] as const satisfies readonly ImagePart[];

/** What a person calls the parts of an image. */
export const partTitles = {
  base: 'base',
  system: 'system',
  packages: 'Python packages',
  application: 'application',
  bytecode: 'bytecode',
} as const satisfies Record<ImagePart, string>;

function renderNames(thing: string, rows: readonly NameDifference[], images: readonly ComparedImage[]): string {
  if (rows.length === 0) return `no ${thing} differs`;
  const cells = rows
    .slice(0, mostRows)
    .map(({ name, images: found, changedFiles }) => [
      oneLine(name),
      ...found.flatMap((one) => (one === null ? ['–', ''] : [oneLine(one.version), renderBytes(one.bytes)])),
      changedFiles === undefined ? '' : `${renderCount(changedFiles, 'file')} not the same`,
    ]);
  const head = ['', ...images.flatMap((_, at) => [letterOf(at), '']), ''];
  const alignments: Alignment[] = ['left', ...images.flatMap((): Alignment[] => ['left', 'right']), 'left'];
  return withRest(
    `${renderCount(rows.length, thing)} ${rows.length === 1 ? 'differs' : 'differ'}`,
    renderColumns([head, ...cells], alignments, '  '),
    rows.length,
  );
}

function renderFolders(rows: readonly FolderDifference[], images: readonly ComparedImage[]): string {
  if (rows.length === 0) return 'no file differs';
  const cells = rows
    .slice(0, mostRows)
    .map(({ path, images: found, changedFiles }) => [
      oneLine(path),
      ...found.map((one) => (one === null ? '–' : renderBytes(one.bytes))),
      [
        ...found.flatMap((one, at) =>
          one === null || one.onlyHere === 0 ? [] : [`${renderCount(one.onlyHere, 'file')} only in ${letterOf(at)}`],
        ),
        ...(changedFiles === 0 ? [] : [`${changedFiles} not the same`]),
      ].join(', '),
    ]);
  const head = ['', ...images.map((_, at) => letterOf(at)), ''];
  const alignments: Alignment[] = ['left', ...images.map((): Alignment => 'right'), 'left'];
  return withRest('folders that differ most', renderColumns([head, ...cells], alignments, '  '), rows.length);
}

function withRest(title: string, table: string, rows: number): string {
  const rest = rows > mostRows ? `\n  … and ${rows - mostRows} more (all with --json)` : '';
  return `${title}\n${table}${rest}`;
}

function sizeOf(bytes: number | null): string {
  return bytes === null ? '–' : renderBytes(bytes);
}

/** Names come from outside: a line feed in one would begin a line of its own. */
export function oneLine(text: string): string {
  return renderPlainText(text).replace(/[\n\t]/g, '�');
}
