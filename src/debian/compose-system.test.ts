import { describe, expect, test } from 'vitest';
import { compose, file, folder, inBase, link, slim, status, triplet } from '../../test/support/composed-system.ts';
import { type DebSpec, makeAr, makeDeb } from '../../test/support/deb-maker.ts';
import { makeElf } from '../../test/support/elf-maker.ts';
import type { TarMember } from '../../test/support/tar-maker.ts';
import type { FileFacts } from '../root/file-facts.ts';

describe('where files go', () => {
  test('through the links of the base, folders of the base not again', async () => {
    const { entries, get } = await compose([
      {
        name: 'aa',
        data: [folder('lib'), file('lib/x86_64-linux-gnu/liba.so.1'), folder('var/run/aa'), file('opt/a/b')],
      },
    ]);
    expect(get(`${triplet}/liba.so.1`)?.type).toBe('file');
    expect(get('run/aa')?.type).toBe('directory');
    expect(get('opt/a')).toMatchObject({ type: 'directory', mode: 0o755 });
    for (const path of ['usr', 'usr/lib', triplet, 'lib', 'var']) expect(get(path), path).toBeUndefined();
    const seen = new Set(slim.map((one) => one.path));
    for (const { path } of entries) {
      const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      expect(parent === '' || seen.has(parent), path).toBe(true);
      seen.add(path);
    }
  });

  test('stay in /lib where the base is older than the merged root', async () => {
    const base = ['lib', 'lib/x86_64-linux-gnu', 'usr', 'usr/lib', triplet, 'etc'].map((path) =>
      inBase(path, 'directory'),
    );
    const spec = { name: 'aa', data: [file('lib/x86_64-linux-gnu/liba.so.1', makeElf({ soname: 'liba.so.1' }))] };
    const { get, bytes } = await compose([spec], { base, loaderFolders: ['lib/x86_64-linux-gnu', triplet] });
    expect(get('lib/x86_64-linux-gnu/liba.so.1')?.type).toBe('file');
    expect(Buffer.from(bytes('etc/ld.so.cache')).toString('latin1')).toContain('/lib/x86_64-linux-gnu/liba.so.1\0');
  });

  test('documentation stays out, what was asked for does not', async () => {
    const { get } = await compose([
      {
        name: 'aa',
        data: [
          file('usr/share/man/man1/a.1.gz'),
          file('usr/share/doc/aa/README'),
          file('usr/share/doc/aa/copyright'),
          file('usr/include/a.h'),
          file('usr/share/dict/words'),
        ],
      },
    ]);
    expect(get('usr/share/man/man1/a.1.gz') ?? get('usr/share/doc/aa/README')).toBeUndefined();
    for (const path of ['usr/share/doc/aa/copyright', 'usr/include/a.h', 'usr/share/dict/words'])
      expect(get(path)?.type, path).toBe('file');
  });

  test('files lose set-uid and set-gid, folders keep their bits', async () => {
    const { get } = await compose([
      {
        name: 'aa',
        data: [
          file('usr/bin/su', 'x', 0o4755),
          file('usr/bin/wall', 'x', 0o2755),
          folder('var/spool/a', 0o2775),
          folder('opt/t', 0o1777),
        ],
      },
    ]);
    expect([get('usr/bin/su')?.mode, get('usr/bin/wall')?.mode]).toEqual([0o755, 0o755]);
    expect([get('var/spool/a')?.mode, get('opt/t')?.mode]).toEqual([0o2775, 0o1777]);
  });

  test('hard links stay where their file stays, else become it', async () => {
    const { get, text } = await compose([
      {
        name: 'aa',
        data: [
          file('usr/bin/a', 'A'),
          { name: './usr/bin/b', flag: '1', target: './usr/bin/a' },
          file('usr/share/man/m', 'M'),
          { name: './usr/bin/m', flag: '1', target: './usr/share/man/m' },
        ],
      },
    ]);
    expect(get('usr/bin/b')).toMatchObject({ type: 'hardlink', linkTarget: 'usr/bin/a' });
    expect([get('usr/bin/m')?.type, text('usr/bin/m')]).toEqual(['file', 'M']);
  });

  test('the same packages give the same entries in any order', async () => {
    const specs: DebSpec[] = [
      { name: 'aa', data: [file('usr/a')] },
      { name: 'bb', data: [file('usr/b')] },
    ];
    const [one, two] = await Promise.all([compose(specs), compose([...specs].reverse())]);
    expect(two.entries).toEqual(one.entries);
  });
});

describe('files that are there already', () => {
  const library = makeElf({ soname: 'libz.so.1' });

  test.each<[string, FileFacts, TarMember]>([
    ['another file', inBase('usr/bin/a', 'file', { size: 9 }), file('usr/bin/a', 'x')],
    ['a link for a file', inBase('usr/bin/a', 'symlink', { linkTarget: 'b' }), file('usr/bin/a', 'x')],
    ['another link', inBase('usr/bin/a', 'symlink', { linkTarget: 'b' }), link('usr/bin/a', 'c')],
    ['a folder for a file', inBase('usr/bin/a', 'directory'), file('usr/bin/a', 'x')],
    ['a file for a folder', inBase('usr/bin/a', 'file', { size: 1 }), file('usr/bin/a/b', 'x')],
    [
      'another library of the same size',
      inBase(`${triplet}/libz.so.1`, 'file', { size: library.length }),
      file(`${triplet}/libz.so.1`, library),
    ],
  ])('in the base: %s', async (_name, there, member) => {
    await expect(compose([{ name: 'aa', data: [member] }], { base: [...slim, there] })).rejects.toMatchObject({
      code: 'DEBIAN_FILE_CONFLICT',
      message: expect.stringContaining('aa'),
      hint: expect.stringContaining('exclude-system-packages = ["aa"]'),
    });
  });

  test('in the base: the same link, folder or file is left alone', async () => {
    const base = [
      ...slim,
      inBase('usr/bin/l', 'symlink', { linkTarget: 'x' }),
      inBase('usr/bin/f', 'file', { size: 1 }),
    ];
    const { get } = await compose(
      [{ name: 'aa', data: [link('usr/bin/l', 'x'), file('usr/bin/f', 'F'), folder('usr/bin')] }],
      { base },
    );
    expect(get('usr/bin/l') ?? get('usr/bin/f') ?? get('usr/bin')).toBeUndefined();
  });

  test('of another added package, unless one replaces the other', async () => {
    const first: DebSpec = { name: 'aa', data: [file('usr/bin/x', 'from aa')] };
    const second: DebSpec = { name: 'bb', data: [file('usr/bin/x', 'from bb')] };
    await expect(compose([first, second])).rejects.toMatchObject({
      code: 'DEBIAN_FILE_CONFLICT',
      message: expect.stringMatching(/aa.*bb/),
    });
    const replacing = { ...second, fields: { Replaces: 'aa (<< 2), cc' } };
    expect((await compose([first, replacing])).text('usr/bin/x')).toBe('from bb');
  });

  test('a way through a link of a package', async () => {
    const specs: DebSpec[] = [
      { name: 'aa', data: [link('usr/x', '/etc')] },
      { name: 'bb', data: [file('usr/x/passwd')] },
    ];
    await expect(compose(specs)).rejects.toMatchObject({ code: 'DEBIAN_FILE_CONFLICT' });
  });

  test('a package that the base has', async () => {
    const options = {
      policy: 'depends',
      baseStatus: `${status}\nPackage: aa\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0\n`,
    } as const;
    await expect(compose([{ name: 'aa' }], options)).rejects.toMatchObject({ code: 'DEBIAN_ALREADY_INSTALLED' });
  });
});

describe('packages that are not as they should be', () => {
  test.each<[string, string, TarMember[]]>([
    ['a path that leads out', 'TAR_PATH_INVALID', [{ name: './../../etc/passwd', bytes: 'x' }]],
    ['an absolute path', 'TAR_PATH_INVALID', [{ name: '/etc/passwd', bytes: 'x' }]],
    ['a device', 'TAR_TYPE_UNSUPPORTED', [{ name: './dev/sda', flag: '3' }]],
    ['a pipe', 'TAR_TYPE_UNSUPPORTED', [{ name: './run/pipe', flag: '6' }]],
    ['a hard link that leads out', 'TAR_PATH_INVALID', [{ name: './x', flag: '1', target: '../../etc/shadow' }]],
    ['a hard link to a file of the base', 'DEB_INVALID', [{ name: './x', flag: '1', target: './etc/shadow' }]],
  ])('%s: %s', async (_name, code, data) => {
    const base = [...slim, inBase('etc/shadow', 'file', { size: 1 })];
    await expect(compose([{ name: 'aa', data }], { base })).rejects.toMatchObject({ code });
  });

  test('hashes that are not those of the files', async () => {
    const scripts = { md5sums: '00000000000000000000000000000000  usr/bin/a\n' };
    await expect(compose([{ name: 'aa', data: [file('usr/bin/a')], scripts }])).rejects.toMatchObject({
      code: 'DEB_INVALID',
      message: expect.stringContaining('usr/bin/a'),
    });
    const unread = { md5sums: 'nonsense\n\n\u0000\n' };
    expect(
      (await compose([{ name: 'aa', data: [file('usr/bin/a')], scripts: unread }])).get('usr/bin/a'),
    ).toBeDefined();
  });

  test('no package at all', async () => {
    await expect(compose([makeAr([{ name: 'x', bytes: Buffer.from('y') }])])).rejects.toMatchObject({
      code: 'DEB_INVALID',
    });
  });

  test('another one than was asked for', async () => {
    await expect(compose([makeDeb({ name: 'bb' }).bytes])).rejects.toMatchObject({ code: 'DEB_MISMATCH' });
  });
});
