import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComparedImage, ImageComparison } from '../compare/compare-images.ts';
import { renderComparisonMarkdown } from './compare-markdown.ts';
import { renderBarsSvg } from './compare-svg.ts';
import { renderComparisonText } from './compare-text.ts';

const parts = {
  base: 40_000_000,
  system: 10_000_000,
  packages: 300_000_000,
  application: 200_000,
  bytecode: 30_000_000,
};
const image = (name: string, fields: Partial<ComparedImage> = {}): ComparedImage => ({
  name,
  digest: `sha256:${'0'.repeat(64)}`,
  platform: 'linux/amd64',
  base: { name: 'Debian GNU/Linux 13 (trixie)', size: 17_000_000 },
  size: 150_000_000,
  unpackedSize: 380_000_000,
  hiddenSize: 0,
  layers: 15,
  python: '3.13',
  distributions: 24,
  packages: 43,
  parts,
  ...fields,
});

function comparison(name: string): ImageComparison {
  const versions = [{ version: name, bytes: 1_000_000 }, null] as const;
  return {
    images: [image(name), image('oci:other', { size: null, base: { name } })],
    differences: {
      distributions: [
        { name, images: versions },
        {
          name: 'same',
          images: [
            { version: '1', bytes: 5 },
            { version: '1', bytes: 5 },
          ],
          changedFiles: 2,
        },
      ],
      packages: [],
      folders: [{ path: `/${name}`, images: [{ bytes: 2000, files: 3, onlyHere: 3 }, null], changedFiles: 1 }],
    },
  };
}

test('sizes stand side by side, then what differs', () => {
  expect(renderComparisonText(comparison('oci:out'))).toBe(`A  oci:out, linux/amd64
B  oci:other, linux/amd64

   base                          base size    packed  unpacked  hidden  layers  Python  Python packages  Debian packages
A  Debian GNU/Linux 13 (trixie)    17.0 MB  150.0 MB  380.0 MB     0 B      15    3.13               24               43
B  oci:out                               –         –  380.0 MB     0 B      15    3.13               24               43

      base   system  Python packages  application  bytecode
A  40.0 MB  10.0 MB         300.0 MB       200 kB   30.0 MB
B  40.0 MB  10.0 MB         300.0 MB       200 kB   30.0 MB

2 Python packages differ
           A                B
  oci:out  oci:out  1.0 MB  –
  same     1           5 B  1  5 B  2 files not the same

no Debian package differs

folders that differ most
               A  B
  /oci:out  2 kB  –  3 files only in A, 1 not the same`);
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '</text><script>',
    '| `x` | \n# a',
    '&amp;<!--',
    ']]>',
    '\u001b[2J',
    '"onload="x',
    '``a|b``',
    '\ud800',
  ),
);

test('no name drives a terminal or begins a line', () => {
  const lines = renderComparisonText(comparison('x')).split('\n').length;
  fc.assert(
    fc.property(hostile, (name) => {
      const text = renderComparisonText(comparison(name));
      expect(text.split('\n')).toHaveLength(lines);
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }),
  );
});

test('no name leaves its cell of a Markdown table', () => {
  const shape = (markdown: string) =>
    markdown.split('\n').map((line) => (line.startsWith('|') ? line.split(/(?<!\\)\|/).length : 0));
  const expected = shape(renderComparisonMarkdown(comparison('x')));
  fc.assert(
    fc.property(hostile, (name) => {
      const markdown = renderComparisonMarkdown(comparison(name));
      expect(shape(markdown)).toEqual(expected);
      expect(markdown.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '')).not.toContain('<');
    }),
  );
});

test('no label leaves its element of the picture', () => {
  const skeleton = (svg: string) => svg.replace(/>[^<]*</g, '><');
  const draw = (label: string) => renderBarsSvg(label, [{ label, note: label, parts }]);
  const expected = skeleton(draw('x'));
  fc.assert(
    fc.property(hostile, (label) => {
      const svg = draw(label);
      expect(skeleton(svg)).toBe(expected);
      // Characters that XML 1.0 has no place for.
      expect(svg).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/u);
    }),
  );
});

test('the picture holds itself: nothing is loaded or run', () => {
  const svg = renderBarsSvg('What it weighs', [{ label: 'oci:out', parts }]);
  expect(svg).not.toMatch(/href|url\(|<script|@import|<image|<foreignObject/);
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg.match(/<rect/g)).toHaveLength(10);
});
