import { renderBytes } from '../base/size-text.ts';
import type { ImageParts } from '../inspect/image-parts.ts';
import { oneLine, partNames, partTitles } from './compare-text.ts';

/** One bar of the picture. */
export interface PictureBar {
  readonly label: string;
  /** At the end of the bar, beside its sum. */
  readonly note?: string;
  readonly parts: ImageParts;
}

const width = 860;
const labelWidth = 200;
const endWidth = 220;
const barHeight = 22;
const rowHeight = 34;
const top = 62;
const longestLabel = 25;

/** Apart in lightness as well, for those who see no colours and for prints. */
const colours = {
  base: ['#3d5a80', '#6f8fbd'],
  system: ['#7aa6c2', '#a9cfe3'],
  packages: ['#e0a32e', '#f0c063'],
  application: ['#c8553d', '#ee8a70'],
  bytecode: ['#8a8f98', '#b9bec6'],
} as const satisfies Record<keyof ImageParts, readonly [string, string]>;

/**
 * The bytes of images as bars, one below the other (SVG 1.1): self-contained, no scripts, no fonts or addresses from elsewhere, with colours for
 * light and for dark pages.
 */
export function renderBarsSvg(title: string, bars: readonly PictureBar[]): string {
  const most = Math.max(1, ...bars.map(({ parts }) => sumOf(parts)));
  const height = top + bars.length * rowHeight + 12;
  const scale = (width - labelWidth - endWidth) / most;
  const light = partNames.map((name) => `.${name}{fill:${colours[name][0]}}`).join('');
  const dark = partNames.map((name) => `.${name}{fill:${colours[name][1]}}`).join('');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}.n{fill:#59636e}${light}`,
    `@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.n{fill:#9198a1}${dark}}</style>`,
    `<text class="t" x="8" y="20">${escapeXml(title)}</text>`,
    ...renderLegend(),
    ...bars.flatMap((bar, at) => renderBar(bar, top + at * rowHeight, scale)),
    '</svg>',
    '',
  ].join('\n');
}

function renderLegend(): readonly string[] {
  let x = 8;
  return partNames.map((name) => {
    const at = x;
    x += 32 + partTitles[name].length * 7.5;
    return `<rect class="${name}" x="${at}" y="33" width="12" height="12"/><text class="n" x="${at + 17}" y="44">${partTitles[name]}</text>`;
  });
}

function renderBar({ label, note, parts }: PictureBar, y: number, scale: number): readonly string[] {
  const middle = y + barHeight / 2 + 5;
  let x = labelWidth;
  const pieces = partNames.flatMap((name) => {
    const length = parts[name] * scale;
    if (length === 0) return [];
    const at = x;
    x += length;
    const said = `${partTitles[name]} ${renderBytes(parts[name])}`;
    return [
      `<rect class="${name}" x="${round(at)}" y="${y}" width="${round(length)}" height="${barHeight}"><title>${said}</title></rect>`,
    ];
  });
  const end = note === undefined ? '' : `, ${note}`;
  return [
    `<text x="${labelWidth - 8}" y="${middle}" text-anchor="end">${escapeXml(shortened(label))}<title>${escapeXml(label)}</title></text>`,
    ...pieces,
    `<text class="n" x="${round(x + 8)}" y="${middle}">${escapeXml(`${renderBytes(sumOf(parts))}${end}`)}</text>`,
  ];
}

/** The end of a name says more than its beginning. */
function shortened(label: string): string {
  const letters = [...oneLine(label)];
  return letters.length <= longestLabel ? letters.join('') : `…${letters.slice(1 - longestLabel).join('')}`;
}

function sumOf(parts: ImageParts): number {
  return partNames.reduce((sum, name) => sum + parts[name], 0);
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

/** Text as XML 1.0 allows it ("Characters"), with nothing that has a meaning there. */
export function escapeXml(text: string): string {
  return oneLine(text)
    .replace(/\p{Surrogate}|[\ufffe\uffff]/gu, '�')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}
