import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TareError } from '../base/errors.ts';
import { decodeZstd } from './zstd.ts';

// Made by zstd 1.5.4 of 60 lines of text, with and without a checksum.
const packed = {
  checked:
    'KLUv/WSyBnUFAKKFERegKR0A4qZq30p3i6p2a42klBKFflDFA////79t27bdtm3bkiRJktu2bRMEAMld7iCYw6AsiHGoiqGoGqaoUEFBCJnEQQQ8ILAzSgeh4IczuOCHs7jghzO44IczXOCHM1zihzNc4IczXPCDM1zwizNc8IMzXPDDGVzww1lc8MMZcWkKfkzgbGm4KBW/JHCGNFyOip8ROBcNN6KRaaS5hmmkuYY1ornSDOOyZA+CvMo=',
  unchecked:
    'KLUv/WCyBnUFAKKFERegKR0A4qZq30p3i6p2a42klBKFflDFA////79t27bdtm3bkiRJktu2bRMEAMld7iCYw6AsiHGoiqGoGqaoUEFBCJnEQQQ8ILAzSgeh4IczuOCHs7jghzO44IczXOCHM1zihzNc4IczXPCDM1zwizNc8IMzXPDDGVzww1lc8MMZcWkKfkzgbGm4KBW/JHCGNFyOip8ROBcNN6KRaaS5hmmkuYY1ornSDOOyZA==',
} as const;

const text = Array.from({ length: 60 }, (_, i) => `line ${i} of a text that is packed\n`).join('');
const bytesOf = (name: keyof typeof packed): Buffer => Buffer.from(packed[name], 'base64');

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(bytes: Uint8Array, size = 50, limit = 1e6): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decodeZstd(inPieces(bytes, size), 'here', limit)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

describe('zstd', () => {
  test.each(['checked', 'unchecked'] as const)('%s, whatever the pieces it comes in', async (name) => {
    for (const size of [1, 13, 10_000]) expect(await decode(bytesOf(name), size)).toBe(text);
  });

  test('two frames are one stream', async () => {
    expect(await decode(Buffer.concat([bytesOf('checked'), bytesOf('unchecked')]))).toBe(text + text);
  });

  test('cut anywhere before the checksum', async () => {
    const bytes = bytesOf('unchecked');
    for (let length = 0; length < bytes.length; length++) {
      await expect(decode(bytes.subarray(0, length)), String(length)).rejects.toMatchObject({ code: 'ZSTD_INVALID' });
    }
  });

  test('something behind the end', async () => {
    await expect(
      decode(Buffer.concat([bytesOf('unchecked'), Buffer.from('something else that is longer')])),
    ).rejects.toMatchObject({
      code: 'ZSTD_INVALID',
    });
  });

  test('more than the limit', async () => {
    await expect(decode(bytesOf('checked'), 50, text.length - 1)).rejects.toMatchObject({ code: 'ZSTD_TOO_LARGE' });
  });

  test.each([
    // RFC 8878, 3.1.1.1.2: a window of 2 GiB.
    ['a window', '28b52ffd00a8010000000000000000000000000000'],
    // A single segment that says it is 16 EiB large.
    ['one segment', '28b52ffde0ffffffffffffffff010000000000000000'],
  ])('%s that would fill the memory', async (_name, hex) => {
    await expect(decode(Buffer.from(hex, 'hex'))).rejects.toMatchObject({ code: 'ZSTD_UNSUPPORTED' });
  });

  test('random bytes in a stream never hang and never throw anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(180), fc.uint8Array({ minLength: 1, maxLength: 20 }), async (at, noise) => {
        const bytes = bytesOf('checked');
        bytes.set(noise.subarray(0, bytes.length - at), at);
        await decode(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(TareError));
      }),
      { numRuns: 200 },
    );
  });
});
