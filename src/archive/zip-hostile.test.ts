import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MadeArchive, type MadeMember, makeZip, zip64Extra } from '../../test/support/zip-maker.ts';
import { isTareError } from '../base/errors.ts';
import { readZip, readZipMember } from './zip.ts';

let folder = '';
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tare-zip-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(bytes: Uint8Array): Promise<string> {
  count += 1;
  const file = join(folder, `${count}.zip`);
  await writeFile(file, bytes);
  return file;
}

async function contents(file: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const { entries } = await readZip(file);
  for (const entry of entries) {
    found[entry.name] = Buffer.from(await readZipMember(entry.slice, 1 << 26, entry.name)).toString('latin1');
  }
  return found;
}

/** The code of the refusal, and the text that a person reads. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const file = await put(bytes);
  try {
    await contents(file);
  } catch (error) {
    if (!isTareError(error)) throw error;
    expect(error.where).toContain(file);
    expect(error.hint).not.toBe('');
    return error.code;
  }
  return 'read without complaint';
}

const one: MadeMember = { name: 'a.py', data: 'print("hello, hello, hello")' };
const packed = deflateRawSync(Buffer.from('print("hello, hello, hello")'));
const endOfOther = makeZip([{ name: 'other', data: '' }]).subarray(-22);

/** What is made, and the code with which it is refused. */
const hostile: readonly (readonly [string, string, readonly MadeMember[], MadeArchive?])[] = [
  ['ZIP_ENCRYPTED', 'encrypted', [{ ...one, flags: 0x0001 }]],
  ['ZIP_ENCRYPTED', 'strongly encrypted', [{ ...one, flags: 0x0041 }]],
  ['ZIP_ENCRYPTED', 'masked headers', [{ ...one, flags: 0x2000 }]],
  ['ZIP_ENCRYPTED', 'AES', [{ ...one, method: 99 }]],
  ['ZIP_METHOD_UNKNOWN', 'deflate64', [{ ...one, method: 9 }]],
  ['ZIP_METHOD_UNKNOWN', 'zstd', [{ ...one, method: 93 }]],
  ['ZIP_METHOD_UNKNOWN', 'patched data', [{ ...one, flags: 0x0020 }]],
  ['ZIP_SPLIT', 'disk number in the end record', [one], { end: { disk: 1 } }],
  ['ZIP_SPLIT', 'disk number of a member', [{ ...one, central: { disk: 1 } }]],
  ['ZIP_SPLIT', 'several disks in zip64', [one], { zip64: true, zip64End: { disks: 2 } }],
  ['ZIP_OVERLAP', 'two members of one place', [one, { ...one, name: 'b.py', central: { offset: 0 } }]],
  [
    'ZIP_OVERLAP',
    'data over the next member',
    [{ ...one, method: 0, central: { packedSize: 90, size: 90 } }, { name: 'b' }],
  ],
  ['ZIP_OVERLAP', 'data over the directory', [{ ...one, method: 0, central: { packedSize: 29, size: 29 } }]],
  ['ZIP_DUPLICATE_NAME', 'duplicate', [one, one]],
  ['ZIP_NAME_CLASH', 'a file as a folder', [one, { name: 'a.py/b', data: '' }]],
  ['ZIP_NAME_UNSAFE', 'absolute', [{ ...one, name: '/etc/passwd' }]],
  ['ZIP_NAME_UNSAFE', 'up', [{ ...one, name: '../a' }]],
  ['ZIP_NAME_UNSAFE', 'up inside', [{ ...one, name: 'a/../../b' }]],
  ['ZIP_NAME_UNSAFE', 'up at the end', [{ ...one, name: 'a/..' }]],
  ['ZIP_NAME_UNSAFE', 'here', [{ ...one, name: './a' }]],
  ['ZIP_NAME_UNSAFE', 'an empty part', [{ ...one, name: 'a//b' }]],
  ['ZIP_NAME_UNSAFE', 'backslash', [{ ...one, name: '..\\a' }]],
  ['ZIP_NAME_UNSAFE', 'drive', [{ ...one, name: 'C:/a' }]],
  ['ZIP_NAME_UNSAFE', 'NUL', [{ ...one, name: 'a\0.py' }]],
  ['ZIP_NAME_UNSAFE', 'line feed', [{ ...one, name: 'a\n.py' }]],
  ['ZIP_NAME_UNSAFE', 'empty', [{ ...one, name: '' }]],
  ['ZIP_NAME_UNSAFE', 'root', [{ name: '/', data: '' }]],
  ['ZIP_NAME_UNSAFE', 'too long for a file system', [{ ...one, name: `a/${'é'.repeat(128)}` }]],
  ['ZIP_NAME_ENCODING', 'not UTF-8', [{ ...one, name: Buffer.from([0x61, 0xff]), flags: 0x0800 }]],
  ['ZIP_NAME_ENCODING', 'overlong UTF-8', [{ ...one, name: Buffer.from([0xc0, 0xaf]), flags: 0x0800 }]],
  ['ZIP_NAME_ENCODING', 'second name', [{ ...one, centralExtra: secondName('b.py') }]],
  ['ZIP_SYMLINK', 'symlink', [{ ...one, mode: 0o120777 }]],
  ['ZIP_SPECIAL_FILE', 'device', [{ ...one, mode: 0o020666 }]],
  ['ZIP_SPECIAL_FILE', 'folder without a slash', [{ ...one, mode: 0o040755 }]],
  ['ZIP_SPECIAL_FILE', 'folder with content', [{ ...one, name: 'a/' }]],
  ['ZIP_SIZE_LIE', 'beyond what deflate can', [{ ...one, central: { size: packed.length * 1032 + 1 } }]],
  ['ZIP_SIZE_LIE', 'stored, yet smaller', [{ ...one, method: 0, central: { size: 1 } }]],
  ['ZIP_HEADER_MISMATCH', 'another name', [{ ...one, local: { name: Buffer.from('b.py') } }]],
  ['ZIP_HEADER_MISMATCH', 'a longer name', [{ ...one, local: { name: Buffer.from('b.pyc') } }]],
  ['ZIP_HEADER_MISMATCH', 'another method', [{ ...one, local: { method: 0 } }]],
  ['ZIP_HEADER_MISMATCH', 'other flags', [{ ...one, local: { flags: 0x0801 } }]],
  ['ZIP_HEADER_MISMATCH', 'another checksum', [{ ...one, local: { crc: 7 } }]],
  ['ZIP_HEADER_MISMATCH', 'another size', [{ ...one, local: { size: 7 } }]],
  ['ZIP_HIDDEN_DATA', 'bytes between members', [{ ...one, behind: Buffer.from('hidden') }, { name: 'b' }]],
  ['ZIP_HIDDEN_DATA', 'bytes before the directory', [{ ...one, behind: Buffer.from('hidden') }]],
  ['ZIP_DESCRIPTOR_INVALID', 'no descriptor', [{ ...one, descriptor: Buffer.alloc(0) }]],
  ['ZIP_DESCRIPTOR_INVALID', 'wrong descriptor', [{ ...one, descriptor: Buffer.alloc(16) }]],
  ['ZIP_DESCRIPTOR_INVALID', 'long descriptor', [{ ...one, descriptor: Buffer.alloc(40) }]],
  ['ZIP_PREFIX_DATA', 'junk in front', [one], { prefix: Buffer.from('#!/bin/sh\n') }],
  ['ZIP_PREFIX_DATA', 'junk before the end record', [one], { beforeEnd: Buffer.from('junk') }],
  ['ZIP_PREFIX_DATA', 'a first member behind junk', [{ ...one, behind: Buffer.alloc(0), central: { offset: 1 } }]],
  ['ZIP_SUFFIX_DATA', 'junk behind', [one], { behind: Buffer.from('junk') }],
  ['ZIP_AMBIGUOUS', 'an end record in the comment', [one], { comment: endOfOther }],
  [
    'ZIP_AMBIGUOUS',
    'an end record inside the comment',
    [one],
    { comment: Buffer.concat([endOfOther, Buffer.from('x')]) },
  ],
  ['ZIP_AMBIGUOUS', 'zip64 says other than the end record', [one], { zip64: true, end: { entries: 2 } }],
  ['ZIP_ZIP64_INVALID', 'zip64 record elsewhere', [one], { zip64: true, zip64End: { recordOffset: 3 } }],
  ['ZIP_ZIP64_INVALID', 'zip64 record out of range', [one], { zip64: true, zip64End: { recordOffset: 2 ** 53 - 1 } }],
  [
    'ZIP_ZIP64_INVALID',
    'a size that is nowhere',
    [{ ...one, central: { size: 0xffffffff }, centralExtra: zip64Extra() }],
  ],
  ['ZIP_DIRECTORY_INVALID', 'fewer members than announced', [one], { end: { entries: 2 } }],
  ['ZIP_DIRECTORY_INVALID', 'more members than announced', [one, { name: 'b' }], { end: { entries: 1 } }],
  [
    'ZIP_DIRECTORY_INVALID',
    'two zip64 fields',
    [{ ...one, centralExtra: Buffer.concat([zip64Extra(1), zip64Extra(1)]) }],
  ],
  ['ZIP_DIRECTORY_INVALID', 'broken extra field', [{ ...one, centralExtra: Buffer.from([1, 0, 9, 0]) }]],
  ['ZIP_TRUNCATED', 'directory larger than the file', [one], { end: { size: 5000 } }],
  [
    'ZIP_TOO_LARGE',
    'more than a terabyte',
    [{ ...one, central: { size: 0xffffffff, packedSize: 0xffffffff }, centralExtra: zip64Extra(2 ** 40, 2 ** 40) }],
  ],
  ['ZIP_CRC_MISMATCH', 'wrong checksum', [{ ...one, local: { crc: 7 }, central: { crc: 7 } }]],
  ['ZIP_SIZE_MISMATCH', 'more data than announced', [{ ...one, local: { size: 3 }, central: { size: 3 } }]],
  ['ZIP_SIZE_MISMATCH', 'less data than announced', [{ ...one, local: { size: 300 }, central: { size: 300 } }]],
  ['ZIP_DATA_INVALID', 'no deflate stream', [{ ...one, packed: Buffer.from([7, 7, 7, 7]) }]],
  ['ZIP_DATA_INVALID', 'cut deflate stream', [{ ...one, packed: packed.subarray(0, -3) }]],
  ['ZIP_DATA_INVALID', 'empty deflate stream', [{ name: 'a', packed: Buffer.alloc(0) }]],
  ['ZIP_TRAILING_DATA', 'something behind the stream', [{ ...one, packed: Buffer.concat([packed, Buffer.from('x')]) }]],
  ['ZIP_TRAILING_DATA', 'a second stream', [{ ...one, packed: Buffer.concat([packed, packed]) }]],
  [
    'ZIP_TRAILING_DATA',
    'megabytes behind the stream',
    [{ ...one, packed: Buffer.concat([packed, Buffer.alloc(2_000_000)]) }],
  ],
];

function secondName(name: string): Buffer {
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + name.length, 2);
  field.writeUInt8(1, 4);
  field.writeUInt32LE(crc32('a.py'), 5);
  return Buffer.concat([field, Buffer.from(name)]);
}

describe('a hostile archive is refused', () => {
  const cases = hostile.map(([code, what, members, archive]) => ({ code, what, bytes: makeZip(members, archive) }));
  test.each(cases)('$code: $what', async ({ code, bytes }) => {
    expect(await refusal(bytes)).toBe(code);
  });

  test('a place without a header', async () => {
    const bytes = makeZip([one]);
    bytes[3] = 5;
    expect(await refusal(bytes)).toBe('ZIP_HEADER_MISMATCH');
  });

  test('what is no archive', async () => {
    expect(await refusal(Buffer.from('<html>not found</html>'))).toBe('ZIP_INVALID');
    expect(await refusal(Buffer.alloc(0))).toBe('ZIP_TRUNCATED');
    await expect(readZip(join(folder, 'absent.zip'))).rejects.toMatchObject({ code: 'ZIP_UNREADABLE' });
  });

  test('too many members, too much content', async () => {
    const file = await put(makeZip([one, { name: 'b' }]));
    await expect(readZip(file, { limits: { entries: 1 } })).rejects.toMatchObject({ code: 'ZIP_TOO_MANY_ENTRIES' });
    await expect(readZip(file, { limits: { unpacked: 27 } })).rejects.toMatchObject({ code: 'ZIP_TOO_LARGE' });
  });

  test('every cut of an archive', async () => {
    const whole = makeZip([one, { name: 'b', data: '2', method: 0 }], { comment: Buffer.from('end') });
    for (let length = 0; length < whole.length; length += 1) {
      expect(await refusal(whole.subarray(0, length))).toMatch(/^ZIP_(TRUNCATED|INVALID)$/);
    }
  });

  test('a changed byte never changes what is read, and never breaks the reader', async () => {
    const members: MadeMember[] = [one, { name: 'b/c.txt', data: 'x'.repeat(50), descriptor: 'signed' }];
    const whole = makeZip(members, { zip64: true });
    const honest = await contents(await put(whole));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        const file = await put(bytes);
        try {
          // Where a changed byte is let pass (a time, an attribute, both copies of a name), the content must still be right.
          expect(Object.values(await contents(file))).toEqual(Object.values(honest));
        } catch (error) {
          if (!isTareError(error)) throw error;
          expect(error.code).toMatch(/^ZIP_/);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('random bytes behind a beginning of an archive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await refusal(Buffer.concat([Buffer.from('PK\x03\x04'), bytes, endOfOther]))).toMatch(/^ZIP_/);
      }),
      { numRuns: 100 },
    );
  });
});

test('names in messages cannot steer a terminal', async () => {
  const file = await put(makeZip([{ ...one, name: '\x1b[31m' }]));
  const error: unknown = await readZip(file).catch((thrown: unknown) => thrown);
  expect(isTareError(error) && error.message.includes('\x1b')).toBe(false);
  expect(isTareError(error) && error.message).toContain('\\u{1b}');
});
