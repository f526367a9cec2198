import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deflate } from './deflate.ts';

function assertSame(bytes: Uint8Array, uniform = false): number {
  const packed = deflate(bytes, uniform);
  expect(Buffer.compare(inflateRawSync(packed), bytes)).toBe(0);
  return packed.length;
}

/** Bytes whose counts grow like the Fibonacci numbers make the deepest trees. */
function steep(): Buffer {
  const parts: Buffer[] = [];
  for (let symbol = 0, a = 1, b = 1; symbol < 24; symbol++, [a, b] = [b, a + b]) {
    parts.push(Buffer.alloc(Math.min(a, 4000), symbol * 7));
  }
  const bytes = Buffer.concat(parts);
  // Stirred, so that few runs are left to match.
  return Buffer.from(bytes.map((_, at) => bytes[(at * 7919) % bytes.length] ?? 0));
}

describe('deflate', () => {
  test('every length from nothing on', () => {
    for (let length = 0; length < 300; length++) {
      assertSame(Buffer.alloc(length, 'abcdefghij'));
      assertSame(Buffer.alloc(length));
      assertSame(Buffer.from(Array.from({ length }, (_, at) => (at * 41 + length) % 256)));
    }
  });

  test('every match length and many distances', () => {
    const start = Buffer.from(Array.from({ length: 40_000 }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24));
    for (const distance of [
      1, 2, 3, 4, 5, 127, 128, 129, 255, 256, 257, 258, 384, 385, 4096, 24577, 32767, 32768, 32769, 39_000,
    ]) {
      const parts = [start];
      for (let length = 3; length < 300; length += 7) {
        const all = Buffer.concat(parts);
        parts.push(
          all.subarray(all.length - distance, all.length - distance + length),
          Buffer.from([length % 256, distance % 256]),
        );
      }
      assertSame(Buffer.concat(parts));
    }
  });

  test('code lengths at their limit', () => {
    assertSame(steep());
  });

  test('a tar header takes little more than its words', () => {
    const block = Buffer.alloc(512);
    block.write('opt/venv/lib/python3.13/site-packages/numpy/_core/include/numpy/ndarrayobject.h');
    block.write('0000644\x000000000\x000000000\x0000000030411\x0000000000000\x00013427\x00 0', 100);
    block.write('ustar\x0000', 257);
    expect(assertSame(block)).toBeLessThan(140);
  });

  test('data that does not compress stays within a thousandth', () => {
    let state = 1;
    const bytes = Buffer.from(
      Array.from({ length: 300_000 }, () => (state = Math.imul(state, 0x5bd1e995) + 0x3039) >>> 24),
    );
    expect(assertSame(bytes)).toBeLessThan(300_300);
    expect(assertSame(bytes, true)).toBeLessThan(300_300);
  });

  test('data of one kind is still compressed where it is worth it', () => {
    const bytes = Buffer.alloc(300_000, 'the quick brown fox jumps over the lazy dog; ');
    expect(assertSame(bytes, true)).toBeLessThan(5_000);
  });

  test('depends on the bytes alone, not on what was deflated before', () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * at) >>> (at % 13)));
    const first = Buffer.from(deflate(bytes));
    for (let length = 0; length < 50_000; length += 9973) deflate(bytes.subarray(length));
    expect(first.equals(deflate(bytes))).toBe(true);
  });

  test('anything', () => {
    const words = fc.array(
      fc.constantFrom('def ', 'self', '.', '\n    ', 'return ', 'import ', '0', 'é', '\0\0\0\0\0\0'),
      { maxLength: 3000 },
    );
    const inputs = fc.oneof(
      fc.uint8Array({ maxLength: 5000 }),
      words.map((list) => Buffer.from(list.join(''))),
      fc.tuple(words, fc.nat(40)).map(([list, times]) => Buffer.from(list.join('').repeat(times))),
    );
    fc.assert(
      fc.property(inputs, fc.boolean(), (bytes, uniform) => void assertSame(bytes, uniform)),
      { numRuns: 200 },
    );
  });
});
