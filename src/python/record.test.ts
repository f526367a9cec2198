import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import { parseRecord, renderRecord } from './record.ts';

const empty = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU';
const emptyHex = createHash('sha256').digest('hex');
const sha512 = createHash('sha512').update('x');
const sha512Text = sha512.copy().digest('base64url');

function codeOf(text: string): string {
  try {
    parseRecord(text, 'a.whl: RECORD');
    return 'accepted';
  } catch (error) {
    if (!isTareError(error)) throw error;
    return error.code;
  }
}

describe('parseRecord', () => {
  test('reads the rows of the specification', () => {
    const text = `/usr/bin/black,sha256=${empty},267\nblack/__init__.py,sha256=${empty},0\r\nblack.dist-info/RECORD,,\n`;
    expect(parseRecord(text, 'RECORD')).toEqual([
      { path: '/usr/bin/black', hash: { algorithm: 'sha256', hex: emptyHex }, size: 267 },
      { path: 'black/__init__.py', hash: { algorithm: 'sha256', hex: emptyHex }, size: 0 },
      { path: 'black.dist-info/RECORD' },
    ]);
  });

  test('reads quotes, line feeds in names, missing columns, empty lines and padding', () => {
    const text = `"a, ""b"".py",sha512=${sha512Text},1\n\n"two\nlines"\nc.py,SHA256=${empty}=,\n`;
    expect(parseRecord(text, 'RECORD')).toEqual([
      { path: 'a, "b".py', hash: { algorithm: 'sha512', hex: sha512.copy().digest('hex') }, size: 1 },
      { path: 'two\nlines' },
      { path: 'c.py', hash: { algorithm: 'sha256', hex: emptyHex } },
    ]);
    expect(parseRecord('', 'RECORD')).toEqual([]);
  });

  test.each([
    ['md5', 'a,md5=1B2M2Y8AsgTpgAmY7PhCfg,0'],
    ['sha1', 'a,sha1=2jmj7l5rSw0yVb_vlWAYkK_YBwk,0'],
    ['no algorithm', `a,${empty},0`],
    ['too short', `a,sha256=${empty.slice(0, 40)},0`],
    ['hexadecimal', `a,sha256=${emptyHex},0`],
    ['the other alphabet', `a,sha256=${empty.replaceAll('-', '+').replaceAll('_', '/')},0`],
    ['a length that is none', `a,sha256=${empty},1e3`],
    ['a negative length', `a,sha256=${empty},-1`],
    ['four columns', 'a,,,x'],
    ['no path', `,sha256=${empty},0`],
    ['NUL', 'a\0b,,'],
    ['an open quote', '"a,,'],
    ['text behind a quote', '"a"b,,'],
  ])('refuses %s', (_what, text) => {
    expect(codeOf(text)).toBe('RECORD_INVALID');
  });

  test('says which row', () => {
    expect(() => parseRecord('a,,\nb,md5=x,\n', 'w.whl: RECORD')).toThrow(
      expect.objectContaining({ where: 'w.whl: RECORD: row 2' }),
    );
  });

  test('no text breaks it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '=', 'sha256=', '1') }), (text) => {
        expect(codeOf(text)).toMatch(/^(?:accepted|RECORD_INVALID)$/);
      }),
    );
  });
});

describe('renderRecord', () => {
  test('sorts by path and quotes as pip does', () => {
    const hash = { algorithm: 'sha256', hex: emptyHex } as const;
    expect(
      renderRecord([{ path: 'b' }, { path: '../../../bin/x', hash, size: 0 }, { path: 'a, "q"', hash, size: 1 }]),
    ).toBe(`../../../bin/x,sha256=${empty},0\r\n"a, ""q""",sha256=${empty},1\r\nb,,\r\n`);
  });

  test('what it writes is read back', () => {
    const row = fc.record(
      {
        path: fc.string({ minLength: 1, unit: 'grapheme' }).filter((path) => !path.includes('\0')),
        hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => ({
          algorithm: 'sha256' as const,
          hex: Buffer.from(bytes).toString('hex'),
        })),
        size: fc.nat(),
      },
      { requiredKeys: ['path'] },
    );
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ({ path }) => path }), (rows) => {
        const sorted = rows.toSorted((left, right) => (left.path < right.path ? -1 : 1));
        expect(parseRecord(renderRecord(rows), 'RECORD')).toEqual(sorted);
      }),
    );
  });
});
