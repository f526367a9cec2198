import { describe, expect, test } from 'vitest';
import { renderLoaderCache } from './loader-cache.ts';

/** What is in a cache, in its order, as the loader reads it (glibc `struct cache_file_new`). */
function entriesOf(bytes: Uint8Array): { name: string; path: string; flags: number }[] {
  const data = Buffer.from(bytes);
  const text = (at: number) => data.toString('utf8', at, data.indexOf(0, at));
  return Array.from({ length: data.readUInt32LE(20) }, (_, index) => {
    const at = 48 + index * 24;
    return {
      flags: data.readUInt32LE(at),
      name: text(data.readUInt32LE(at + 4)),
      path: text(data.readUInt32LE(at + 8)),
    };
  });
}

const library = (soname: string, folder = '/lib', machine = 'amd64') => ({
  soname,
  path: `${folder}/${soname}`,
  machine,
});

describe('the cache of the loader', () => {
  test('has the magic, the sizes and the flags that the loader checks', () => {
    const bytes = Buffer.from(renderLoaderCache([library('libc.so.6'), library('libz.so.1', '/lib', 'arm64')]));
    expect(bytes.toString('latin1', 0, 20)).toBe('glibc-ld.so.cache1.1');
    expect(bytes.readUInt32LE(24)).toBe(bytes.length - 48 - 2 * 24);
    expect(bytes.readUInt8(28)).toBe(2);
    expect(entriesOf(bytes).map((entry) => entry.flags)).toEqual([0x0a03, 0x0303]);
  });

  test('is in the byte order of the machine, whose hard floats are marked', () => {
    const big = Buffer.from(renderLoaderCache([library('libc.so.6', '/lib', 's390x')]));
    expect(big.readUInt8(28)).toBe(3);
    expect([big.readUInt32BE(20), big.readUInt32BE(48)]).toEqual([1, 0x0403]);
    expect(big.toString('latin1', big.readUInt32BE(56)).split('\0')[0]).toBe('/lib/libc.so.6');
    const arm = renderLoaderCache([library('libc.so.6', '/lib', 'arm'), library('libm.so.6', '/lib', 'mips')]);
    expect(entriesOf(arm)).toMatchObject([{ name: 'libc.so.6', flags: 0x0903 }]);
  });

  // Printed by `ldconfig -p` for files of these names: greatest first, numbers as numbers.
  test('is sorted as the loader searches it', () => {
    const names = [
      'libz.so.1',
      'libx10.so.1',
      'libx9.so.2',
      'libx9.so.1',
      'libxa.so',
      'libstdc++.so.6',
      'libBrokenLocale.so.1',
      'ld-linux.so.2',
    ];
    const expected = [
      'libz.so.1',
      'libx10.so.1',
      'libx9.so.2',
      'libx9.so.1',
      'libxa.so',
      'libstdc++.so.6',
      'libBrokenLocale.so.1',
      'ld-linux.so.2',
    ];
    const given = [...names].reverse().map((name) => library(name));
    expect(entriesOf(renderLoaderCache(given)).map((entry) => entry.name)).toEqual(expected);
  });

  test('of two of one name the first is found, and a name may differ from its file', () => {
    const bytes = renderLoaderCache([
      library('liba.so.1', '/first'),
      library('liba.so.1', '/second'),
      { ...library('libb.so.1'), path: '/lib/libb-2.so' },
    ]);
    expect(entriesOf(bytes)).toMatchObject([
      { name: 'libb.so.1', path: '/lib/libb-2.so' },
      { name: 'liba.so.1', path: '/first/liba.so.1' },
    ]);
  });

  test('of unknown machines there is nothing in it', () => {
    expect(entriesOf(renderLoaderCache([library('liba.so.1', '/lib', 'machine-9')]))).toEqual([]);
  });
});
