import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TareError } from '../base/errors.ts';
import { compileContents, contentsSizeOf, openCompiledContents } from './contents-index.ts';
import { lineTableHeaderSize } from './line-table.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const compiled = async (text: string, size = 11) =>
  openCompiledContents(await compileContents(inPieces(text, size), 'here')) ?? expect.fail('it cannot be opened');

const real = [
  'bin                                                     admin/base-files',
  'bin/bash                                                shells/bash',
  'lib/x86_64-linux-gnu/libz.so.1\t\tlibs/zlib1g',
  'sbin/ldconfig                                           libs/libc-bin',
  'usr/bin/ffmpeg                                          video/ffmpeg',
  'usr/bin/file                                            utils/file,contrib/utils/file-next',
  'usr/games/sl                                            games/sl',
  'usr/lib/file/magic.mgc                                  libs/libmagic-mgc',
  'usr/lib/python3/dist-packages/x/_x.cpython-313-x86_64-linux-gnu.so  python/python3-x',
  'usr/lib/x86_64-linux-gnu/dri/swrast_dri.so              libs/libgl1-mesa-dri',
  'usr/lib/x86_64-linux-gnu/libGL.so.1                     libs/libgl1',
  'usr/lib/x86_64-linux-gnu/primus/libGL.so.1              contrib/libs/primus-libs',
  'usr/share/a file with spaces.so.1                       misc/odd',
  'usr/share/doc/libgl1/copyright                          libs/libgl1',
].join('\n');

describe('a compiled Contents index', () => {
  test('finds libraries, programs and what packages hold, whatever the pieces it came in', async () => {
    for (const size of [1, 7, 64, 100_000]) {
      const index = await compiled(real, size);
      expect(index.libraries('libGL.so.1')).toEqual([
        { folder: 'usr/lib/x86_64-linux-gnu', package: 'libgl1' },
        { folder: 'usr/lib/x86_64-linux-gnu/primus', package: 'primus-libs' },
      ]);
      expect(index.programs('file')).toEqual(['file', 'file-next']);
      expect(index.programs('sl')).toEqual([]);
      expect(index.code('libgl1')).toEqual({ libraries: true, plugins: false, programs: false });
      expect(index.code('libgl1-mesa-dri')).toEqual({ libraries: false, plugins: true, programs: false });
      expect(index.code('python3-x')).toEqual({ libraries: false, plugins: true, programs: false });
      expect(index.code('libmagic-mgc')).toBeUndefined();
    }
  });

  test('paths from before the merge of /usr end up where they are now', async () => {
    const index = await compiled(real);
    expect(index.libraries('libz.so.1')).toEqual([{ folder: 'usr/lib/x86_64-linux-gnu', package: 'zlib1g' }]);
    expect(index.programs('bash')).toEqual(['bash']);
    expect(index.programs('ldconfig')).toEqual(['libc-bin']);
    expect((await compiled(`${real.replaceAll(/^/gm, './')}\n`)).programs('bash')).toEqual(['bash']);
  });

  test('a path may hold spaces, and names are matched whole', async () => {
    const index = await compiled(real);
    expect(index.libraries('a file with spaces.so.1')).toEqual([{ folder: 'usr/share', package: 'odd' }]);
    expect(['libGL.so', 'libGL.so.', 'libGL.so.1 ', 'GL.so.1', 'magic.mgc', ''].flatMap(index.libraries)).toEqual([]);
  });

  test('the prose before the heading of an old file is passed over', async () => {
    const prose = [
      'This file maps each file available in the system to',
      'usr/bin/no  such/package',
      'FILE                                 LOCATION',
    ];
    const index = await compiled([...prose, real].join('\n'));
    expect(index.programs('no')).toEqual([]);
    expect(index.programs('ffmpeg')).toEqual(['ffmpeg']);
  });

  test('lines without packages are passed over, but not all of them', async () => {
    const broken = ['usr/bin/alone', 'usr/bin/bad  BAD PACKAGE!', 'usr/lib/libx.so.1   ,,/'].join('\n');
    expect((await compiled(`${broken}\n${real}`)).programs('ffmpeg')).toEqual(['ffmpeg']);
    await expect(compiled(broken)).rejects.toMatchObject({ code: 'DEBIAN_CONTENTS_INVALID', where: 'here' });
  });

  test('a line that does not end is refused before it fills the memory', async () => {
    const chunk = Buffer.alloc(256 * 1024, 0x61);
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        yield chunk;
      }
    }
    await expect(compileContents(endless(), 'here')).rejects.toMatchObject({ code: 'DEBIAN_CONTENTS_INVALID' });
    expect(given).toBeLessThan(10);
  });

  test('an empty index is one', async () => {
    const index = await compiled('');
    expect([index.libraries('libc.so.6'), index.programs('sh'), index.code('libc6')]).toEqual([[], [], undefined]);
  });

  test('a damaged file in the cache is not opened', async () => {
    const bytes = await compileContents(inPieces(real, 64), 'here');
    expect(contentsSizeOf(bytes.subarray(0, lineTableHeaderSize))).toBe(bytes.length);
    for (const damaged of [bytes.subarray(0, -1), bytes.subarray(0, 10), Buffer.concat([bytes, Buffer.from('x')])]) {
      expect(openCompiledContents(damaged)).toBeUndefined();
    }
    const other = Buffer.from(bytes).fill('x', 0, 8);
    expect(openCompiledContents(other)).toBeUndefined();
  });

  test('gives what searching every line gives', async () => {
    const word = fc.stringMatching(/^[a-z]{1,4}$/);
    const name = fc
      .tuple(word, fc.constantFrom('.so', '.so.1', '.so.1.2', '.sox', '', '.so-x'))
      .map((two) => two.join(''));
    const folder = fc.constantFrom(
      'usr/lib',
      'usr/lib/x86_64-linux-gnu',
      'usr/bin',
      'usr/sbin',
      'usr/share/x',
      'opt/lib',
    );
    const line = fc.record({ folder, name, packages: fc.array(word, { minLength: 1, maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), async (lines, size) => {
        const text = lines.map((one) => `${one.folder}/${one.name}   x/${one.packages.join(',x/')}\n`).join('');
        const index = await compiled(text, size);
        for (const { name: wanted } of lines) {
          const same = lines.filter((one) => one.name === wanted);
          const isBin = (one: (typeof lines)[number]) => /bin$/.test(one.folder);
          const programs = same.filter(isBin).flatMap((one) => one.packages);
          expect(new Set(index.programs(wanted))).toEqual(new Set(programs));
          const libraries = /\.so(\.|$)/.test(wanted) ? same.filter((one) => !isBin(one)) : [];
          expect(new Set(index.libraries(wanted).map((one) => `${one.folder} ${one.package}`))).toEqual(
            new Set(libraries.flatMap((one) => one.packages.map((owner) => `${one.folder} ${owner}`))),
          );
        }
      }),
    );
  });

  test('random bytes are refused or give an index', async () => {
    const piece = fc.constantFrom('usr/bin/', 'a', '.so', '\n', ' ', '\t', ',', '/', 'ÿ', '\0', '\r', 'FILE LOCATION');
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200, unit: piece }), async (text) => {
        await compiled(text).catch((error: unknown) => expect(error).toBeInstanceOf(TareError));
      }),
    );
  });
});
