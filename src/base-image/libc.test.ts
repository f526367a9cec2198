import { describe, expect, test } from 'vitest';
import { parseDebianVersion } from '../debian/version.ts';
import type { ElfFacts } from '../elf/elf.ts';
import { layTree } from '../root/tree.ts';
import type { PackageDatabase } from './base-image.ts';
import { parseStatus } from './dpkg-status.ts';
import { findLibc } from './libc.ts';
import { sha256 } from '../base/digest.ts';

const none: PackageDatabase = { kind: 'none', packages: [], state: sha256('') };

function treeWith(definedVersions: readonly string[]) {
  const elf: ElfFacts = {
    class: 64,
    endian: 'little',
    machine: 'amd64',
    type: 'shared',
    needed: [],
    neededVersions: [],
    definedVersions,
  };
  return layTree([[{ path: 'usr/lib64/libc.so.6', type: 'file', mode: 0o755, uid: 0, gid: 0, size: 1, elf }]]);
}

describe('the C library', () => {
  test('without a package says its version by the newest symbols that it defines', () => {
    const tree = treeWith([
      'libc.so.6',
      'GLIBC_2.2.5',
      'GLIBC_2.9',
      'GLIBC_2.34',
      'GLIBC_PRIVATE',
      'GLIBC_ABI_DT_RELR',
    ]);
    expect(findLibc(tree, ['usr/lib', 'usr/lib64'], none, [])).toEqual({ libc: 'glibc', glibc: '2.34' });
  });

  test('with a package is that of the package: not every release defines symbols', () => {
    const text = 'Package: libc6\nVersion: 2.37-1\n';
    const packages = parseStatus({ path: 'x', text, record: 'status.d' }, 'amd64');
    expect(packages[0]?.version).toBe(parseDebianVersion('2.37-1'));
    const database = { ...none, kind: 'status.d', packages } as const;
    expect(findLibc(treeWith(['GLIBC_2.36']), ['usr/lib64'], database, [])).toEqual({ libc: 'glibc', glibc: '2.37' });
  });

  test('that defines nothing is there, of an unknown version', () => {
    expect(findLibc(treeWith([]), ['usr/lib64'], none, [])).toEqual({ libc: 'glibc' });
    expect(findLibc(treeWith([]), ['usr/lib'], none, [])).toEqual({ libc: 'none' });
  });
});
