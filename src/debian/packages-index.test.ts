import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TareError } from '../base/errors.ts';
import { compactPackages, openCompact } from './packages-index.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const compact = async (text: string, size = 7) => {
  const index = openCompact(await compactPackages(inPieces(text, size), 'here'));
  return index ?? expect.fail('it cannot be opened');
};

const entry = (name: string, version: string, more = '') =>
  `Package: ${name}\nSource: ignored\nVersion: ${version}\nMaintainer: Zoë <z@x.example>\nArchitecture: all\n${more}Description: text\n with: a line\n .\nFilename: pool/${name}_${version}.deb\nSize: 5\nSHA256: ${'0'.repeat(64)}\n`;

describe('the compact form of an index', () => {
  test('finds packages by name, all versions, whatever the pieces it came in', async () => {
    const text = [entry('zlib1g', '1'), entry('aa', '2'), entry('aa', '1'), entry('aa-bb', '1')].join('\n');
    for (const size of [1, 3, 64, 100_000]) {
      const index = await compact(text, size);
      expect(
        index
          .find('aa')
          .map((one) => one('version'))
          .sort(),
      ).toEqual(['1', '2']);
      expect(index.find('zlib1g').map((one) => one('filename'))).toEqual(['pool/zlib1g_1.deb']);
      expect(['a', 'aa-', 'b', 'zz', ''].flatMap((name) => index.find(name))).toEqual([]);
    }
  });

  test('finds who provides a name', async () => {
    const text = [
      entry('mta-one', '1', 'Provides: mta, other (= 1:2)\n'),
      entry('mta-two', '1', 'Provides: mta\n'),
      entry('mta', '1'),
    ].join('\n');
    const index = await compact(text);
    expect(index.providers('mta').map((one) => one('package'))).toEqual(['mta-one', 'mta-two']);
    expect(index.providers('other').map((one) => one('provides'))).toEqual(['mta, other (= 1:2)']);
    expect(index.providers('mta-one')).toEqual([]);
  });

  test('folded fields, other cases and tabs', async () => {
    const index = await compact(entry('aa', '1', 'DEPENDS: b\n\tc,\n d\te\nPre-Depends:\n f\n'));
    expect(index.find('aa')[0]?.('depends')).toBe('b c, d e');
    expect(index.find('aa')[0]?.('pre-depends').trim()).toBe('f');
    expect(index.find('aa')[0]?.('filename')).toBe('pool/aa_1.deb');
  });

  test.each([
    ['a field that is missing', entry('aa', '1').replace(/^SHA256.*\n/m, '')],
    ['a line that is no field', `${entry('aa', '1')}what is this\n`],
    ['a page of something else', '<html>\n'],
  ])('%s is refused', async (_name, text) => {
    await expect(compact(text)).rejects.toMatchObject({ code: 'DEBIAN_INDEX_INVALID', where: 'here' });
  });

  test('an empty index is one', async () => {
    expect((await compact('')).find('aa')).toEqual([]);
  });

  test('a damaged file in the cache is not opened', async () => {
    const bytes = await compactPackages(inPieces(entry('aa', '1'), 9), 'here');
    for (const damaged of [bytes.subarray(0, -1), bytes.subarray(0, 10), Buffer.concat([bytes, Buffer.from('x')])]) {
      expect(openCompact(damaged)).toBeUndefined();
    }
  });

  test('random bytes are refused or give an index', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ maxLength: 200, unit: fc.constantFrom('a', ':', '\n', ' ', 'Package', 'ÿ') }),
        async (text) => {
          await compact(text).catch((error: unknown) => expect(error).toBeInstanceOf(TareError));
        },
      ),
    );
  });
});
