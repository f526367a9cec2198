import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseOsRelease, suiteOf } from './os-release.ts';

describe('os-release(5)', () => {
  test('quotes and escapes are as in a shell', () => {
    const text = [
      '# comment',
      "ID='debian'",
      'PRETTY_NAME="A \\"quoted\\" \\$name \\\\ with \\`ticks\\`"',
      'ID_LIKE="one two"',
      'VERSION_ID="12"  ',
      'VERSION_CODENAME=',
      'nonsense',
    ].join('\n');
    expect(parseOsRelease(text)).toEqual({
      id: 'debian',
      idLike: ['one', 'two'],
      versionId: '12',
      prettyName: 'A "quoted" $name \\ with `ticks`',
    });
  });

  test('what is absent has the defaults of the specification', () => {
    expect(parseOsRelease('')).toEqual({ id: 'linux', idLike: [], prettyName: 'Linux' });
  });

  test('no text is refused, and the last assignment of a name counts', () => {
    fc.assert(
      fc.property(fc.string(), (junk) => {
        const text = `${junk.replaceAll(/^\s*ID=.*$/gm, '')}\nID=first\nID=debian\n`;
        expect(parseOsRelease(text).id).toBe('debian');
      }),
    );
  });
});

describe('the suite', () => {
  const suite = (text: string) => suiteOf({ osRelease: parseOsRelease(text) });

  test.each([
    ['ID=debian\nVERSION_CODENAME=trixie\nVERSION_ID="13"', 'trixie'],
    ['ID=debian\nVERSION_ID="11"', 'bullseye'],
    ['ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"', 'forky'],
  ])('%j is %s', (text, expected) => {
    expect(suite(text)).toBe(expected);
  });

  test.each([
    'ID=debian\nVERSION_ID="99"',
    'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble',
    'ID=raspbian\nID_LIKE=debian\nVERSION_CODENAME=bookworm',
    '',
  ])('%j is none', (text) => {
    expect(() => suite(text)).toThrow(expect.objectContaining({ code: 'BASE_SUITE_UNKNOWN' }));
  });
});
