import { describe, expect, test } from 'vitest';
import { policyName, sortedLibraries } from './library-owner.ts';

describe('the name of a library package (Debian Policy 8.1)', () => {
  test.each([
    ['libfoo.so.1', 'libfoo1'],
    ['libfoo2.so.1', 'libfoo2-1'],
    ['libfoo-1.2.so', 'libfoo-1.2'],
    ['libGL.so.1', 'libgl1'],
    ['libgcc_s.so.1', 'libgcc-s1'],
    ['libpng16.so.16', 'libpng16-16'],
    ['libglib-2.0.so.0', 'libglib-2.0-0'],
    ['libstdc++.so.6', 'libstdc++6'],
    ['libproj.so.25', 'libproj25'],
  ])('%s', (soname, name) => {
    expect(policyName(soname)).toBe(name);
  });
});

const triplet = 'usr/lib/x86_64-linux-gnu';
const sorted = (soname: string, ...found: readonly (readonly [string, string])[]) =>
  sortedLibraries(
    soname,
    'amd64',
    found.map(([folder, owner]) => ({ folder, package: owner })),
  ).map((one) => `${one.package} ${one.path}`);

describe('who is preferred', () => {
  test('what the loader finds before private copies, though these are of the package with the name', () => {
    expect(sorted('libGL.so.1', [`${triplet}/primus`, 'libgl1'], [triplet, 'zz-gl'])).toEqual([
      `zz-gl ${triplet}/libGL.so.1`,
      `libgl1 ${triplet}/primus/libGL.so.1`,
    ]);
  });

  test('the package of the library before others, renamed ones too', () => {
    for (const [soname, owner] of [
      ['libmagic.so.1', 'libmagic1t64'],
      ['libmagic.so.1', 'libmagic1'],
      ['libglib-2.0.so.0', 'libglib2.0-0t64'],
      ['libglib-2.0.so.0', 'libglib2.0-0'],
      ['libssl.so.3', 'libssl3t64'],
      ['libz.so.1', 'libz1g'],
      ['libprotobuf.so.32', 'libprotobuf32t64'],
    ] as const) {
      expect(sorted(soname, [triplet, 'aa-other'], [triplet, owner], [triplet, 'libaa-dev'])).toEqual([
        `${owner} ${triplet}/${soname}`,
        `aa-other ${triplet}/${soname}`,
        `libaa-dev ${triplet}/${soname}`,
      ]);
    }
  });

  test('then the order of the folders, then the name', () => {
    expect(
      sorted('libx.so.1', ['usr/lib', 'bb'], [triplet, 'cc'], [triplet, 'bb'], ['opt/x', 'aa'], ['usr/lib/x', 'zz']),
    ).toEqual([
      `bb ${triplet}/libx.so.1`,
      `cc ${triplet}/libx.so.1`,
      'bb usr/lib/libx.so.1',
      'zz usr/lib/x/libx.so.1',
      'aa opt/x/libx.so.1',
    ]);
  });

  test('what is for another architecture, C library or ABI never serves, nor what is for debugging', () => {
    expect(
      sorted(
        'libc.so.6',
        ['usr/lib/aarch64-linux-gnu', 'libc6'],
        ['usr/aarch64-linux-gnu/lib', 'libc6-arm64-cross'],
        ['usr/arc-linux-gnu/lib', 'libc6-arc-cross'],
        ['usr/x86_64-linux-gnu/lib', 'libc6-amd64-cross'],
        ['usr/lib/x86_64-linux-musl', 'musl'],
        ['usr/lib32', 'libc6-i386'],
        ['usr/libx32', 'libc6-x32'],
        ['usr/lib/debug/lib/x86_64-linux-gnu', 'libc6-dbg'],
        [`${triplet}/debug`, 'libc6-dbg'],
        [triplet, 'libc6'],
      ),
    ).toEqual([`libc6 ${triplet}/libc.so.6`]);
  });

  test('the same file in several indexes is one', () => {
    expect(sorted('libx.so.1', [triplet, 'libx1'], [triplet, 'libx1'])).toEqual([`libx1 ${triplet}/libx.so.1`]);
  });
});
