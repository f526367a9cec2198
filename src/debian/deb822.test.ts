import { describe, expect, test } from 'vitest';
import { parseDeb822 } from './deb822.ts';

const objects = (text: string, comments = false) =>
  parseDeb822(text, 'file', { comments }).map((stanza) => Object.fromEntries(stanza));

describe('deb822', () => {
  test('paragraphs, fields of any case, continuation lines', () => {
    expect(objects('Package: a\r\nDepends: b,\n  c\n\t.\n\n\nPACKAGE: d\nempty:\n')).toEqual([
      { package: 'a', depends: 'b,\n c\n.' },
      { package: 'd', empty: '' },
    ]);
  });

  test('comments only where they may be', () => {
    const text = '# note\nTypes: deb\n#URIs: x\n# between\nSuites: y\n';
    expect(objects(text, true)).toEqual([{ types: 'deb', suites: 'y' }]);
    expect(() => objects(text)).toThrow(expect.objectContaining({ code: 'DEB822_INVALID', where: 'file:1' }));
  });

  test.each([' x', 'a', 'a: 1\na: 2', '-a: 1', ': 1', 'a b: 1', 'ä: 1'])('`%s` is refused', (text) => {
    expect(() => objects(text)).toThrow(expect.objectContaining({ code: 'DEB822_INVALID' }));
  });

  test('a name of an object in JavaScript is a name like others', () => {
    expect(parseDeb822('__proto__: 1\nconstructor: 2\n', 'file')[0]?.get('__proto__')).toBe('1');
  });
});
