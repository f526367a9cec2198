import { expect, test } from 'vitest';
import { compareWay, type WayComparison } from '../compare/compare-ways.ts';
import type { DescribedImage } from '../inspect/describe.ts';
import { renderWaysMarkdown, renderWaysText, wayBars } from './ways-text.ts';

const image = (size: number | undefined, base: DescribedImage['base']): DescribedImage => ({
  name: 'direct',
  digest: `sha256:${'0'.repeat(64)}` as DescribedImage['digest'],
  platform: 'linux/amd64',
  base,
  size,
  unpackedSize: 438_200_000,
  hiddenSize: 0,
  layers: 15,
  python: '3.13',
  parts: { base: 46_000_000, system: 10_000_000, packages: 340_000_000, application: 250_000, bytecode: 34_000_000 },
  distributions: [],
  packages: [],
  files: [],
});

const comparison: WayComparison = {
  project: 'shop',
  platform: 'linux/amd64',
  isCold: true,
  edited: 'shop/main.py',
  ways: [
    { way: 'venv', problem: { code: 'BUILDER_MISSING', message: 'there is\nno builder', hint: 'install one' } },
    {
      way: 'direct',
      builtBy: 'tare',
      time: 15_400,
      editTime: 900,
      image: image(156_300_000, { name: 'Debian trixie', size: 17_300_000 }),
    },
  ].map(compareWay),
};

test('each way is a row; one that failed says why below', () => {
  expect(
    renderWaysText(comparison),
  ).toBe(`shop for linux/amd64, nothing kept from before; edited: one line of shop/main.py

way     base           base size    packed  unpacked   to pull  cold build  after an edit  layers  Python packages  Debian packages
venv    –                      –         –         –         –           –              –       –                –                –
direct  Debian trixie    17.3 MB  156.3 MB  438.2 MB  139.0 MB      15.4 s         900 ms      15                0                0

venv: error[BUILDER_MISSING]: there is�no builder
  hint: install one`);
});

test('without an edit there is no column for it, in Markdown neither', () => {
  const markdown = renderWaysMarkdown({ ...comparison, edited: null, isCold: false });
  const [head = '', rule = ''] = markdown.split('\n');
  expect(head).toContain('| build | layers |');
  expect(rule.split('|')).toHaveLength(head.split('|').length);
  expect(markdown).toContain('- venv: BUILDER_MISSING');
});

test('the picture has the ways that ended in an image', () => {
  expect(wayBars(comparison)).toMatchObject([{ label: 'direct', note: '156.3 MB packed' }]);
});

test('what a machine pulls that has the base is not told where the base is not known', () => {
  const way = { way: 'x', builtBy: 'y', time: 1 };
  expect(compareWay({ ...way, image: image(9, { name: 'unknown' }) }).pullSize).toBeNull();
  expect(compareWay({ ...way, image: image(undefined, { name: 'a', size: 3 }) }).pullSize).toBeNull();
  expect(compareWay({ ...way, image: image(9, { name: 'a', size: 3 }) }).pullSize).toBe(6);
});
