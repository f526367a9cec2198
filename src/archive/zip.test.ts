import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import yauzl from 'yauzl';
import { type MadeArchive, type MadeMember, makeZip, zip64Extra } from '../../test/support/zip-maker.ts';
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

async function contentsByYauzl(file: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const archive = await yauzl.openPromise(file);
  try {
    for await (const entry of archive.eachEntry()) {
      const chunks: Buffer[] = [];
      if (!entry.fileName.endsWith('/')) {
        for await (const chunk of await archive.openReadStreamPromise(entry)) chunks.push(Buffer.from(chunk));
      }
      found[entry.fileName] = Buffer.concat(chunks).toString('latin1');
    }
  } finally {
    archive.close();
  }
  return found;
}

describe('readZip', () => {
  test('gives names, times, modes and content', async () => {
    const file = await put(
      makeZip([
        { name: 'pkg/', data: '', method: 0, mode: 0o040755 },
        { name: 'pkg/a.py', data: 'print(1)\n'.repeat(100), mode: 0o100755 },
        { name: 'pkg/b.bin', data: Buffer.from([0, 1, 255]), method: 0 },
        { name: 'pkg/überfluß.txt', data: 'u' },
        { name: Buffer.from([0x70, 0x6b, 0x67, 0x2f, 0x81]), data: 'cp437', flags: 0 },
        { name: 'pkg/empty', data: '' },
        { name: 'old', data: 'x', dos: [0, 0] },
        { name: 'new', data: 'x', dos: [(44 << 9) | (2 << 5) | 29, (23 << 11) | (59 << 5) | 29] },
      ]),
    );
    const { entries } = await readZip(file);
    expect(entries.map((entry) => entry.name)).toEqual([
      'pkg/',
      'pkg/a.py',
      'pkg/b.bin',
      'pkg/überfluß.txt',
      'pkg/ü',
      'pkg/empty',
      'old',
      'new',
    ]);
    expect(entries.map((entry) => entry.isDirectory)).toEqual([true, false, false, false, false, false, false, false]);
    expect(entries[1]?.externalMode).toBe(0o100755);
    expect(entries[6]?.modified).toBe(315_532_800);
    expect(entries[7]?.modified).toBe(Date.UTC(2024, 1, 29, 23, 59, 58) / 1000);
    expect(await contents(file)).toMatchObject({ 'pkg/b.bin': '\0\x01\xff', 'pkg/empty': '', 'pkg/ü': 'cp437' });
  });

  const readable: readonly (readonly [string, readonly MadeMember[], MadeArchive?])[] = [
    ['no member at all', []],
    ['a comment', [{ name: 'a', data: '1' }], { comment: Buffer.from('made by hand') }],
    [
      'signed descriptors',
      [
        { name: 'a', data: '1', descriptor: 'signed' },
        { name: 'b', descriptor: 'signed' },
      ],
    ],
    [
      'descriptors without a signature',
      [
        { name: 'a', data: '1', descriptor: 'plain' },
        { name: 'b', data: '2' },
      ],
    ],
    ['a wide descriptor', [{ name: 'a', data: '1', descriptor: 'wide' }]],
    ['zip64 end records', [{ name: 'a', data: '1' }], { zip64: true }],
    [
      'zip64 sizes and offsets',
      [
        { name: 'a', data: '1' },
        {
          name: 'b',
          data: 'two',
          method: 0,
          local: { size: 0xffffffff, packedSize: 0xffffffff },
          localExtra: zip64Extra(3, 3),
          central: { size: 0xffffffff, packedSize: 0xffffffff, offset: 0xffffffff },
          centralExtra: zip64Extra(3, 3, 34),
        },
      ],
    ],
    ['padding in extra fields', [{ name: 'a', data: '1', localExtra: Buffer.alloc(3), centralExtra: Buffer.alloc(2) }]],
    ['a member with every byte', [{ name: 'a', data: Buffer.from(Array.from({ length: 256 }, (_, index) => index)) }]],
  ];
  const cases = readable.map(([what, members, archive]) => ({ what, members, bytes: makeZip(members, archive) }));
  test.each(cases)('reads $what as yauzl does', async ({ members, bytes }) => {
    const file = await put(bytes);
    const found = await contents(file);
    expect(Object.keys(found)).toHaveLength(members.length);
    expect(found).toEqual(await contentsByYauzl(file));
  });

  test('reads a member of several chunks', async () => {
    const data = Buffer.alloc(3_000_000);
    for (let index = 0; index < data.length; index += 7) data[index] = (index * 31) & 0xff;
    const file = await put(makeZip([{ name: 'big', data }]));
    const { entries } = await readZip(file);
    const slice = entries[0]?.slice;
    if (slice === undefined) throw new Error('no member');
    expect(Buffer.from(await readZipMember(slice, data.length)).equals(data)).toBe(true);
    await expect(readZipMember(slice, data.length - 1)).rejects.toMatchObject({ code: 'ZIP_MEMBER_TOO_LARGE' });
  });

  test('any honest archive is read as yauzl reads it', async () => {
    const name = fc.stringMatching(/^[a-z][a-zé0-9._-]{0,8}$/);
    const member = fc.record({
      name,
      data: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      method: fc.constantFrom(0, 8),
      descriptor: fc.option(fc.constantFrom('signed' as const, 'plain' as const, 'wide' as const), { nil: undefined }),
    });
    const members = fc.uniqueArray(member, { selector: (one) => one.name, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(members, fc.boolean(), async (made, zip64) => {
        const honest = made.map(({ descriptor, ...one }) => (descriptor === undefined ? one : { ...one, descriptor }));
        const file = await put(makeZip(honest, { zip64 }));
        expect(await contents(file)).toEqual(await contentsByYauzl(file));
      }),
      { numRuns: 60 },
    );
  });
});
