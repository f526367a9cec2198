import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { parseHtmlPage } from './index-html.ts';
import { belongsTo, type IndexFile, parseIndexPage } from './index-page.ts';

const hex = 'ab'.repeat(32);
const html = (body: string): readonly IndexFile[] =>
  parseIndexPage({
    url: 'https://index.example/simple/x/',
    contentType: 'text/html; charset=utf-8',
    body,
    index: 'https://index.example/simple',
  });
const json = (files: unknown, meta: unknown = { 'api-version': '1.1' }): readonly IndexFile[] =>
  parseIndexPage({
    url: 'https://index.example/simple/x/',
    contentType: 'application/vnd.pypi.simple.v1+json',
    body: JSON.stringify({ meta, name: 'x', files }),
    index: 'i',
  });

describe('HTML pages (PEP 503)', () => {
  test('hash, wanted Python, yanked, metadata; relative, absolute and encoded addresses', () => {
    const files =
      html(`<!DOCTYPE html><!-- <a href="no-1.tar.gz"> --><html><head><script>"<a href='no-2.tar.gz'>"</script></head><body>
      <a href="../../files/x-1-py3-none-any.whl#sha256=${hex}" data-requires-python="&gt;=3.8,&lt;4" data-dist-info-metadata="sha256=${hex}">x</a>
      <A HREF='/abs/x-2.tar.gz' data-yanked>x</a>
      <a data-yanked="it &#x62;roke" href=https://user:pw@files.example/x-3%2Bcpu-py3-none-any.whl?t=1#md5=00 data-core-metadata=true>x</a>
      <a href="readme.txt">other</a><a name="nothing"></a>
      <a href="javascript:alert(1)//x-4.tar.gz"></a><a href="file:///etc/x-5.tar.gz"></a>`);
    expect(files).toEqual([
      {
        filename: 'x-1-py3-none-any.whl',
        url: 'https://index.example/files/x-1-py3-none-any.whl',
        sha256: `sha256:${hex}`,
        requiresPython: '>=3.8,<4',
        yanked: false,
        metadata: `sha256:${hex}`,
        index: 'https://index.example/simple',
        kind: 'wheel',
      },
      {
        filename: 'x-2.tar.gz',
        url: 'https://index.example/abs/x-2.tar.gz',
        yanked: true,
        metadata: false,
        index: 'https://index.example/simple',
        kind: 'sdist',
      },
      {
        filename: 'x-3+cpu-py3-none-any.whl',
        url: 'https://files.example/x-3%2Bcpu-py3-none-any.whl?t=1',
        yanked: 'it broke',
        metadata: true,
        index: 'https://index.example/simple',
        kind: 'wheel',
      },
    ]);
  });

  test('a base changes what relative addresses mean', () => {
    expect(html('<base href="https://cdn.example/d/"><a href="x-1.tar.gz">')).toMatchObject([
      { url: 'https://cdn.example/d/x-1.tar.gz' },
    ]);
  });

  test.each([
    ['<meta name="pypi:repository-version" content="2.0">', 'API version'],
    ['<a href="x-1.tar.gz#sha256=12">', 'not a SHA-256'],
  ])('%j is refused', (body, reason) => {
    expect(() => html(body)).toThrowError(
      expect.objectContaining({ code: 'INDEX_PAGE_INVALID', message: expect.stringContaining(reason) }),
    );
  });

  test.each([
    '<',
    '<a',
    '<a href',
    '<a href=',
    '<a href="x',
    "<a href='",
    '<!--',
    '<script>',
    '<a href=x-1.tar.gz',
    '</a></a>',
    '<a <a <a',
  ])('torn: %j', (body) => {
    expect(Array.isArray(html(body))).toBe(true);
  });

  test('hostile pages are read in linear time', () => {
    for (const piece of ['<', '<a ', '<a href="', '<!--', '<script>', "<a b='", '&#', '<a href=x-1.tar.gz ', '   /']) {
      const started = performance.now();
      parseHtmlPage(piece.repeat(100_000));
      expect(performance.now() - started).toBeLessThan(2000);
    }
  });
});

describe('JSON pages (PEP 691)', () => {
  test('every field', () => {
    expect(
      json([
        {
          filename: 'x-1-py3-none-any.whl',
          url: '../../f/x-1-py3-none-any.whl',
          hashes: { sha256: hex.toUpperCase() },
          'requires-python': '>=3.9',
          size: 5_000_000_000,
          yanked: 'bad',
          'core-metadata': { sha256: hex },
        },
        {
          filename: 'x-2.tar.gz',
          url: 'https://f.example/x-2.tar.gz',
          hashes: {},
          yanked: false,
          'requires-python': null,
          'dist-info-metadata': true,
        },
        { filename: '../x-3.tar.gz', url: 'https://f.example/x-3.tar.gz', hashes: {} },
        { filename: 'x-4.tar.gz', url: 'file:///etc/passwd', hashes: {} },
      ]),
    ).toEqual([
      {
        filename: 'x-1-py3-none-any.whl',
        url: 'https://index.example/f/x-1-py3-none-any.whl',
        sha256: `sha256:${hex}`,
        size: 5_000_000_000,
        requiresPython: '>=3.9',
        yanked: 'bad',
        metadata: `sha256:${hex}`,
        index: 'i',
        kind: 'wheel',
      },
      {
        filename: 'x-2.tar.gz',
        url: 'https://f.example/x-2.tar.gz',
        yanked: false,
        metadata: true,
        index: 'i',
        kind: 'sdist',
      },
    ]);
  });

  test.each([
    [[], { 'api-version': '2.0' }],
    [[], {}],
    [{}, undefined],
    [[{ filename: 'x-1.tar.gz' }], undefined],
    [[{ filename: 'x-1.tar.gz', url: 'u', size: -1 }], undefined],
    [[{ filename: 'x-1.tar.gz', url: 'u', hashes: { sha256: 'zz' } }], undefined],
  ])('%j %j is refused', (files, meta) => {
    expect(() => json(files, meta)).toThrowError(
      expect.objectContaining({ code: 'INDEX_PAGE_INVALID', where: 'https://index.example/simple/x/' }),
    );
  });

  test('another kind of page, and what is no JSON', () => {
    const page = { url: 'https://h.example/', body: '{', index: 'i' };
    for (const contentType of ['text/plain', '', 'image/png', 'application/json']) {
      expect(() => parseIndexPage({ ...page, contentType })).toThrowError(
        expect.objectContaining({ code: 'INDEX_PAGE_INVALID' }),
      );
    }
  });

  test('random pages: files, or an error of the family', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.stringMatching(/^[<a href="'x1.whl#=/>&;-]{0,80}$/)),
        fc.constantFrom('text/html', 'application/json'),
        (body, contentType) => {
          try {
            parseIndexPage({ url: 'https://h.example/x/', contentType, body, index: 'i' });
          } catch (error) {
            if (!isTareError(error)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['foo_bar-1.0-py3-none-any.whl', 'foo-bar', true],
  ['foo-bar-1.0.tar.gz', 'foo-bar', true],
  ['Foo.Bar-1.0.zip', 'foo-bar', true],
  ['foo-bar-1.0.tar.gz', 'foo', false],
  ['foobar-1.0-py3-none-any.whl', 'foo', false],
  ['nonsense.whl', 'nonsense', false],
])('%s belongs to %s: %s', (filename, name, belongs) => {
  expect(belongsTo(filename, name)).toBe(belongs);
});
