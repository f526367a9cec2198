import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeAr, makeDeb } from '../../test/support/deb-maker.ts';
import { makeTar, type TarMember } from '../../test/support/tar-maker.ts';
import { TareError } from '../base/errors.ts';
import { type DebEntry, readDebControl, readDebData } from './deb.ts';

async function onDisk(bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tare-deb-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'package.deb');
  await writeFile(file, bytes);
  return file;
}

async function entriesOf(bytes: Uint8Array): Promise<DebEntry[]> {
  const entries: DebEntry[] = [];
  for await (const entry of readDebData(await onDisk(bytes))) entries.push(entry);
  return entries;
}

const data: TarMember[] = [
  { name: './', flag: '5' },
  { name: './usr/', flag: '5' },
  { name: './usr/one', bytes: 'first', mode: 0o4755, uid: 5, gid: 6, mtime: 1_600_000_000 },
  { name: './usr/two', flag: '2', target: '../one' },
  { name: './usr/three', flag: '1', target: './usr/one' },
];
const deb = makeDeb({ name: 'aa', data, scripts: { postinst: '#!/bin/sh\n' }, fields: { Depends: 'bb' } });

/** A package of these members behind `debian-binary`. */
const debOf = (members: Readonly<Record<string, Uint8Array>>, format = '2.0\n') =>
  makeAr([
    { name: 'debian-binary', bytes: Buffer.from(format) },
    ...Object.entries(members).map(([name, bytes]) => ({ name, bytes })),
  ]);
const control = gzipSync(makeTar([{ name: './control', bytes: 'Package: aa\nVersion: 1\nArchitecture: all\n' }]));

describe('a Debian package', () => {
  test('says what it is', async () => {
    const read = await readDebControl(await onDisk(deb.bytes));
    expect(Object.fromEntries(read.fields)).toMatchObject({ package: 'aa', version: '1.0-1', depends: 'bb' });
    expect([...read.files.keys()]).toEqual(['control', 'md5sums', 'postinst']);
  });

  test('gives its files as they are', async () => {
    expect(await entriesOf(deb.bytes)).toMatchObject([
      { path: 'usr', type: 'directory', mode: 0o755 },
      {
        path: 'usr/one',
        type: 'file',
        mode: 0o4755,
        uid: 5,
        gid: 6,
        mtime: 1_600_000_000,
        bytes: Buffer.from('first'),
      },
      { path: 'usr/two', type: 'symlink', linkTarget: '../one' },
      { path: 'usr/three', type: 'hardlink', linkTarget: 'usr/one' },
    ]);
  });

  test('packed with zstd, or not at all', async () => {
    const tar = makeTar(data);
    const plain = debOf({ 'control.tar': makeTar([]), 'data.tar': tar });
    expect(await entriesOf(plain)).toHaveLength(4);
    // A frame of raw blocks (RFC 8878, 3.1.1.2).
    const size = Buffer.alloc(4);
    size.writeUInt32LE(tar.length);
    const block = Buffer.alloc(4);
    block.writeUInt32LE(tar.length * 8 + 1);
    const zst = Buffer.concat([Buffer.from('28b52ffda0', 'hex'), size, block.subarray(0, 3), tar]);
    expect(await entriesOf(debOf({ 'control.tar.gz': control, 'data.tar.zst': zst }))).toHaveLength(4);
  });

  test('members with an underscore may stand between (deb(5))', async () => {
    const file = await onDisk(debOf({ _gpgorigin: Buffer.from('x'), 'control.tar.gz': control }));
    expect((await readDebControl(file)).fields.get('package')).toBe('aa');
  });
});

describe('a package that is not one', () => {
  const dataOf = (...members: TarMember[]) =>
    debOf({ 'control.tar.gz': control, 'data.tar.gz': gzipSync(makeTar(members)) });

  test.each<[string, string, Uint8Array]>([
    ['another file', 'AR_INVALID', Buffer.from('not an archive at all')],
    ['an empty archive', 'DEB_INVALID', Buffer.from('!<arch>\n')],
    ['no debian-binary', 'DEB_INVALID', makeAr([{ name: 'data.tar.gz', bytes: gzipSync(makeTar(data)) }])],
    ['another format', 'DEB_INVALID', debOf({ 'data.tar.gz': gzipSync(makeTar(data)) }, '3.0\n')],
    ['no data', 'DEB_INVALID', debOf({ 'control.tar.gz': control })],
    ['another packing', 'DEB_INVALID', debOf({ 'data.tar.lzma': Buffer.from('x') })],
    ['a damaged gzip', 'GZIP_INVALID', debOf({ 'data.tar.gz': Buffer.from('\x1f\x8b\x08 and then nothing') })],
    ['a gzip cut short', 'GZIP_INVALID', debOf({ 'data.tar.gz': gzipSync(makeTar(data)).subarray(0, 60) })],
    ['an xz that is none', 'XZ_INVALID', debOf({ 'data.tar.xz': Buffer.from('something else') })],
    ['a zstd that is none', 'ZSTD_INVALID', debOf({ 'data.tar.zst': Buffer.from('something else') })],
    ['a path that leads out', 'TAR_PATH_INVALID', dataOf({ name: './../../etc/passwd', bytes: 'x' })],
    ['a hard link that leads out', 'TAR_PATH_INVALID', dataOf({ name: './x', flag: '1', target: '../../etc/passwd' })],
    ['a device', 'TAR_TYPE_UNSUPPORTED', dataOf({ name: './dev/sda', flag: '3' })],
  ])('%s: %s', async (_name, code, bytes) => {
    await expect(entriesOf(bytes)).rejects.toMatchObject({ code });
  });

  test('cut anywhere', async () => {
    for (let length = 0; length < deb.bytes.length - 2; length += 11) {
      await expect(entriesOf(deb.bytes.subarray(0, length)), String(length)).rejects.toBeInstanceOf(TareError);
    }
  });

  test.each([
    ['none', []],
    ['two paragraphs', [{ name: './control', bytes: 'Package: a\n\nPackage: b\n' }]],
    ['no version', [{ name: './control', bytes: 'Package: aa\nArchitecture: all\n' }]],
  ] as const)('control file: %s', async (_name, members) => {
    const file = await onDisk(debOf({ 'control.tar.gz': gzipSync(makeTar(members)) }));
    await expect(readDebControl(file)).rejects.toMatchObject({ code: 'DEB_INVALID' });
  });

  test('a file that is gone', async () => {
    await expect(readDebControl('/nowhere/x.deb')).rejects.toMatchObject({ code: 'DEB_MISSING' });
  });

  test('random bytes never hang and never throw anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(deb.bytes.length), fc.uint8Array({ minLength: 1, maxLength: 30 }), async (at, noise) => {
        const bytes = Buffer.concat([deb.bytes.subarray(0, at), noise, deb.bytes.subarray(at + noise.length)]);
        await entriesOf(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(TareError));
      }),
      { numRuns: 60 },
    );
  });
});
