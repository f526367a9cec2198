import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeElf } from '../../test/support/elf-maker.ts';
import { TareError } from '../base/errors.ts';
import { isElf, parseElf } from './elf.ts';

const spec = {
  soname: 'libx.so.1',
  needed: ['libc.so.6', 'libm.so.6'],
  rpath: '$ORIGIN/../lib',
  runpath: '/opt/lib:/usr/lib',
  versions: { 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34'], 'libm.so.6': ['GLIBC_2.29'] },
};
const library = makeElf(spec);

describe('ELF files', () => {
  for (const is64 of [true, false]) {
    for (const little of [true, false]) {
      test(`${is64 ? 64 : 32} bits, ${little ? 'little' : 'big'}-endian`, () => {
        expect(parseElf(makeElf({ ...spec, is64, little }), 'x')).toEqual({
          class: is64 ? 64 : 32,
          endian: little ? 'little' : 'big',
          machine: 'amd64',
          type: 'shared',
          soname: 'libx.so.1',
          needed: ['libc.so.6', 'libm.so.6'],
          rpath: '$ORIGIN/../lib',
          runpath: '/opt/lib:/usr/lib',
          neededVersions: [
            { library: 'libc.so.6', version: 'GLIBC_2.2.5' },
            { library: 'libc.so.6', version: 'GLIBC_2.34' },
            { library: 'libm.so.6', version: 'GLIBC_2.29' },
          ],
          definedVersions: [],
        });
      });
    }
  }

  test('a program names its loader', () => {
    const program = makeElf({
      type: 2,
      machine: 183,
      interpreter: '/lib/ld-linux-aarch64.so.1',
      needed: ['libc.so.6'],
    });
    expect(parseElf(program, 'x')).toMatchObject({
      type: 'executable',
      machine: 'arm64',
      interpreter: '/lib/ld-linux-aarch64.so.1',
      needed: ['libc.so.6'],
    });
  });

  test('a static program needs nothing', () => {
    expect(parseElf(makeElf({ type: 2, isStatic: true }), 'x')).toMatchObject({ needed: [], neededVersions: [] });
  });

  test('other files are told apart by their first bytes', () => {
    expect(isElf(library)).toBe(true);
    expect(isElf(Buffer.from('#!/bin/sh'))).toBe(false);
    expect(isElf(Buffer.from([0x7f, 0x45]))).toBe(false);
  });
});

describe('a file that only looks like one', () => {
  const altered = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(library);
    change(bytes);
    return bytes;
  };
  /** The place of the n-th entry of the dynamic section. */
  const dynamic = (entry: number) => Number(library.readBigUInt64LE(64 + 56 + 8)) + entry * 16;

  test.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('#!/bin/sh\n')],
    ['half a header', library.subarray(0, 60)],
    ['a class that is none', altered((bytes) => bytes.writeUInt8(7, 4))],
    ['a segment table outside', altered((bytes) => bytes.writeBigUInt64LE(2n ** 40n, 32))],
    ['a segment table beyond all files', altered((bytes) => bytes.writeBigUInt64LE(2n ** 63n, 32))],
    ['65535 segments', altered((bytes) => bytes.writeUInt16LE(65535, 56))],
    ['segments of no size', altered((bytes) => bytes.writeUInt16LE(0, 54))],
    ['a dynamic section outside', altered((bytes) => bytes.writeBigUInt64LE(2n ** 40n, 64 + 56 + 8))],
    ['a dynamic section of 2 GiB', altered((bytes) => bytes.writeBigUInt64LE(2n ** 31n, 64 + 56 + 32))],
    ['a name outside', altered((bytes) => bytes.writeBigUInt64LE(2n ** 40n, dynamic(0) + 8))],
    ['strings outside all segments', altered((bytes) => bytes.writeBigUInt64LE(1n, dynamic(5) + 8))],
  ])('%s is refused', (_name, bytes) => {
    expect(() => parseElf(bytes, 'here')).toThrow(expect.objectContaining({ code: 'ELF_INVALID', where: 'here' }));
  });

  test('version needs that go in a circle end', () => {
    const bytes = altered((copy) => {
      const at = Number(copy.readBigUInt64LE(dynamic(6) + 8)) - 0x40_0000;
      copy.writeInt32LE(65535, dynamic(7) + 8);
      copy.writeUInt32LE(16, at + 16 + 12);
      copy.writeUInt16LE(65535, at + 2);
    });
    try {
      parseElf(bytes, 'here');
    } catch (error) {
      expect(error).toBeInstanceOf(TareError);
    }
  });

  test('random bytes never hang and never throw anything else', () => {
    fc.assert(
      fc.property(fc.nat(library.length - 1), fc.uint8Array({ minLength: 1, maxLength: 12 }), (at, noise) => {
        const bytes = altered((copy) => copy.set(noise.subarray(0, copy.length - at), at));
        try {
          parseElf(bytes, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(TareError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
