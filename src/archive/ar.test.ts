import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeAr } from '../../test/support/deb-maker.ts';
import { TareError } from '../base/errors.ts';
import { readAr } from './ar.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function list(bytes: Uint8Array, size = 7): Promise<[string, string][]> {
  const members: [string, string][] = [];
  for await (const member of readAr(inPieces(bytes, size), 'here')) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of member.bytes) chunks.push(chunk);
    members.push([member.name, Buffer.concat(chunks).toString()]);
  }
  return members;
}

const archive = makeAr([
  { name: 'odd', bytes: Buffer.from('123') },
  { name: 'even/', bytes: Buffer.from('1234') },
  { name: 'empty', bytes: Buffer.alloc(0) },
]);

describe('ar', () => {
  test('members of odd and even size, whatever the pieces', async () => {
    for (const size of [1, 61, 1000]) {
      expect(await list(archive, size)).toEqual([
        ['odd', '123'],
        ['even', '1234'],
        ['empty', ''],
      ]);
    }
  });

  test('members that nobody reads are passed over', async () => {
    const names: string[] = [];
    for await (const member of readAr(inPieces(archive, 5), 'here')) names.push(member.name);
    expect(names).toEqual(['odd', 'even', 'empty']);
  });

  const header = (size: string, end = '`\n') => Buffer.from(`!<arch>\n${'x'.padEnd(48)}${size.padEnd(10)}${end}`);
  test.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['another file', Buffer.from('PK\x03\x04 and so on')],
    ['half a header', archive.subarray(0, 30)],
    ['a member cut short', archive.subarray(0, 69)],
    ['a size that is no number', header('abc')],
    ['a negative size', header('-1')],
    ['a size larger than the file', header('9999999999')],
    ['no end mark', header('0', 'xx')],
  ])('%s is refused', async (_name, bytes) => {
    await expect(list(bytes)).rejects.toMatchObject({ code: 'AR_INVALID', where: 'here' });
  });

  test('random bytes never hang and never throw anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length), fc.uint8Array({ maxLength: 80 }), async (at, noise) => {
        await list(Buffer.concat([archive.subarray(0, at), noise])).catch((error: unknown) =>
          expect(error).toBeInstanceOf(TareError),
        );
      }),
    );
  });
});
