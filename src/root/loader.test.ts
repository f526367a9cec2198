import { describe, expect, test } from 'vitest';
import { type ElfSpec, makeElf } from '../../test/support/elf-maker.ts';
import type { FileFacts } from './file-facts.ts';
import { createLoader, type LoaderSettings } from './loader.ts';
import { factsOfBytes } from './observe.ts';
import { layTree } from './tree.ts';

const object = (path: string, spec: ElfSpec = {}): FileFacts =>
  factsOfBytes({ path, type: 'file', mode: 0o755, uid: 0, gid: 0 }, makeElf(spec));
const link = (path: string, linkTarget: string): FileFacts => ({
  ...{ path, type: 'symlink', mode: 0o777, uid: 0, gid: 0, size: 0 },
  linkTarget,
});
const settings: LoaderSettings = { machine: 'amd64', libraryPath: [], folders: ['usr/lib/x', 'usr/lib'] };
const load = (files: FileFacts[], path: string, more: Partial<LoaderSettings> = {}, preloaded: string[] = []) =>
  createLoader(layTree([files]), { ...settings, ...more }).load(path, preloaded);

describe('where the loader looks (ld.so(8))', () => {
  test('in the folders, in their order, also by soname as ldconfig(8) links it', () => {
    const files = [
      object('app.so', { needed: ['libb.so.1', 'liba.so.1'] }),
      object('usr/lib/liba.so.1'),
      object('usr/lib/x/liba.so.1'),
      object('usr/lib/libb.so.1.2.3', { soname: 'libb.so.1' }),
    ];
    expect(load(files, 'app.so').objects).toEqual(['app.so', 'usr/lib/libb.so.1.2.3', 'usr/lib/x/liba.so.1']);
  });

  test('$ORIGIN in RPATH and RUNPATH is the folder of the object', () => {
    const files = [
      object('site/pkg/ext.so', { needed: ['libz-1.so'], rpath: '${ORIGIN}/../pkg.libs' }),
      object('site/pkg/two.so', { needed: ['libz-1.so'], runpath: '/nowhere:$ORIGIN/../pkg.libs' }),
      object('site/pkg.libs/libz-1.so'),
    ];
    for (const path of ['site/pkg/ext.so', 'site/pkg/two.so']) {
      expect(load(files, path)).toEqual({
        objects: [path, 'site/pkg.libs/libz-1.so'],
        missing: [],
        missingVersions: [],
      });
    }
  });

  test('RPATH holds for what the object leads to, RUNPATH for the object alone', () => {
    const inner = [object('libs/liba.so', { needed: ['libb.so'] }), object('libs/libb.so')];
    const byRpath = [object('ext.so', { needed: ['liba.so'], rpath: '/libs' }), ...inner];
    expect(load(byRpath, 'ext.so').missing).toEqual([]);
    const byRunpath = [object('ext.so', { needed: ['liba.so'], runpath: '/libs' }), ...inner];
    expect(load(byRunpath, 'ext.so').missing).toEqual([{ soname: 'libb.so', chain: ['ext.so', 'libs/liba.so'] }]);
  });

  test.each([
    ['amd64', 62, true, 'x86_64', 'x86_64-linux-gnu'],
    ['arm', 40, false, 'v7l', 'arm-linux-gnueabihf'],
    ['i386', 3, false, 'i686', 'i386-linux-gnu'],
    ['ppc64el', 21, true, 'ppc64el', 'powerpc64le-linux-gnu'],
  ])('$LIB and $PLATFORM of %s', (machine, number, is64, platform, triplet) => {
    const spec = { machine: number, is64 };
    const files = [
      object('x.so', { ...spec, needed: ['liba.so', 'libb.so'], runpath: '/opt/$LIB:/opt/${PLATFORM}' }),
      object(`opt/lib/${triplet}/liba.so`, spec),
      object(`opt/${platform}/libb.so`, spec),
      object('usr/lib/liba.so', { machine: 183 }),
    ];
    expect(load(files, 'x.so', { machine }).objects).toEqual([
      'x.so',
      `opt/lib/${triplet}/liba.so`,
      `opt/${platform}/libb.so`,
    ]);
  });

  test('RPATH does not count beside RUNPATH, LD_LIBRARY_PATH comes before RUNPATH and after RPATH', () => {
    const libraries = ['one', 'two', 'three'].map((folder) => object(`${folder}/liba.so`));
    const both = [object('x.so', { needed: ['liba.so'], rpath: '/one', runpath: '/two' }), ...libraries];
    expect(load(both, 'x.so').objects[1]).toBe('two/liba.so');
    expect(load(both, 'x.so', { libraryPath: ['/three'] }).objects[1]).toBe('three/liba.so');
    const alone = [object('x.so', { needed: ['liba.so'], rpath: '/one' }), ...libraries];
    expect(load(alone, 'x.so', { libraryPath: ['/three'] }).objects[1]).toBe('one/liba.so');
  });

  test('an object of another machine is passed over', () => {
    const files = [
      object('x.so', { needed: ['liba.so'] }),
      object('usr/lib/x/liba.so', { machine: 183 }),
      object('usr/lib/liba.so'),
    ];
    expect(load(files, 'x.so').objects).toEqual(['x.so', 'usr/lib/liba.so']);
  });

  test('what is loaded already is not searched for: the program, its libraries, preloaded siblings', () => {
    const files = [
      object('usr/bin/python', { needed: ['libpython.so'], rpath: '$ORIGIN/../own' }),
      object('usr/own/libpython.so', { needed: ['libm.so'] }),
      object('usr/lib/libm.so'),
      object('ext.so', { needed: ['libpython.so', 'libm.so', 'libcublas.so.12', 'libown.so'] }),
      object('usr/own/libown.so'),
      object('nvidia/libcublas.so.12', { soname: 'libcublas.so.12' }),
    ];
    const program = { program: '/usr/bin/python' };
    expect(load(files, 'ext.so', program).missing).toEqual([{ soname: 'libcublas.so.12', chain: ['ext.so'] }]);
    expect(load(files, 'ext.so', program, ['nvidia/libcublas.so.12'])).toMatchObject({
      objects: ['ext.so', 'usr/own/libown.so'],
      missing: [],
    });
  });

  test('circles end, and one file under two names is loaded once', () => {
    const files = [
      object('usr/lib/liba.so.1', { needed: ['libb.so.1'] }),
      object('usr/lib/libb.so.1', { needed: ['liba.so.1', 'liba.so'] }),
      link('usr/lib/liba.so', 'liba.so.1'),
    ];
    expect(load(files, 'usr/lib/liba.so')).toMatchObject({
      objects: ['usr/lib/liba.so.1', 'usr/lib/libb.so.1'],
      missing: [],
    });
  });
});

describe('symbol versions', () => {
  const needing = object('x.so', { needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.17', 'GLIBC_2.38'] } });
  const glibc = (...defined: string[]): FileFacts => {
    const facts = object('usr/lib/libc.so.6', { soname: 'libc.so.6' });
    return facts.elf === undefined ? facts : { ...facts, elf: { ...facts.elf, definedVersions: defined } };
  };

  test('that the library does not define are told, with the chain', () => {
    expect(load([needing, glibc('GLIBC_2.17')], 'x.so').missingVersions).toEqual([
      { soname: 'libc.so.6', version: 'GLIBC_2.38', provider: 'usr/lib/libc.so.6', chain: ['x.so'] },
    ]);
    expect(load([needing, glibc('GLIBC_2.17', 'GLIBC_2.38')], 'x.so').missingVersions).toEqual([]);
  });

  test('of a library without any are not looked at', () => {
    expect(load([needing, glibc()], 'x.so').missingVersions).toEqual([]);
  });
});
