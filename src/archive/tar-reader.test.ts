import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTareError } from '../base/errors.ts';
import type { LayerEntry } from './layer-entry.ts';
import { renderTarHeader, tarBlock, tarPadding } from './tar-header.ts';
import { readTar, type TarLimits } from './tar-reader.ts';

const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };

function archive(...members: readonly [LayerEntry, string?][]): Buffer {
  const parts = members.map(([entry, text = '']) => {
    const body = Buffer.from(text);
    return Buffer.concat([renderTarHeader(entry, body.length), body, Buffer.alloc(tarPadding(body.length))]);
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * tarBlock)]);
}

/** A header as this project would not write it: `change` is applied before the checksum is made anew. */
function forged(change: (block: Buffer) => unknown, path = 'forged'): Buffer {
  const block = Buffer.from(renderTarHeader({ path, type: 'file', ...attributes }, 0));
  change(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, bounds?: TarLimits, size?: number) {
  const found: {
    path: string;
    type: string;
    text: string;
    linkTarget: string | undefined;
    mtime: number;
    uid: number;
  }[] = [];
  for await (const { body, path, type, linkTarget, mtime, uid } of readTar(inPieces(bytes, size), 'test.tar', bounds)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    found.push({ path, type, linkTarget, mtime, uid, text: Buffer.concat(chunks).toString() });
  }
  return found;
}

async function failureOf(bytes: Uint8Array, bounds?: TarLimits): Promise<string> {
  try {
    await readAll(bytes, bounds);
  } catch (error) {
    if (isTareError(error)) return error.code;
    throw error;
  }
  return 'none';
}

const long = `${'深い/'.repeat(60)}ファイル.txt`;

describe('readTar', () => {
  test('gives what the headers say and the bytes behind them', async () => {
    const bytes = archive(
      [{ path: 'usr', type: 'directory', ...attributes }],
      [{ path: 'usr/a', type: 'file', ...attributes, mtime: -5, uid: 3_000_000 }, 'x'.repeat(5000)],
      [{ path: 'usr/b', type: 'symlink', linkTarget: '../a/./b', ...attributes }],
      [{ path: long, type: 'hardlink', linkTarget: 'usr/a', ...attributes }],
      [{ path: 'empty', type: 'file', ...attributes }],
    );
    expect(await readAll(bytes)).toEqual([
      { path: 'usr', type: 'directory', text: '', linkTarget: undefined, mtime: 0, uid: 0 },
      { path: 'usr/a', type: 'file', text: 'x'.repeat(5000), linkTarget: undefined, mtime: -5, uid: 3_000_000 },
      { path: 'usr/b', type: 'symlink', text: '', linkTarget: '../a/./b', mtime: 0, uid: 0 },
      { path: long, type: 'hardlink', text: '', linkTarget: 'usr/a', mtime: 0, uid: 0 },
      { path: 'empty', type: 'file', text: '', linkTarget: undefined, mtime: 0, uid: 0 },
    ]);
  });

  test('skips bodies that are not read, or not read to their end', async () => {
    const big = 'y'.repeat(300_000);
    const file = (path: string): [LayerEntry, string] => [{ path, type: 'file', ...attributes }, big];
    const paths: string[] = [];
    for await (const { path, body } of readTar(inPieces(archive(file('a'), file('b'), file('c')), 9000), 'test.tar')) {
      paths.push(path);
      if (path === 'b') for await (const _chunk of body) break;
    }
    expect(paths).toEqual(['a', 'b', 'c']);
  });

  test('removes `./` and leaves out the root', async () => {
    const named = (name: string, flag: string): Buffer =>
      forged((block) => {
        block.fill(0, 0, 100).write(name);
        block.write(flag, 156);
      });
    const bytes = Buffer.concat([
      named('./', '5'),
      named('./usr/', '5'),
      named('././usr//lib/.', '5'),
      named('./a', '0'),
    ]);
    expect((await readAll(bytes)).map(({ path }) => path)).toEqual(['usr', 'usr/lib', 'a']);
  });

  test('stops reading its source when the loop is left', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield archive([{ path: 'a', type: 'file', ...attributes }, 'z'.repeat(100_000)]);
      } finally {
        closed = true;
      }
    }
    for await (const _entry of readTar(source(), 'test.tar')) break;
    expect(closed).toBe(true);
  });

  test('passes on the failure of its source', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield archive([{ path: 'a', type: 'file', ...attributes }, 'z'.repeat(100_000)]).subarray(0, 5000);
      throw new Error('the network is gone');
    }
    const reading = async (): Promise<void> => {
      for await (const { body } of readTar(source(), 'test.tar')) for await (const _chunk of body);
    };
    await expect(reading()).rejects.toThrow('the network is gone');
  });

  test.each<[string, Buffer, string, TarLimits?]>([
    ['a parent part', forged((block) => block.write('a/../../b\0')), 'TAR_PATH_INVALID'],
    ['an absolute path', forged((block) => block.write('/etc/passwd\0')), 'TAR_PATH_INVALID'],
    [
      'an absolute path by extended header',
      archive([{ path: `/${long}`, type: 'file', ...attributes }]),
      'TAR_PATH_INVALID',
    ],
    [
      'a hard link out of the root',
      archive([{ path: 'a', type: 'hardlink', linkTarget: '../../etc/shadow', ...attributes }]),
      'TAR_PATH_INVALID',
    ],
    ['a symbolic link without a target', forged((block) => block.write('2', 156)), 'TAR_PATH_INVALID'],
    ['a character device', forged((block) => block.write('3', 156)), 'TAR_TYPE_UNSUPPORTED'],
    ['a block device', forged((block) => block.write('4', 156)), 'TAR_TYPE_UNSUPPORTED'],
    ['a pipe', forged((block) => block.write('6', 156)), 'TAR_TYPE_UNSUPPORTED'],
    ['an old sparse file', forged((block) => block.write('S', 156)), 'TAR_TYPE_UNSUPPORTED'],
    ['a directory with content', forged((block) => block.write('00000001000', 124), 'd/'), 'TAR_INVALID'],
    [
      'a flagged directory with content',
      forged((block) => block.write('00000001000', 124) + block.write('5', 156)),
      'TAR_INVALID',
    ],
    ['a wrong checksum', archive([{ path: 'a', type: 'file', ...attributes }]).fill(0x31, 1, 2), 'TAR_INVALID'],
    ['no tar', Buffer.alloc(2048, 0x41), 'TAR_INVALID'],
    ['a header cut short', archive([{ path: 'a', type: 'file', ...attributes }]).subarray(0, 300), 'TAR_TRUNCATED'],
    [
      'a body cut short',
      archive([{ path: 'a', type: 'file', ...attributes }, 'abc']).subarray(0, 600),
      'TAR_TRUNCATED',
    ],
    ['too many entries', Buffer.concat([forged(() => {}), forged(() => {})]), 'TAR_TOO_LARGE', { entries: 1 }],
    ['a size beyond the limit', forged((block) => block.write('77777777777', 124)), 'TAR_TOO_LARGE', { unpacked: 1e6 }],
    [
      'endless extended headers',
      Buffer.concat(Array.from({ length: 50 }, () => archive([{ path: long, type: 'file', ...attributes }]))),
      'TAR_TOO_LARGE',
      { unpacked: 50_000 },
    ],
  ])('refuses %s', async (_what, bytes, code, bounds) => {
    expect(await failureOf(bytes, bounds)).toBe(code);
  });

  test('passes over devices and pipes where it is told to', async () => {
    const special = ['3', '4', '6'].map((flag) => forged((block) => block.write(flag, 156), `dev/${flag}`));
    const whole = archive([{ path: 'a', type: 'file', ...attributes }, 'abc']);
    const source = (async function* () {
      yield Buffer.concat([...special, whole]);
    })();
    const paths = [];
    for await (const { path } of readTar(source, 'test.tar', { withoutDevices: true })) paths.push(path);
    expect(paths).toEqual(['a']);
  });

  test('damaged archives never hang and never throw anything but a TareError', async () => {
    const whole = archive(
      [{ path: long, type: 'file', ...attributes, mtime: -1 }, 'content'],
      [{ path: 'b', type: 'directory', ...attributes }],
    );
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), fc.boolean(), async (changes, end, mend) => {
        const bytes = Buffer.from(whole.subarray(0, end));
        for (const [at, value] of changes) if (at < end) bytes[at] = value;
        if (mend && end >= 512) forged((block) => bytes.copy(block, 0, 0, 512)).copy(bytes);
        await failureOf(bytes);
      }),
      { numRuns: 300 },
    );
  });
});
