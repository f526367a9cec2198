import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TareError } from '../base/errors.ts';
import { decodeXz } from './xz.ts';

// Made by xz 5.4.1 (`xz --check=…`, `--x86 --lzma2`, `--block-size=1024`) of 60 lines of text.
const packed = {
  crc64:
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AexAJJdADYaSh8IoCYDTQad7+2MoT/IOM9thS+Y9mRqlCRUtV79ClFvnuseC53y0KuBXpqiuPKq1S2R77xVeMW/huigRyyA50p2nGTn+GoRnhGstXKvyqQP1dtWQjQvV1flVJrcY0ZEdpitOCS7YDq4qqQsqCJiXX5agonULBe7dLq/WtDPlogp4qLsldTdvXrNu6urvecAAAAAnzcwGqMy/McAAa4Bsg8AAN9MBGGxxGf7AgAAAAAEWVo=',
  crc32:
    '/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AexAJJdADYaSh8IoCYDTQad7+2MoT/IOM9thS+Y9mRqlCRUtV79ClFvnuseC53y0KuBXpqiuPKq1S2R77xVeMW/huigRyyA50p2nGTn+GoRnhGstXKvyqQP1dtWQjQvV1flVJrcY0ZEdpitOCS7YDq4qqQsqCJiXX5agonULBe7dLq/WtDPlogp4qLsldTdvXrNu6urvecAAAAAKKZT0AABqgGyDwAAyQ6V+j4wDYsCAAAAAAFZWg==',
  none: '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4AexAJJdADYaSh8IoCYDTQad7+2MoT/IOM9thS+Y9mRqlCRUtV79ClFvnuseC53y0KuBXpqiuPKq1S2R77xVeMW/huigRyyA50p2nGTn+GoRnhGstXKvyqQP1dtWQjQvV1flVJrcY0ZEdpitOCS7YDq4qqQsqCJiXX5agonULBe7dLq/WtDPlogp4qLsldTdvXrNu6urvecAAAAAAAGmAbIPAACyzleNqAAK/AIAAAAAAFla',
  sha256:
    '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AexAJJdADYaSh8IoCYDTQad7+2MoT/IOM9thS+Y9mRqlCRUtV79ClFvnuseC53y0KuBXpqiuPKq1S2R77xVeMW/huigRyyA50p2nGTn+GoRnhGstXKvyqQP1dtWQjQvV1flVJrcY0ZEdpitOCS7YDq4qqQsqCJiXX5agonULBe7dLq/WtDPlogp4qLsldTdvXrNu6urvecAAAAAHYdmYtUvVPg4NcovxXSLFhANPrxhkIxmo+TR/zjCXCEAAcYBsg8AAOjBo4W26d8cAgAAAAAKWVo=',
  x86: '/Td6WFoAAATm1rRGAgEEACEBFgANhjUf4AexAJJdADYaSh8IoCYDTQad7+2MoT/IOM9thS+Y9mRqlCRUtV79ClFvnuseC53y0KuBXpqiuPKq1S2R77xVeMW/huigRyyA50p2nGTn+GoRnhGstXKvyqQP1dtWQjQvV1flVJrcY0ZEdpitOCS7YDq4qqQsqCJiXX5agonULBe7dLq/WtDPlogp4qLsldTdvXrNu6urvecAAAAAnzcwGqMy/McAAa4Bsg8AAN9MBGGxxGf7AgAAAAAEWVo=',
  delta:
    '/Td6WFoAAATm1rRGAgEDAQAhARZ5IMTu4AexAM1dADY/PK96aAcrLYNsoPiqNdhwHrdsAsTsY2c+LG0wG3vEEAQQl5sQqB3Qljun7G9Lh5u8dV4EHX4PruaDs5Wt9MlnVj2/QNAmB0WFtQidxQTcu2Qo6mQVEZci3l0SY5AEh43pp5omsNkFXJ6zCDUxDByAwAR5LoyOLqSTod5D8/ie2Lx6fKMD2y7O0xEq3WpCKlFewGvfu7NDMk/tb7YoGEggiCkt8IuJuvB3wihhL9UBvQCyPBkny+XzOyPAq1u5KwW8+u7Pqap4Xh59XAAAAAAAnzcwGqMy/McAAekBsg8AAAt2WXOxxGf7AgAAAAAEWVo=',
  blocks:
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AP/AGldADYaSh8IoCYDTQad7+2MoT/IOM9thS+Y9mRqlCRUtV79ClFvnuseC53y0KuBXpqiuPKq1S2R77xVeMW/huigRyyA50p2nGTn+GoRnhGstXKvyqQP1dtWQjQvV1flVJrcY0ZEdpis9uFoAAAAAAAI3+rwlJbcOwIAIQEWAAAAdC/lo+ADsQBiXQAwiAqGlIgWNaLxtVp3JhdaBncYUSg920FtFSSlGpI/tfBlakSmUSe1RyQqMiZcHr6CZar8oxFa3MiBJRSzeE1Xj9/ljH4ZBo2+P2mZwCg3GiQxNptu14mZfrkFe6wZAJtdAAAAABOzrjj8TUJgAAKFAYAIfrIHAAAAaW3CkhQXOzADAAAAAARZWg==',
  empty: '/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=',
} as const;

const text = Array.from({ length: 60 }, (_, i) => `line ${i} of a text that is packed\n`).join('');
const bytesOf = (name: keyof typeof packed): Buffer => Buffer.from(packed[name], 'base64');

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(bytes: Uint8Array, size = 50, limit = 1e6): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decodeXz(inPieces(bytes, size), 'here', limit)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

describe('xz', () => {
  test.each(['crc64', 'crc32', 'none', 'blocks'] as const)('%s, whatever the pieces it comes in', async (name) => {
    for (const size of [1, 13, 10_000]) expect(await decode(bytesOf(name), size)).toBe(text);
  });

  test('an empty stream', async () => {
    expect(await decode(bytesOf('empty'))).toBe('');
  });

  test.each([
    ['sha256', 'SHA-256'],
    ['x86', 'BCJ x86'],
    ['delta', 'Delta'],
  ] as const)('%s is refused by name', async (name, what) => {
    await expect(decode(bytesOf(name))).rejects.toMatchObject({
      code: 'XZ_UNSUPPORTED',
      message: expect.stringContaining(what),
    });
  });

  test('cut anywhere', async () => {
    const bytes = bytesOf('blocks');
    for (let length = 0; length < bytes.length; length++) {
      await expect(decode(bytes.subarray(0, length)), String(length)).rejects.toMatchObject({ code: 'XZ_INVALID' });
    }
  });

  test('one bit turned in the data or its check', async () => {
    for (const at of [40, 100, 180]) {
      const bytes = bytesOf('crc64');
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      await expect(decode(bytes), String(at)).rejects.toMatchObject({ code: 'XZ_INVALID' });
    }
  });

  test('something behind the end', async () => {
    for (const more of ['x', '\0\0\0\0', 'a longer text than a footer is'])
      await expect(decode(Buffer.concat([bytesOf('crc64'), Buffer.from(more)]))).rejects.toMatchObject({
        code: 'XZ_INVALID',
      });
    const twice = Buffer.concat([bytesOf('crc64'), bytesOf('crc64')]);
    await expect(decode(twice)).rejects.toMatchObject({ code: 'XZ_INVALID' });
  });

  test('more than the limit', async () => {
    await expect(decode(bytesOf('crc64'), 50, text.length - 1)).rejects.toMatchObject({ code: 'XZ_TOO_LARGE' });
    expect(await decode(bytesOf('crc64'), 50, text.length)).toBe(text);
  });

  test('a reader that stops, and a source that fails, hold up nobody else', async () => {
    for await (const chunk of decodeXz(inPieces(bytesOf('blocks'), 40), 'here', 1e6)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytesOf('crc64').subarray(0, 60);
      throw new TareError({ code: 'HTTP_FAILED', message: 'cut' });
    }
    const failed = (async () => {
      for await (const chunk of decodeXz(failing(), 'here', 1e6)) expect(chunk.length).toBeGreaterThan(0);
    })();
    await expect(failed).rejects.toMatchObject({ code: 'HTTP_FAILED' });
    expect(await Promise.all([decode(bytesOf('crc64')), decode(bytesOf('crc32'))])).toEqual([text, text]);
  });

  test('random bytes in a stream never hang and never throw anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(190), fc.uint8Array({ minLength: 1, maxLength: 20 }), async (at, noise) => {
        const bytes = bytesOf('crc64');
        bytes.set(noise.subarray(0, bytes.length - at), at);
        await decode(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(TareError));
      }),
      { numRuns: 200 },
    );
  });
});
