import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { type LayerEntry, layerFormat } from '../../src/archive/layer-entry.ts';
import { orderForGathering, writeLayer } from '../../src/archive/layer-writer.ts';
import { sha256 } from '../../src/base/digest.ts';

/** For each `layerFormat`, what the entries below must give: on every machine, with every Node. */
const golden: Readonly<Record<number, unknown>> = {
  1: {
    diffId: 'sha256:632688303d4c088bf1352ec7b2c0e8c4ef7ff2cfd18e20e3174b45001b2ef314',
    digest: 'sha256:690aee9c62565e220a73342b2e685cdf9eba87cfb087926c93d0157ef7044258',
    size: 691449,
    unpackedSize: 1970176,
  },
};

/** Made once by some zlib. It is here as bytes because no two zlibs promise to make the same. */
const stream = Buffer.from(
  '7cnBCcAgEACwVW4AN+g0ggf9tIJKu37BDfrPL5B1Zsx6Zbx9tFmiPzmi3m3jiKW11lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lprrbXWWmuttdZaa6211lrr//0B',
  'base64',
);

const folder = mkdtempSync(join(tmpdir(), 'tare-golden-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Text without order or repetition by chance, by integers only. */
function words(count: number): Buffer {
  const list = ['def ', 'return ', 'self.', 'value', ' = ', '(', ')', ':\n', '    ', 'None', 'import ', '0x', 'é', '\0'];
  let state = 1;
  const text = Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return list[state % list.length];
  });
  return Buffer.from(text.join(''));
}

function scatter(length: number): Buffer {
  let state = 7;
  return Buffer.from(Array.from({ length }, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24));
}

function entries(): LayerEntry[] {
  const archive = join(folder, 'golden.whl');
  writeFileSync(archive, Buffer.concat([Buffer.alloc(64), stream, Buffer.alloc(64)]));
  const raw = inflateRawSync(stream);
  const disk = join(folder, 'disk');
  writeFileSync(disk, scatter(400_000));
  const plain = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000 } as const;
  const zip = { kind: 'zip', file: archive, offset: 64, compressedSize: stream.length, size: raw.length } as const;
  const bytes = (path: string, content: Buffer): LayerEntry => {
    return { ...plain, path, type: 'file', content: { kind: 'bytes', bytes: content } };
  };
  return orderForGathering([
    { ...plain, path: 'opt', type: 'directory', mode: 0o755 },
    { ...plain, path: 'opt/données', type: 'directory', mode: 0o1777, uid: 65_532, gid: 65_532 },
    bytes('opt/empty', Buffer.alloc(0)),
    bytes('opt/zeros', Buffer.alloc(100_000)),
    bytes('opt/words', words(5000)),
    bytes('opt/many-words', words(400_000)),
    bytes(`opt/${'long/'.repeat(60)}name`, Buffer.from('x')),
    { ...plain, path: 'opt/disk', type: 'file', content: { kind: 'disk', file: disk, size: 400_000 } },
    {
      ...plain,
      path: 'opt/copied',
      type: 'file',
      content: { ...zip, crc32: crc32(raw), method: 'deflate', sha256: sha256(raw) },
    },
    { ...plain, path: 'opt/link', type: 'symlink', linkTarget: 'copied', mode: 0o777 },
    { ...plain, path: 'opt/hard', type: 'hardlink', linkTarget: 'opt/words', mtime: -1 },
  ]);
}

test('the bytes of a layer are those of its layerFormat', async () => {
  const written = await writeLayer(entries(), join(folder, 'layer'));
  const advice = 'the bytes of layers have changed: raise layerFormat in src/archive/layer-entry.ts, and add what it gives here';
  expect(written, advice).toEqual(golden[layerFormat]);
});
