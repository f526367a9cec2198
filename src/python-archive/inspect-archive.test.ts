import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ArchiveSpec,
  glibcProgram,
  makePythonArchive,
  storeAsZstd,
  writePythonArchive,
} from '../../test/support/archive-maker.ts';
import { makeElf } from '../../test/support/elf-maker.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { makeTar } from '../../test/support/tar-maker.ts';
import { isTareError } from '../base/errors.ts';
import { type ArchiveLimits, archiveLimits } from './archive-entries.ts';
import { inspectArchive } from './inspect-archive.ts';

const filename = 'cpython-3.12.7+20241016-x86_64-unknown-linux-gnu-install_only.tar.gz';

async function inspectBytes(bytes: Uint8Array, limits?: ArchiveLimits) {
  const dir = await temporaryDir('python-archive');
  await writeFile(join(dir, 'blob'), bytes);
  return inspectArchive({ file: join(dir, 'blob'), filename }, join(dir, 'spool'), limits);
}

const inspect = async (spec: ArchiveSpec, limits?: ArchiveLimits) => inspectBytes(makePythonArchive(spec), limits);

describe('what is in an archive', () => {
  test('version, machine and C library are those of what is in it, whatever its name says', async () => {
    expect(await inspect({ python: '3.11', fullVersion: '3.11.14' })).toEqual({
      python: '3.11',
      fullVersion: '3.11.14',
      isFreeThreaded: false,
      interpreter: 'bin/python3.11',
      machine: 'amd64',
      libc: 'glibc',
      needsLibrary: false,
    });
  });

  test('packed by zstd it is the same', async () => {
    const packed = makePythonArchive();
    expect(await inspectBytes(storeAsZstd(gunzipSync(packed)))).toEqual(await inspectBytes(packed));
  });

  test('a free-threaded one is told by its program and folder', async () => {
    const plain = { name: 'python/bin/python3.13', flag: '2', target: 'python3.13t' };
    expect(await inspect({ python: '3.13t', members: [plain] })).toMatchObject({
      python: '3.13',
      fullVersion: '3.13.7',
      isFreeThreaded: true,
      interpreter: 'bin/python3.13t',
    });
  });

  test('without headers the name says the full version, if it is of the same Python', async () => {
    const without = ['include/python3.12/patchlevel.h'];
    expect((await inspect({ without })).fullVersion).toBe('3.12.7');
    const other = await inspect({ python: '3.11', without: ['include/python3.11/patchlevel.h'] });
    expect(other.fullVersion).toBeUndefined();
  });

  test.each([
    ['another machine', { ...glibcProgram, machine: 183 }, { machine: 'arm64', libc: 'glibc' }],
    ['musl', { interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.so'] }, { libc: 'musl' }],
    ['a static program', { isStatic: true }, { libc: 'none' }],
    ['a shared libpython', { ...glibcProgram, needed: ['libpython3.12.so.1.0'] }, { needsLibrary: true }],
  ] as const)('%s is seen in the program', async (_what, elf, expected) => {
    expect(await inspect({ elf })).toMatchObject(expected);
  });

  test('the interpreter may be behind links', async () => {
    const members = [
      { name: 'python/bin/python3.12-real', bytes: 'not it' },
      { name: 'python/bin/python3.12', flag: '2', target: './python' },
    ];
    const file = { name: 'python/bin/python', bytes: makeElf(glibcProgram), mode: 0o755 };
    await expect(inspect({ without: ['bin/python3.12'], members: [...members, file] })).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_INVALID',
    });
  });
});

describe('what is refused', () => {
  const link = (name: string, target: string, flag = '2') => ({ name: `python/${name}`, flag, target });
  test.each<[string, ArchiveSpec, RegExp]>([
    ['no interpreter', { without: ['bin/python3.12', 'bin/python3'] }, /no `python\/bin\/python3\.N`/],
    ['no standard library', { without: ['lib/python3.12/os.py'] }, /no standard library/],
    [
      'a script for an interpreter',
      { without: ['bin/python3.12'], members: [{ name: 'python/bin/python3.12', bytes: '#!/bin/sh\n' }] },
      /cannot be used/,
    ],
    ['a second top folder', { members: [{ name: 'other/file', bytes: 'x' }] }, /beside the folder/],
    ['a path out of it', { members: [{ name: 'python/../../etc/passwd', bytes: 'x' }] }, /`\.\.`/],
    ['an absolute path', { members: [{ name: '/etc/passwd', bytes: 'x' }] }, /absolute/],
    ['a link out of it', { members: [link('lib/x', '../../etc/passwd')] }, /leaves its folder/],
    ['an absolute link', { members: [link('lib/x', '/etc/passwd')] }, /leaves its folder/],
    ['a hard link out of it', { members: [link('lib/x', 'etc/passwd', '1')] }, /beside the folder/],
    ['a hard link to nothing', { members: [link('lib/x', 'python/lib/nothing', '1')] }, /no file before it/],
    [
      'a file below a link',
      { members: [link('lib/x', 'python3.12'), { name: 'python/lib/x/os.py', bytes: 'y' }] },
      /below what is no folder/,
    ],
    ['a path twice', { members: [{ name: 'python/bin/python3.12', bytes: 'y' }] }, /twice/],
    ['a device', { members: [{ name: 'python/lib/null', flag: '3' }] }, /character-device/],
  ])('%s', async (_what, spec, message) => {
    await expect(inspect(spec)).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_INVALID',
      where: filename,
      message: expect.stringMatching(message),
      hint: expect.stringContaining('docs/standalone-python.md'),
    });
  });

  test('what is larger or more than any real archive', async () => {
    const bytes = Buffer.alloc(100_000);
    const members = [{ name: 'python/lib/large', bytes }];
    for (const limits of [
      { ...archiveLimits, file: 10_000 },
      { ...archiveLimits, unpacked: 50_000 },
      { ...archiveLimits, entries: 5 },
    ]) {
      await expect(inspect({ members }, limits)).rejects.toMatchObject({ code: 'PYTHON_ARCHIVE_INVALID' });
    }
  });

  test('other files, and what is cut off anywhere', async () => {
    const whole = makePythonArchive();
    for (const bytes of [Buffer.from('PK\u0003\u0004'), Buffer.alloc(0), gunzipSync(whole), gzipSync(makeTar([]))]) {
      await expect(inspectBytes(bytes)).rejects.toMatchObject({ code: 'PYTHON_ARCHIVE_INVALID', where: filename });
    }
    for (let length = 10; length < whole.length - 8; length += 97) {
      await expect(inspectBytes(whole.subarray(0, length))).rejects.toMatchObject({ code: 'PYTHON_ARCHIVE_INVALID' });
    }
  });

  test('damage is an error of the archive or is harmless, never another failure', async () => {
    const whole = gunzipSync(makePythonArchive());
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        try {
          await inspectBytes(gzipSync(damaged, { level: 1 }));
        } catch (error) {
          expect(isTareError(error) && error.code).toBe('PYTHON_ARCHIVE_INVALID');
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a real name does not help a file that is none', async () => {
    const { file } = await writePythonArchive(await temporaryDir('python-archive'), { without: ['bin/python3.12'] });
    const dir = await temporaryDir('spool');
    await expect(inspectArchive({ file, filename }, join(dir, 'spool'))).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_INVALID',
    });
  });
});
