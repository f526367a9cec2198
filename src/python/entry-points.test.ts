import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { findConsoleScripts } from './console-script.ts';
import { parseEntryPoints, parseObjectReference } from './entry-points.ts';

describe('parseEntryPoints', () => {
  test('reads the example of the specification', () => {
    const text = `[console_scripts]
foo = foomod:main
# One which depends on extras:
foobar = foomod:main_bar [bar,baz]

; also a comment
# pytest plugins refer to a module, so there is no ':obj'
[pytest11]
nbval = nbval.plugin
`;
    expect(parseEntryPoints(text, 'entry_points.txt')).toEqual([
      {
        group: 'console_scripts',
        name: 'foo',
        value: 'foomod:main',
        reference: { module: 'foomod', attribute: 'main' },
      },
      {
        group: 'console_scripts',
        name: 'foobar',
        value: 'foomod:main_bar [bar,baz]',
        reference: { module: 'foomod', attribute: 'main_bar' },
      },
      { group: 'pytest11', name: 'nbval', value: 'nbval.plugin', reference: { module: 'nbval.plugin' } },
    ]);
  });

  test('keeps case, blanks in names and strange values; the last of one name wins', () => {
    const text = '[G]\r\nA b = x y z\r\na b=m : o . p\r\nN=one:two\r\nN=three:four\r\n';
    expect(parseEntryPoints(text, 'e')).toEqual([
      { group: 'G', name: 'A b', value: 'x y z' },
      { group: 'G', name: 'a b', value: 'm : o . p' },
      { group: 'G', name: 'N', value: 'three:four', reference: { module: 'three', attribute: 'four' } },
    ]);
    expect(parseEntryPoints('', 'e')).toEqual([]);
  });

  test.each([
    ['a line before the first group', 'a = b:c', 'e:1'],
    ['an open bracket', '[g\na = b:c', 'e:1'],
    ['an empty group', '[ ]', 'e:1'],
    ['a line without a value', '[g]\n\njust text', 'e:3'],
    ['no name', '[g]\n= a:b', 'e:2'],
  ])('refuses %s', (_what, text, where) => {
    expect(() => parseEntryPoints(text, 'e')).toThrow(expect.objectContaining({ code: 'ENTRY_POINTS_INVALID', where }));
  });

  test('no text breaks it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '[', ']', '=', ':', '.', '\n', ' ', '#', 'é') }), (text) => {
        try {
          parseEntryPoints(text, 'e');
        } catch (error) {
          expect(isTareError(error)).toBe(true);
        }
      }),
    );
  });
});

test.each([
  ['a.b:c.d', { module: 'a.b', attribute: 'c.d' }],
  ['modül:größe', { module: 'modül', attribute: 'größe' }],
  ['a', { module: 'a' }],
  ['a:b[x]', { module: 'a', attribute: 'b' }],
  ['a:b; import os', undefined],
  ['a:b()', undefined],
  ['a..b:c', undefined],
  ['a:b:c', undefined],
  ['a:b\nimport os', undefined],
  ['', undefined],
])('object reference %j', (text, expected) => {
  expect(parseObjectReference(text)).toEqual(expected);
});

describe('findConsoleScripts', () => {
  const names = (text: string): string[] =>
    findConsoleScripts(parseEntryPoints(text, 'e'), '3.13', 'w.whl').map(({ name }) => name);

  test('makes the versioned names of pip for this Python', () => {
    expect(names('[console_scripts]\npip = p:m\npip3 = p:m\npip3.8 = p:m\npipx = p:m\n').sort()).toEqual([
      'pip',
      'pip3',
      'pip3.13',
      'pipx',
    ]);
    expect(names('[console_scripts]\neasy_install-3.6 = s:m\neasy_install = s:m\n').sort()).toEqual([
      'easy_install',
      'easy_install-3.13',
    ]);
  });

  test('a graphical script wins over one of the same name', () => {
    const points = parseEntryPoints('[gui_scripts]\na = g:m\n[console_scripts]\na = c:m\n', 'e');
    expect(findConsoleScripts(points, '3.13', 'w')).toEqual([{ name: 'a', module: 'g', attribute: 'm' }]);
  });

  test.each(['a', 'a b = m:f', '../a = m:f', 'a/b = m:f', '.. = m:f', 'a = m', 'a = m:f()', 'a = m:f;x'])(
    'refuses %s',
    (line) => {
      expect(() => names(`[console_scripts]\n${line}\n`)).toThrow(/\S/);
      const code = line === 'a' ? 'ENTRY_POINTS_INVALID' : 'SCRIPT_ENTRY_POINT_INVALID';
      expect(() => names(`[console_scripts]\n${line}\n`)).toThrow(expect.objectContaining({ code }));
    },
  );
});
