import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TareError } from '../base/errors.ts';
import { isSatisfiedBy, parseRelations, renderRelationGroup } from './relation.ts';
import { parseDebianVersion } from './version.ts';

const render = (text: string, architecture = 'amd64') =>
  parseRelations(text, architecture).map(renderRelationGroup).join(', ');

describe('relations', () => {
  test.each([
    ['libc6 (>= 2.38), libz1', 'libc6 (>= 2.38), libz1'],
    ['media-types | mime-support,tzdata', 'media-types | mime-support, tzdata'],
    ['python3:any (>=3.11~)', 'python3:any (>= 3.11~)'],
    ['a(<<2),b ( = 1:2-3 ) ,', 'a (<< 2), b (= 1:2-3)'],
    // The obsolete operators (deb-control(5)).
    ['aa (< 2), bb (> 2)', 'aa (<= 2), bb (>= 2)'],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(render(text)).toBe(expected);
  });

  test('alternatives for other architectures are left out', () => {
    const text = 'aa [amd64 arm64], bb [!amd64] | cc, dd [linux-any], ee [any-arm64], ff [kfreebsd-any]';
    expect(render(text)).toBe('aa, cc, dd');
    expect(render(text, 'arm64')).toBe('aa, bb | cc, dd, ee');
  });

  test.each([
    ['<<', '1.9', true],
    ['<<', '2', false],
    ['<=', '2', true],
    ['=', '2', true],
    ['=', '2-1', false],
    ['>=', '2~rc1', false],
    ['>>', '2-1', true],
  ])('x (%s 2) and version %s: %s', (operator, version, expected) => {
    const relation = parseRelations(`x1 (${operator} 2)`, 'amd64')[0]?.[0];
    expect(relation && isSatisfiedBy(relation, parseDebianVersion(version))).toBe(expected);
  });

  test.each(['A', 'a b', 'aa (>= )', 'aa (~ 1)', 'aa (>= 1', 'aa |', '| aa', 'aa [', 'aa (>= 1_2)', 'ä'])(
    '`%s` is refused',
    (text) => {
      expect(() => parseRelations(text, 'amd64', 'here')).toThrow(TareError);
    },
  );

  test('any text is read or refused, and quickly', () => {
    const part = fc.constantFrom('aa', ' ', '(', ')', '>=', '1', '[', ']', '<', '>', '!', '|', ',', ':', 'any');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        try {
          parseRelations(parts.join(''), 'amd64');
        } catch (error) {
          expect(error).toBeInstanceOf(TareError);
        }
      }),
    );
    expect(() => parseRelations(`aa (>= 1) ${'<a '.repeat(100_000)}`, 'amd64')).toThrow(TareError);
  });
});
