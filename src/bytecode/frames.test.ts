import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Frame, readFrames } from './frames.ts';

async function all(pieces: readonly Uint8Array[]): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(pieces)) frames.push({ status: frame.status, data: Buffer.from(frame.data) });
  return frames;
}

function bytesOf({ status, data }: Frame): Buffer {
  const head = Buffer.from([status, 0, 0, 0, 0]);
  head.writeUInt32BE(data.length, 1);
  return Buffer.concat([head, data]);
}

const frame = fc.record({
  status: fc.nat(255),
  data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

test('frames come out whole, however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(30)), async (frames, cuts) => {
      const stream = Buffer.concat(frames.map(bytesOf));
      const pieces: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        pieces.push(stream.subarray(at, at + cut));
        at += cut;
      }
      pieces.push(stream.subarray(at));
      expect(await all(pieces)).toEqual(frames);
    }),
  );
});

test('what is cut off at the end is no frame', async () => {
  const whole = bytesOf({ status: 0, data: Buffer.from('bytecode') });
  for (let length = 0; length < whole.length; length++) expect(await all([whole.subarray(0, length)])).toEqual([]);
  expect(await all([Buffer.concat([whole, whole.subarray(0, 7)])])).toHaveLength(1);
});
