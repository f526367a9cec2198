import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTomlDocument } from './toml-document.ts';
import { scanTomlLines } from './toml-lines.ts';

const text = `# comment = 1
title = "x" # [not.a.table]
[project]
name = 'x'
list = [
  "a, ] # no comment", # a comment, ]

  'b',
]
"quoted key".inner = 1
long = """
[fake]
name = 2
"""
[[tool.items]]
id = 1
[tool.items.sub]
x = 1
[[tool.items]]
id = 2
inline = {a = 1, b = {c = ["d", "e"]}}
[a."b.c".d]
date = 2020-01-01
after = '''it's'''
`;

describe('lines of TOML', () => {
  test.each<readonly [readonly (string | number)[], number | undefined]>([
    [['title'], 2],
    [['project'], 3],
    [['project', 'list', 0], 6],
    [['project', 'list', 1], 8],
    [['project', 'list', 2], undefined],
    [['project', 'quoted key', 'inner'], 10],
    [['project', 'long'], 11],
    [['fake'], undefined],
    [['tool'], 15],
    [['tool', 'items', 0, 'id'], 16],
    [['tool', 'items', 0, 'sub', 'x'], 18],
    [['tool', 'items', 1, 'id'], 20],
    [['tool', 'items', 1, 'inline', 'b', 'c', 1], 21],
    [['a', 'b.c', 'd', 'date'], 23],
    [['a', 'b.c', 'd', 'after'], 24],
  ])('%o is on line %s', (path, line) => {
    expect(parseTomlDocument(text, 'x.toml').lineOf(...path)).toBe(line);
  });

  test('line ends of Windows count once', () => {
    expect(parseTomlDocument('a = 1\r\n[b]\r\nc = [1,\r\n2]\r\n', 'x.toml').lineOf('b', 'c', 1)).toBe(4);
  });

  test('any text ends, and is valid or refused with its place', () => {
    const piece = fc.oneof(
      fc.constantFrom('[', ']', '[[', '=', '"', "'", '"""', '{', '}', ',', '\n', '#', '.', 'a', '1', '\\'),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
        scanTomlLines(parts.join(''));
        try {
          parseTomlDocument(parts.join(''), 'x.toml');
        } catch (error) {
          expect(error).toMatchObject({ code: 'TOML_INVALID', where: expect.stringMatching(/^x\.toml(:\d+:\d+)?$/) });
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    '['.repeat(100_000),
    `a = ${'['.repeat(100_000)}`,
    `a = ${'{a='.repeat(50_000)}`,
    '__proto__ = 1',
    'constructor.x = 1',
  ])('hostile text is refused', (hostile) => {
    expect(() => parseTomlDocument(hostile, 'x.toml')).toThrowError(expect.objectContaining({ code: 'TOML_INVALID' }));
  });
});
