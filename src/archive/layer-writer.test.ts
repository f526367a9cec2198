import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../base/digest.ts';
import { isTareError } from '../base/errors.ts';
import type { FileContent, LayerEntry, WrittenLayer, ZipSlice } from './layer-entry.ts';
import { orderForGathering, writeLayer } from './layer-writer.ts';
import { readTar } from './tar-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'tare-layer-'));
afterAll(() => rmSync(folder, { recursive: true }));
let number = 0;
let output = '';
beforeEach(() => {
  output = join(folder, `layer-${++number}`);
});

const plain = { mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const;

function file(path: string, content: FileContent): LayerEntry {
  return { path, type: 'file', content, ...plain };
}

function text(path: string, value: string): LayerEntry {
  return file(path, { kind: 'bytes', bytes: Buffer.from(value) });
}

/** Bytes that deflate makes about half as large. */
function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = (state >>> 16) & 0x0f;
  }
  return bytes;
}

/** A member of an archive on disk, with bytes of others around it. `change` makes it lie. */
function slice(raw: Uint8Array, change: Partial<ZipSlice> & { packed?: Uint8Array } = {}): ZipSlice {
  const { packed = deflateRawSync(raw), ...claims } = change;
  const archive = join(folder, `archive-${++number}.whl`);
  writeFileSync(archive, Buffer.concat([Buffer.alloc(100, 'PK'), packed, Buffer.alloc(100, 'PK')]));
  const sizes = { compressedSize: packed.length, size: raw.length, crc32: crc32(raw) };
  return { kind: 'zip', file: archive, offset: 100, method: 'deflate', sha256: sha256(raw), ...sizes, ...claims };
}

function contentOf(path: string): Map<string, Buffer> {
  const script = `
import base64, json, sys, tarfile
print(json.dumps([[m.name, base64.b64encode(t.extractfile(m).read()).decode() if m.isreg() else ''] for t in [tarfile.open(sys.argv[1])] for m in t]))`;
  const found: [string, string][] = JSON.parse(
    execFileSync('python3', ['-c', script, path], { encoding: 'utf8', maxBuffer: 1e9 }),
  );
  return new Map(found.map(([name, body]) => [name, Buffer.from(body, 'base64')]));
}

function assertTrue(layer: WrittenLayer): void {
  const packed = readFileSync(output);
  const raw = gunzipSync(packed);
  expect(layer).toEqual({ digest: sha256(packed), diffId: sha256(raw), size: packed.length, unpackedSize: raw.length });
}

async function codeOf(entries: readonly LayerEntry[]): Promise<string> {
  try {
    await writeLayer(entries, output);
  } catch (error) {
    if (isTareError(error)) return error.code;
    throw error;
  }
  return 'none';
}

describe('writeLayer', () => {
  test('holds every kind of content, as gzip, tar and Python read it', async () => {
    const onDisk = join(folder, 'on-disk');
    writeFileSync(onDisk, noise(2_200_000, 7));
    const kinds: Record<string, readonly [FileContent, Buffer]> = {};
    const sizes = [0, 1, 511, 512, 513, 70_000, 1_048_576, 2_200_000];
    for (const size of sizes) {
      const raw = noise(size, size + 1);
      kinds[`bytes-${size}`] = [{ kind: 'bytes', bytes: raw }, raw];
      kinds[`deflate-${size}`] = [slice(raw), raw];
      kinds[`stored-${size}`] = [slice(raw, { method: 'stored', packed: raw }), raw];
    }
    kinds['zeros'] = [slice(Buffer.alloc(5_000_000)), Buffer.alloc(5_000_000)];
    kinds['disk'] = [{ kind: 'disk', file: onDisk, size: 2_200_000 }, noise(2_200_000, 7)];
    const entries: LayerEntry[] = Object.entries(kinds).map(([path, [content]]) => file(path, content));
    const layer = await writeLayer(entries, output);

    assertTrue(layer);
    execFileSync('gzip', ['--test'], { input: readFileSync(output) });
    const listing = execFileSync('tar', ['-tzf', output], { encoding: 'utf8' }).split('\n').slice(0, -1);
    expect(listing).toEqual(Object.keys(kinds));
    const read = contentOf(output);
    for (const [path, [, raw]] of Object.entries(kinds))
      expect([path, read.get(path)?.equals(raw)]).toEqual([path, true]);
  });

  test('copies a large member as it is', async () => {
    const raw = noise(200_000);
    const packed = deflateRawSync(raw, { level: 1 });
    await writeLayer([file('a', slice(raw, { packed }))], output);
    expect(readFileSync(output).includes(packed)).toBe(true);
  });

  test('reports every byte it writes', async () => {
    const counts: number[] = [];
    const { size } = await writeLayer([file('a', slice(noise(5_000_000)))], output, {
      onBytes: (count) => counts.push(count),
    });
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(size);
    expect(counts.length).toBeGreaterThan(1);
  });

  test('takes entries from an asynchronous source, links and directories among them', async () => {
    async function* source(): AsyncGenerator<LayerEntry> {
      yield { path: 'bin', type: 'directory', ...plain, mode: 0o755 };
      yield text('bin/a', 'hello');
      yield { path: 'bin/b', type: 'symlink', linkTarget: 'a', ...plain };
      yield { path: 'c', type: 'hardlink', linkTarget: 'bin/a', ...plain };
    }
    assertTrue(await writeLayer(source(), output));
    async function* raw(): AsyncGenerator<Uint8Array> {
      yield gunzipSync(readFileSync(output));
    }
    const seen: string[] = [];
    for await (const { path, type, linkTarget = '' } of readTar(raw(), 'layer'))
      seen.push(`${type} ${path} ${linkTarget}`);
    expect(seen).toEqual(['directory bin ', 'file bin/a ', 'symlink bin/b a', 'hardlink c bin/a']);
  });

  test('an empty layer is a valid archive', async () => {
    assertTrue(await writeLayer([], output));
    expect(execFileSync('tar', ['-tzf', output], { encoding: 'utf8' })).toBe('');
  });

  test('leaves a file alone that is there already', async () => {
    writeFileSync(output, 'mine');
    expect(await codeOf([text('a', 'b')])).toBe('LAYER_EXISTS');
    expect(readFileSync(output, 'utf8')).toBe('mine');
  });

  test('stops at a signal and leaves nothing', async () => {
    const controller = new AbortController();
    function* source(): Generator<LayerEntry> {
      for (let index = 0; ; index++) {
        if (index === 20) controller.abort();
        yield text(`f${index}`, 'x'.repeat(1_000_000));
      }
    }
    await expect(writeLayer(source(), output, { signal: controller.signal })).rejects.toThrow('aborted');
    expect(existsSync(output)).toBe(false);
  });
});

/** Below the size from which members are copied, above it, and above that from which they are streamed. */
const lengths = [600, 50_000, 2_200_000];

describe.each(lengths)('a member of %d bytes is refused', (length) => {
  const raw = noise(length);
  const packed = deflateRawSync(raw);
  const flipped = Buffer.from(packed);
  const middle = flipped.length >> 1;
  flipped[middle] = (flipped[middle] ?? 0) ^ 0x10;

  test.each<[string, () => ZipSlice, RegExp]>([
    [
      'with a flipped bit',
      () => slice(raw, { packed: flipped }),
      /^ZIP_(CRC_MISMATCH|SIZE_MISMATCH|DATA_INVALID|TRAILING_DATA)$/,
    ],
    ['cut short', () => slice(raw, { packed, compressedSize: packed.length - 1 }), /^ZIP_DATA_INVALID$/],
    [
      'with a byte behind its stream',
      () => slice(raw, { packed, compressedSize: packed.length + 1 }),
      /^ZIP_TRAILING_DATA$/,
    ],
    [
      'with much behind its stream',
      () => slice(raw, { packed: Buffer.concat([packed, packed]) }),
      /^ZIP_TRAILING_DATA$/,
    ],
    ['with another CRC-32', () => slice(raw, { packed, crc32: 1 }), /^ZIP_CRC_MISMATCH$/],
    ['larger than stated', () => slice(raw, { packed, size: length - 1 }), /^ZIP_SIZE_MISMATCH$/],
    ['smaller than stated', () => slice(raw, { packed, size: length + 1 }), /^ZIP_SIZE_MISMATCH$/],
    ['of an impossible size', () => slice(raw, { packed, size: 1e15 }), /^ZIP_SIZE_MISMATCH$/],
    ['with another hash', () => slice(raw, { packed, sha256: sha256('other') }), /^RECORD_HASH_MISMATCH$/],
    ['beyond the end of the archive', () => slice(raw, { packed, offset: 1e9 }), /^ZIP_DATA_INVALID$/],
    [
      'that is no deflate stream',
      () => slice(raw, { packed: Buffer.alloc(packed.length, 0xff) }),
      /^ZIP_DATA_INVALID$/,
    ],
    ['stored with another CRC-32', () => slice(raw, { packed: raw, method: 'stored', crc32: 1 }), /^ZIP_CRC_MISMATCH$/],
    [
      'stored with another hash',
      () => slice(raw, { packed: raw, method: 'stored', sha256: sha256('') }),
      /^RECORD_HASH_MISMATCH$/,
    ],
    [
      'stored with two sizes',
      () => slice(raw, { packed: raw, method: 'stored', size: length - 1 }),
      /^ZIP_SIZE_MISMATCH$/,
    ],
    ['stored beyond the end', () => slice(raw, { packed: raw, method: 'stored', offset: 1e9 }), /^ZIP_DATA_INVALID$/],
  ])('%s, and no file is left', async (_what, content, code) => {
    expect(await codeOf([text('before', 'x'), file('bad', content()), text('after', 'x')])).toMatch(code);
    expect(existsSync(output)).toBe(false);
  });
});

describe('entries that no layer can hold', () => {
  test.each([
    ['an absolute path', '/etc/passwd'],
    ['a parent part', 'a/../b'],
    ['a current part', './a'],
    ['nothing', ''],
    ['an empty part', 'a//b'],
    ['a trailing slash', 'a/'],
    ['a NUL', 'a\0b'],
    ['half a character', 'a\ud800'],
    ['more than Linux takes', 'é/'.repeat(1500)],
  ])('%s', async (_what, path) => {
    expect(await codeOf([text(path, 'x')])).toBe('LAYER_PATH_INVALID');
    expect(await codeOf([{ path: 'h', type: 'hardlink', linkTarget: path, ...plain }])).toBe('LAYER_PATH_INVALID');
    expect(existsSync(output)).toBe(false);
  });

  test('two of one path', async () => {
    expect(await codeOf([text('a', 'x'), { path: 'a', type: 'directory', ...plain }])).toBe('LAYER_PATH_DUPLICATE');
  });

  test('a symbolic link to nothing', async () => {
    expect(await codeOf([{ path: 'a', type: 'symlink', ...plain }])).toBe('LAYER_PATH_INVALID');
  });

  test('a file that grew, shrank or went away meanwhile', async () => {
    const onDisk = join(folder, 'changing');
    writeFileSync(onDisk, 'x'.repeat(1000));
    expect(await codeOf([file('a', { kind: 'disk', file: onDisk, size: 999 })])).toBe('FILE_CHANGED');
    expect(await codeOf([file('a', { kind: 'disk', file: onDisk, size: 1001 })])).toBe('FILE_CHANGED');
    const other = { kind: 'disk', file: onDisk, size: 1000, sha256: sha256('y'.repeat(1000)) } as const;
    expect(await codeOf([file('a', other)])).toBe('FILE_CHANGED');
    expect(await codeOf([file('a', { ...other, sha256: sha256('x'.repeat(1000)) })])).toBe('none');
    rmSync(output);
    expect(await codeOf([file('a', { kind: 'disk', file: `${onDisk}-gone`, size: 1 })])).toBe('FILE_UNREADABLE');
  });
});

describe('any entries', () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.tuple(fc.nat(255), fc.nat(100_000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
    fc.nat(300_000).map((length) => noise(length)),
  );
  const kind = fc.constantFrom('bytes', 'deflate', 'stored');

  test('are read back as they were, and give the same bytes again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(body, kind), { maxLength: 8 }), async (members) => {
        const entries = members.map(([raw, how], index) => {
          if (how === 'bytes') return file(`f${index}`, { kind: 'bytes', bytes: raw });
          return file(`f${index}`, how === 'deflate' ? slice(raw) : slice(raw, { method: 'stored', packed: raw }));
        });
        output = join(folder, `layer-${++number}`);
        const layer = await writeLayer(entries, output);
        assertTrue(layer);
        async function* raw(): AsyncGenerator<Uint8Array> {
          yield gunzipSync(readFileSync(output));
        }
        let index = 0;
        for await (const { path, body: found } of readTar(raw(), 'layer')) {
          const chunks: Uint8Array[] = [];
          for await (const chunk of found) chunks.push(chunk);
          expect(path).toBe(`f${index}`);
          expect(Buffer.compare(Buffer.concat(chunks), members[index++]?.[0] ?? Buffer.alloc(0))).toBe(0);
        }
        expect(index).toBe(members.length);
        output = join(folder, `layer-${++number}`);
        expect(await writeLayer(entries, output)).toEqual(layer);
      }),
      { numRuns: 30 },
    );
  });
});

test('the gathering order puts parents first, small before copied, hard links last', () => {
  const large = slice(noise(500_000));
  const entries: LayerEntry[] = [
    file('a/large', large),
    { path: 'a/link', type: 'hardlink', linkTarget: 'z', ...plain },
    text('z', 'small'),
    text('b', 'small'),
    { path: 'a/b', type: 'directory', ...plain },
    { path: 'a', type: 'directory', ...plain },
    { path: 'y', type: 'symlink', linkTarget: 'z', ...plain },
  ];
  expect(orderForGathering(entries).map(({ path }) => path)).toEqual(['a', 'a/b', 'b', 'y', 'z', 'a/large', 'a/link']);
});
