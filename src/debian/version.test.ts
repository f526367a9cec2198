import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareDebianVersions, type DebianVersion, parseDebianVersion, upstreamVersion } from './version.ts';

const v = (text: string): DebianVersion => parseDebianVersion(text);

// Debian Policy 5.6.12 and deb-version(7): each is less than the next.
const ascending = [
  '0',
  '1.0~~',
  '1.0~~a',
  '1.0~',
  '1.0~rc1-1',
  '1.0',
  '1.0-0.1',
  '1.0-1~bpo12+1',
  '1.0-1',
  '1.0-1+b1',
  '1.0-1.1',
  '1.0a-1',
  '1.0+dfsg-1',
  '1.0.1-1',
  '1.2-3-4',
  '1.9',
  '1.10',
  '1.10000000000000000000000000001',
  '2.36-9+deb12u4',
  '2.36-9+deb12u14',
  '1:0.1',
  '2:0~1',
  '10:0',
];

describe('versions', () => {
  test('come in the order of dpkg', () => {
    for (const [i, left] of ascending.entries()) {
      for (const [j, right] of ascending.entries()) {
        expect(Math.sign(compareDebianVersions(v(left), v(right))), `${left} ${right}`).toBe(Math.sign(i - j));
      }
    }
  });

  test.each([
    ['1.0', '1.0-0'],
    ['1.0', '0:1.0'],
    ['1.00', '1.0'],
    ['1.a', '1.a0'],
  ])('%s and %s are equal', (left, right) => {
    expect(compareDebianVersions(v(left), v(right))).toBe(0);
  });

  test.each(['', 'a1', '1:', ':1', '1.0-', '1.0_1', '1 0', '1.0-1:2', '-1', 'x:1', '1/2', '٣'])(
    '`%s` is refused',
    (text) => {
      expect(() => v(text)).toThrow(expect.objectContaining({ code: 'DEBIAN_VERSION_INVALID' }));
    },
  );

  test('the upstream part has neither epoch nor revision', () => {
    expect(upstreamVersion(v('1:1.3.dfsg+really1.3.1-1+b1'))).toBe('1.3.dfsg+really1.3.1');
    expect(upstreamVersion(v('20250419'))).toBe('20250419');
  });

  test('comparing is an order', () => {
    const one = fc.stringMatching(/^(?:\d:)?\d[0-9a-c.+~]{0,6}(?:-[0-9a-c.+~]{1,4})?$/).map(v);
    fc.assert(
      fc.property(one, one, one, (a, b, c) => {
        expect(Math.sign(compareDebianVersions(a, b))).toBe(-Math.sign(compareDebianVersions(b, a)) + 0);
        if (compareDebianVersions(a, b) <= 0 && compareDebianVersions(b, c) <= 0) {
          expect(compareDebianVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});
